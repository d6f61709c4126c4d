import { SLOTS } from "../../iam/key-slots";
import { MAX_POLICY_CHARACTERS } from "../../iam/limits";
import type { Deployment } from "../../settings/deployment";
import { grouped } from "../../text/grouped";
import { code, codes, counted, type Markdown, md, prose, table, trusted } from "../text/markdown";
import { fillTemplateFile } from "../text/template";
import { weakSettings } from "./page/weak-choices";
import type { Reviewed } from "./reviewed";

const COLUMNS = ["deployment", "account", "Region", "mode", "DKP version", "size left", "keys", "secret", "weaker choices"];

/** review/README.md: all deployments, those with the most weaker choices first, and how many have which weaker choice. */
export function overviewPage(reviews: readonly Reviewed[]): string {
  const stackOf = ({ deployment }: Reviewed) => deployment.stack;
  const rows = reviews
    .map((review) => ({ review, weak: weakSettings(review) }))
    .sort((one, other) => other.weak.length - one.weak.length || compare(stackOf(one.review), stackOf(other.review)));
  const counts = [
    ...grouped(
      rows.flatMap(({ weak }) => weak),
      (setting) => setting,
    ),
  ].sort(([one, all], [other, more]) => more.length - all.length || compare(one, other));
  return fillTemplateFile("src/cli/review/overview.md", {
    deployments: counted(rows.length, "deployment"),
    rows: table(
      COLUMNS,
      rows.map(({ review, weak }) => cellsOf(review, weak)),
    ),
    weakSettings:
      counts.length === 0
        ? trusted("")
        : table(
            ["setting", "deployments with a weaker choice"],
            counts.map(([setting, all]) => [code(setting), trusted(String(all.length))]),
          ),
    maxCharacters: trusted(String(MAX_POLICY_CHARACTERS)),
  });
}

/** In the order of code units, which is the same in every locale. */
const compare = (one: string, other: string) => Number(one > other) - Number(one < other);

function cellsOf({ deployment, policies, secret: { form } }: Reviewed, weak: readonly string[]): readonly Markdown[] {
  const { stack, accountId, region, policy, cluster, outputs } = deployment;
  const left = policies.map(({ size }) => MAX_POLICY_CHARACTERS - size);
  return [
    md`[${prose(stack)}](${trusted(stack)}/REVIEW.md)`,
    accountId === undefined ? trusted("any") : prose(accountId),
    prose(region),
    trusted(policy.mode),
    cluster.dkpVersion === undefined ? trusted("any") : prose(cluster.dkpVersion),
    trusted(left.join(", ")),
    keysOf(deployment),
    trusted(form === "plaintext" && outputs.secret ? "plaintext, in outputs" : form),
    weak.length === 0 ? trusted("none") : codes(weak),
  ];
}

function keysOf({ accessKeys }: Deployment): Markdown {
  if (accessKeys === "none") {
    return trusted("outside Terraform");
  }
  const slots = SLOTS.filter((slot) => accessKeys[slot].status !== "absent");
  return trusted(slots.map((slot) => `${slot}${slot === accessKeys.current ? "" : ` (${accessKeys[slot].status})`}`).join(", "));
}
