import { parse, stringify } from "yaml";
import type { Deployment } from "../../src/settings/deployment";
import { deployment } from "./deployment";
import { projectFile } from "./project-root";

/** `denials.yaml` explains its rows. */
interface DenialRow {
  readonly of: string;
  readonly settings?: object;
  readonly message: string;
  readonly request?: string;
  readonly verdict: string;
}

export const DENIALS: readonly DenialRow[] = parse(projectFile("__tests__/helpers/denials.yaml"));

export function deploymentOf({ settings }: Pick<DenialRow, "settings">): Deployment {
  const defaults = {
    accountId: "123456789012",
    policy: { mode: "scoped" },
    cluster: { prefix: "dev", layout: "Standard" },
  };
  return deployment(stringify({ ...defaults, ...settings }));
}
