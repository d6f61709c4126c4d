export {
  type Comparison,
  comparisonOf,
  type DecisionOptions,
  decide,
  equivalent,
  subset,
} from "./decide";
export type { KnownActions } from "./known-actions";
export type { Answer, DecisionRequest, PolicyJson, Side, StatementReference } from "./model";
