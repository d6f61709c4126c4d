export type { Example } from "./counterexamples";
export {
  type Comparison,
  type ComparisonOptions,
  comparisonOf,
  type DecisionOptions,
  decide,
  equivalent,
  subset,
} from "./decide";
export type { KnownActions } from "./known-actions";
export type { Answer, DecisionRequest, PolicyJson, Side, StatementReference } from "./model";
