export type { AccessLevel } from "./actions";
export { compare, type Result } from "./compare";
export { type Comparison, comparisonOf, type DecisionOptions, decide } from "./decide";
export { type Example, exampleOf } from "./example";
export type { Answer, DecisionRequest, PolicyJson, Side, StatementReference } from "./model";
