import { CATALOGUE } from "./catalogue";

/** One statement of an identity policy. All are `Allow`: what is not listed is denied. */
export interface PolicyStatement {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

export interface PolicyOptions {
  /** Adds what DKP calls although its page lacks it. */
  readonly supplement: boolean;
}

const DOCUMENTED: PolicyStatement = {
  // The page's own sid: policies made from the page stay recognizable.
  sid: "VisualEditor0",
  actions: CATALOGUE.filter((row) => row.documented).map((row) => row.action),
  resources: ["*"],
};

const SUPPLEMENT: PolicyStatement = {
  sid: "DkpAlsoCalls",
  actions: CATALOGUE.filter((row) => !row.documented).map((row) => row.action),
  resources: ["*"],
};

/** The policy of the DKP authorization page: its 125 actions on every resource, and the supplement where wanted. */
export function documentedPolicy({ supplement }: PolicyOptions): readonly PolicyStatement[] {
  return supplement ? [DOCUMENTED, SUPPLEMENT] : [DOCUMENTED];
}
