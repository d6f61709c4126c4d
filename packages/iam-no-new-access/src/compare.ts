import type { AccessLevel } from "./actions";
import { decide } from "./decide";
import { exampleOf } from "./example";
import type { Answer, DecisionRequest, PolicyJson, Side, StatementReference } from "./model";
import { isRecord, listOf } from "./read";

/** Whether a policy allows what it did not allow before. */
export interface Result {
  /**
   * - `nothing-new`: proven.
   * - `new-request`: there is a request.
   * - `weaker-deny`: nothing by itself, but a Deny covers fewer requests, which another policy of
   * the principal can allow.
   * - `not-comparable`: neither was proven.
   */
  readonly kind: Answer["kind"] | "weaker-deny";
  readonly request?: DecisionRequest;
  /** Of the action of the request; missing where the action may not exist. */
  readonly level?: AccessLevel;
  /**
   * Whether it was decided of each existing action of a higher access level that nothing is new.
   */
  readonly isWorst?: boolean;
  readonly reason?: string;
}

/** Allows every request, by itself. */
const FULL_ACCESS: PolicyJson = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
};

/** Compares two versions of one policy. */
export function compare(before: PolicyJson, after: PolicyJson): Result {
  const own = resultOf({ identity: [after] }, { identity: [before] });
  if (own.kind !== "nothing-new") {
    return own;
  }
  const ofDenials = resultOf({ identity: allButDenied(after) }, { identity: allButDenied(before) });
  return ofDenials.kind === "new-request" ? { ...ofDenials, kind: "weaker-deny" } : ofDenials;
}

function resultOf(after: Side, before: Side): Result {
  const answer = decide(after, before);
  if (answer.kind === "nothing-new") {
    return answer;
  }
  if (answer.kind === "not-comparable") {
    return { kind: answer.kind, reason: `${subjectOf(answer.statement)}${answer.reason}` };
  }
  return { kind: answer.kind, ...(exampleOf(after, before) ?? { request: answer.request }) };
}

function subjectOf(reference: StatementReference | undefined): string {
  if (reference === undefined) {
    return "";
  }
  const { side, statement, sid } = reference;
  const name = sid === undefined ? "" : ` (${sid})`;
  const subject = statement === undefined ? "the policy" : `statement ${statement}${name}`;
  return `${subject} ${side} the change `;
}

/** Everything that the Deny statements of a policy leave. */
function allButDenied(policy: PolicyJson): readonly PolicyJson[] {
  if (!isRecord(policy)) {
    return [FULL_ACCESS, policy];
  }
  const denials = listOf(policy.Statement).filter(
    (statement) => !isRecord(statement) || statement.Effect !== "Allow",
  );
  return [FULL_ACCESS, { ...policy, Statement: denials }];
}
