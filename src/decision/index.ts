export {
  type Comparison,
  type ComparisonOptions,
  comparisonOf,
  type DecisionOptions,
  decide,
  type Example,
  equivalent,
  subset,
} from "./decide";
export type { KnownActions } from "./known-actions";
export type { Answer, DecisionRequest, PolicyJson, Side, StatementReference } from "./model";
