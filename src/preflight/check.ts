import type { Action, Ask, AskAll, DryRun } from "../aws-api/operations";
import type { Deployment } from "../settings/deployment";

/** `skipped`: there is nothing to look at, or no sense in it. `cannot tell`: AWS was asked and gave no answer. */
export const VERDICTS = ["ok", "blocker", "warning", "cannot tell", "skipped"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What a check came to see. */
export interface Finding {
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do; absent where there is nothing to do. */
  readonly remedy?: string | undefined;
}

/** A finding, and where it comes from. */
export interface Result extends Finding {
  readonly check: string;
  /** The calls that told it, with the region where it matters. */
  readonly source: string;
}

/** What the checks look at. */
export interface Subject {
  readonly deployment: Deployment;
  readonly partition: string;
  /** Account of the credentials. */
  readonly account: string;
  /** DKP has made the cluster already: that its names are taken is right. */
  readonly existingCluster: boolean;
}

/** Tools of a check. */
export interface Tools<A extends Action = Action> {
  readonly ask: Ask<A>;
  readonly askAll: AskAll<A>;
  readonly dryRun: DryRun;
  /** Tells how far a long check is. */
  readonly progress: (text: string) => void;
}

/** One thing to look at before DKP is let loose. */
export interface Check {
  readonly name: string;
  /** Everything it may ask of AWS: the permissions that the admin needs follow from it. */
  readonly calls: readonly Action[];
  /** Where it asks: in the deployment's region, or in a region that every account has, for what is global. */
  readonly where: "region" | "always-on region";
  run(tools: Tools, subject: Subject): Promise<readonly Finding[]>;
}

/** A check that can ask for nothing but what it lists. */
export function check<const A extends Action>(
  given: Omit<Check, "calls" | "run"> & {
    readonly calls: readonly A[];
    run(tools: Tools<A>, subject: Subject): Promise<readonly Finding[]>;
  },
): Check {
  return given;
}

export const ok = (found: string): Finding => ({ verdict: "ok", found });
export const blocker = (found: string, remedy: string): Finding => ({ verdict: "blocker", found, remedy });
export const warning = (found: string, remedy: string): Finding => ({ verdict: "warning", found, remedy });
export const cannotTell = (found: string, remedy: string): Finding => ({ verdict: "cannot tell", found, remedy });
export const skipped = (found: string, remedy?: string): Finding => ({ verdict: "skipped", found, remedy });
