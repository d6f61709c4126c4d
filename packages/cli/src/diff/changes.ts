import { exitCodeOf, type Finding, reportJson } from "../findings/finding";
import { type DiffFound, type DiffRules, RULES } from "./change-rules";

/** It never contains a secret. */
export interface Changes {
  /** "Compared with git ref main (1a2b3c4d)", "Plan plan.json". */
  readonly source: string;
  readonly deployments: readonly DeploymentChanges[];
  /** Of a plan: the guards that the settings do not set, whether they ever did or not. */
  readonly guardsOff?: readonly string[];
  /** SHA-256 of all that a plan changes; undefined if there is nothing to apply. */
  readonly digest?: string;
  /** Whether the summary ends with the command that applies it. */
  readonly isOffered?: boolean;
}

export interface DeploymentChanges {
  readonly stack: string;
  readonly state: "new" | "removed" | "changed" | "unchanged";
  readonly findings: readonly DiffFound[];
  readonly approved?: readonly { readonly name: string; readonly digest: string }[];
}

/** @param state by default, whether anything was found */
export function changesOf(
  source: string,
  stack: string,
  findings: readonly DiffFound[],
  state: DeploymentChanges["state"] = findings.length === 0 ? "unchanged" : "changed",
): Changes {
  return { source, deployments: [{ stack, state, findings }] };
}

/** A deployment with something to apply is never unchanged. */
export function withDigest(changes: Changes, digest: string): Changes {
  const deployments = changes.deployments.map((each) =>
    each.state === "unchanged" ? ({ ...each, state: "changed" } as const) : each,
  );
  return { ...changes, deployments, digest };
}

export function findingsOf({ deployments }: Changes): readonly Finding<DiffRules>[] {
  return deployments.flatMap(({ stack, findings }) =>
    findings.map((found) => ({ ...found, stack })),
  );
}

/** The exit code of the most serious finding. */
export function changesExitCode(changes: Changes): 0 | 2 | 3 {
  return exitCodeOf(RULES, findingsOf(changes));
}

export function changesJson(changes: Changes): string {
  const { source, digest, guardsOff } = changes;
  const deployments = changes.deployments.map(({ findings: _, ...deployment }) => deployment);
  const report = reportJson(RULES, findingsOf(changes), deployments, { source, digest, guardsOff });
  return `${JSON.stringify(report, null, 2)}\n`;
}
