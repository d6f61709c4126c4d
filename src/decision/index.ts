export type { Example } from "./counterexamples";
export { type Comparison, comparisonOf, type DecisionOptions, decide, equivalent, subset } from "./decide";
export type { Answer, DecisionRequest, PolicyJson, Side, StatementReference } from "./model";
