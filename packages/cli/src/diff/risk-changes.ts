import { parseIamArn } from "../../../../src/iam/arns";
import type { PolicyCondition, PolicyStatement } from "../../../../src/iam/policy-document";
import { type Deployment, policyOptionsOf } from "../../../../src/settings/deployment";
import { ADDRESSES } from "../../../../src/terraform/addresses";
import { type Risk, risksOf } from "../iam/risks";
import { type DiffFound, NO_LONGER } from "./change-rules";
import { existing } from "./examples";
import { type Condition, type Grant, readGrants } from "./grants";
import { attribute, type Snapshot, userPoliciesOf } from "./snapshot";

export type Risks = ReadonlyMap<string, Risk>;

/** The risks of a deployment, or of other policies for it. */
export function risksIn(
  deployment: Deployment,
  account: string | undefined = deployment.accountId,
  statements?: readonly PolicyStatement[],
): Risks {
  const options = policyOptionsOf({ ...deployment, accountId: account });
  return new Map(risksOf(options, (name) => name, statements).map((risk) => [risk.goal, risk]));
}

/** What an attacker with the key can do more or less, as `REVIEW.md` lists it. */
export function riskChanges(old: Risks, current: Risks): readonly DiffFound[] {
  return [...new Set([...old.keys(), ...current.keys()])].flatMap((goal): readonly DiffFound[] => {
    const [before, after] = [old.get(goal), current.get(goal)];
    const values = {
      before: before?.what ?? "",
      after: after?.what ?? NO_LONGER,
      change: before && after && changeText(before, after),
    };
    return before?.what === after?.what ? [] : [{ rule: "risk", values }];
  });
}

/** Undefined if the sentences differ in more than what the key reaches. */
function changeText(before: Risk, after: Risk): string | undefined {
  const [gained, lost] = [beyond(after, before), beyond(before, after)];
  const changes = [
    before.reach === after.reach ? "" : `reaches ${after.reach} instead of ${before.reach}`,
    gained && `also reaches ${gained}`,
    lost && `no longer reaches ${lost}`,
  ];
  return before.frame === after.frame ? changes.filter(Boolean).join(", and ") : undefined;
}

const beyond = (risk: Risk, other: Risk): string =>
  risk.parts.filter((part) => !other.parts.includes(part)).join(" and ");

/** Between both sides of a plan; none if the policies of a side cannot be read, or are new. */
export function planRisks(
  deployment: Deployment,
  before: Snapshot,
  after: Snapshot,
): readonly DiffFound[] {
  const arn = attribute(before, ADDRESSES.user, "arn");
  const [old, current] = [before, after].map(statementsOf);
  if (arn === undefined || old === undefined || current === undefined) {
    return [];
  }
  const account = parseIamArn(arn)?.account;
  return riskChanges(risksIn(deployment, account, old), risksIn(deployment, account, current));
}

const TESTS: readonly PolicyCondition["test"][] = [
  "ArnEquals",
  "BoolIfExists",
  "ForAllValues:StringEquals",
  "StringEquals",
];

const isOwnTest = (condition: Condition): condition is PolicyCondition =>
  TESTS.some((test) => test === condition.test);

/** Undefined without a managed policy, and if a part has not this project's form. */
function statementsOf(side: Snapshot): readonly PolicyStatement[] | undefined {
  const policies = [...userPoliciesOf(side).values()];
  const { allows, opaque } = readGrants(policies, "before");
  const isOther = ({ resource, conditions }: Grant) =>
    /[*?]./.test(resource) || !conditions.every(isOwnTest);
  if (policies.length === 0 || opaque.size > 0 || allows.some(isOther)) {
    return undefined;
  }
  return allows.map(({ action, resource, conditions }) => ({
    sid: "",
    actions: existing(action),
    resources: [resource],
    conditions: conditions.filter(isOwnTest),
  }));
}
