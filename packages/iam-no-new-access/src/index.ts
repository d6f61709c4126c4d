export { type Comparison, comparisonOf, type DecisionOptions, decide } from "./decide";
export type { Answer, DecisionRequest, KnownActions, PolicyJson, Side, StatementReference } from "./model";
