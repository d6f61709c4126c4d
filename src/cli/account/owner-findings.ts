import type { Found } from "../findings/finding";
import { templateRules } from "../findings/templates";
import { PROGRAM } from "../text/command";
import { recovery } from "../text/recovery";
import type { ManagedObject } from "./managed-objects";
import type { Ownership } from "./ownership";

const KEYS = `${PROGRAM} keys {stack}` as const;
const EXISTS = "it exists[, since {since}]";

/** What `drift` and `preflight` report of objects that the settings name and the state does not have. */
export const OWNER_RULES = templateRules("attention", {
  "object-unmanaged": {
    text: `${EXISTS}, and the state does not have it`,
    risk: `the next apply fails because the name is in use (${recovery("half-made")})`,
    remedy: `[set {setting}.path: {path}, and ]import it with the steps of ${KEYS}`,
  },
  "object-of-another": {
    text: `${EXISTS}, and belongs to another deployment, because it is used by {by}`,
    risk: "an import changes the permissions of the other deployment",
    remedy: "choose another {setting}.name",
  },
  "object-owner-unknown": {
    text: `${EXISTS}, the state does not have it, and nothing in IAM shows whose it is`,
    risk: "the state was lost or is that of another workspace, or another deployment has the same name",
    remedy: `[if it is yours, set {setting}.path: {path}; ]ask who created it; ${KEYS} prints the steps for each answer; if it is of another deployment, choose another {setting}.name`,
  },
});

type Values = Pick<ManagedObject, "setting"> & Readonly<Record<"stack", string> & Record<"since" | "path", string | undefined>>;

/** The finding about an object that the state does not have; none if it does. */
export function ownerFindings({ owner, by }: Ownership, values: Values): readonly Found<typeof OWNER_RULES>[] {
  const field = `${values.setting}.name`;
  switch (owner) {
    case "ours":
      return [];
    case "another":
      return [{ rule: "object-of-another", field, values: { ...values, by } }];
    default:
      return [{ rule: owner === "unknown" ? "object-owner-unknown" : "object-unmanaged", field, values }];
  }
}

/** The day of a date as findings show it. */
export const day = (date: Date | undefined): string | undefined => date?.toISOString().slice(0, 10);
