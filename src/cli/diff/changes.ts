import { exitCodeOf, type Finding, findingsJson } from "../findings/finding";
import { type DiffFound, type DiffRules, RULES } from "./rules";

/** What a change does, by deployment. It never contains a secret. */
export interface Changes {
  /** What is compared: "Compared with git ref main (1a2b3c4d)", "Plan plan.json". */
  readonly source: string;
  readonly deployments: readonly DeploymentChanges[];
}

export interface DeploymentChanges {
  readonly stack: string;
  readonly state: "new" | "removed" | "changed" | "unchanged";
  readonly findings: readonly DiffFound[];
}

/** The findings of all deployments. */
export function findingsOf({ deployments }: Changes): readonly Finding<DiffRules>[] {
  return deployments.flatMap(({ stack, findings }) => findings.map((found) => ({ ...found, stack })));
}

/** The exit code of a change summary: that of its most serious finding, over all deployments. */
export function changesExitCode(changes: Changes): 0 | 2 | 3 {
  return exitCodeOf(RULES, findingsOf(changes));
}

/** Changes as JSON, with the exit code. */
export function changesJson(changes: Changes): string {
  const { source, deployments } = changes;
  const content = {
    exitCode: changesExitCode(changes),
    source,
    deployments: deployments.map(({ stack, state }) => ({ stack, state })),
    findings: findingsJson(RULES, findingsOf(changes)),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
