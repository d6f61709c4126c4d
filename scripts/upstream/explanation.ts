import type { Caller } from "../../src/iam/catalogue";

/**
 * A component of DKP, or Terraform for the deployments of this project, with the policy of each
 * deployer.
 */
export type Compared = Caller | "deployer";

/**
 * Where an action is: in rows of the catalogue or a deployer's policy, or in calls of the sources.
 */
export type Side = "catalogue" | "sources";

/** Differences between catalogue and sources that are right, with the reason. */
export interface Explanation {
  readonly components: readonly Compared[];
  readonly actions: readonly string[];
  /** The only side that has the actions. */
  readonly only: Side;
  /**
   * Range of the versions of the component with this difference: `<1.37.0`.
   * @default all
   */
  readonly versions?: string;
  /**
   * The first version with this difference, which DKP does not ship yet: a version that it ships
   * requires a row instead.
   */
  readonly notShippedSince?: string;
  readonly reason: string;
  readonly source: string;
}
