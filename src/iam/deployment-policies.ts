import { shortened } from "./action-patterns";
import { MAX_POLICY_CHARACTERS } from "./limits";
import { policySize } from "./policy-document";
import { type Mode, type PolicyCondition, type PolicyOptions, type PolicyStatement, policyStatements } from "./policy-statements";

/**
 * Statements that go into the second policy of a deployment that requires two: those of IAM, KMS and Elastic Load Balancing, in mode
 * `strict` also those of launches, peerings and the EBS CSI driver.
 * The assignment is fixed, so that a change of settings moves no statement between two existing policies: IAM changes one policy
 * after the other, and a moved statement could be missing for a moment.
 */
const SECOND_POLICY: readonly string[] = [
  "NewLbs",
  "TagNewLbs",
  "LoadBalancers",
  "NetworkLoadBalancers",
  "LbListeners",
  "KeysOfDisks",
  "GrantsOnKeys",
  "NodeRole",
  "NodeRoleTags",
  "OtherNodeRoles",
  "PassNodeRole",
  "ServiceLinkedRoles",
  "Csi",
  "NewCsi",
  "CsiSnapshots",
  "NewCsiSnapshots",
  "Launch",
  "LaunchNew",
  "LaunchSubnets",
  "LaunchGroups",
];

/**
 * The statements of each managed policy of a deployment: one policy with full action names, else one with patterns that match
 * exactly the same actions, else several policies with full names. In mode
 * `strict`, with patterns and without a fixed assignment if that makes fewer than three. The account does not change the number of policies.
 * @throws Error if `scoped` or `minimal` has no prefix
 */
export function deploymentPolicies(options: PolicyOptions): readonly (readonly PolicyStatement[])[] {
  const { account } = options.environment;
  // The account may be a placeholder or a Terraform reference: the size that counts is the one with 12 digits.
  const sized = policyStatements({ ...options, environment: { ...options.environment, account: TWELVE_CHARACTERS } });
  return divisionOf(sized, options.mode).map((policy) => policy.map((statement) => withAccount(statement, account)));
}

function divisionOf(statements: readonly PolicyStatement[], mode: Mode): readonly (readonly PolicyStatement[])[] {
  if (fits(statements)) {
    return [statements];
  }
  const short = shortened(statements);
  if (fits(short)) {
    return [short];
  }
  const full = splitPolicy(statements);
  // Only `strict` exceeds two policies without long lists in the settings.
  const isFixed = mode !== "strict" || full.length <= 2;
  return isFixed ? full : fewest([full, splitPolicy(short), packedTightly(short)]);
}

/** Stands for the ID of an account. No ARN and no tag key contains "#". */
const TWELVE_CHARACTERS = "#".repeat(12);

function withAccount(statement: PolicyStatement, account: string): PolicyStatement {
  const replaced = (values: readonly string[]) => values.map((value) => value.replaceAll(TWELVE_CHARACTERS, () => account));
  const conditions = statement.conditions.map((condition) => ({ ...condition, values: replaced(condition.values) }));
  return { ...statement, resources: replaced(statement.resources), conditions };
}

/**
 * Divides statements into policies of at most 6,144 characters. Together they allow what the statements allow.
 * The third and further policies hold what exceeds the size of the first two. A statement that exceeds a policy alone is divided
 * at its longest list. A policy exceeds the size only if a statement has no list to divide: one with very long tag keys.
 */
export function splitPolicy(statements: readonly PolicyStatement[]): readonly (readonly PolicyStatement[])[] {
  if (fits(statements)) {
    return [statements];
  }
  const isSecond = ({ sid }: PolicyStatement) => SECOND_POLICY.includes(sid);
  const [first, second] = [statements.filter((one) => !isSecond(one)), statements.filter(isSecond)].map(packed);
  const [own = [], ...excess] = first ?? [];
  return [own, ...(second ?? []), ...excess].filter((policy) => policy.length > 0);
}

/** Fills policies in the order of the statements. */
function packed(statements: readonly PolicyStatement[]): readonly (readonly PolicyStatement[])[] {
  const policies: PolicyStatement[][] = [];
  for (const statement of statements.flatMap(divided)) {
    const last = policies.at(-1);
    if (last !== undefined && fits([...last, statement])) {
      last.push(statement);
    } else {
      policies.push([statement]);
    }
  }
  return policies;
}

/** The first of the divisions with the least policies. */
function fewest(divisions: readonly (readonly (readonly PolicyStatement[])[])[]): readonly (readonly PolicyStatement[])[] {
  const least = Math.min(...divisions.map(({ length }) => length));
  return divisions.find(({ length }) => length === least) ?? [];
}

/** Puts each statement, the longest ones first, into the first policy that has space for it, whatever its assignment. */
function packedTightly(statements: readonly PolicyStatement[]): readonly (readonly PolicyStatement[])[] {
  const empty = policySize([]);
  const measured = statements.flatMap(divided).map((statement) => ({ statement, size: policySize([statement]) - empty + 1 }));
  const policies: { readonly statements: PolicyStatement[]; size: number }[] = [];
  for (const { statement, size } of measured.sort((one, other) => other.size - one.size)) {
    const policy = policies.find((candidate) => candidate.size + size <= MAX_POLICY_CHARACTERS);
    if (policy === undefined) {
      policies.push({ statements: [statement], size: empty + size });
    } else {
      policy.statements.push(statement);
      policy.size += size;
    }
  }
  return policies.map((policy) => policy.statements);
}

/** A statement as parts that each fit into a policy, as far as its lists allow. The statement IDs of the parts end in a number. */
function divided(statement: PolicyStatement): readonly PolicyStatement[] {
  const parts = halved(statement);
  return parts.length === 1 ? parts : parts.map((part, index) => ({ ...part, sid: `${statement.sid}${index + 1}` }));
}

function halved(statement: PolicyStatement): readonly PolicyStatement[] {
  // The number of a part extends its statement ID.
  if (fits([{ ...statement, sid: `${statement.sid}999` }])) {
    return [statement];
  }
  const [longest] = listsOf(statement).sort((one, other) => lengthOf(other) - lengthOf(one));
  if (longest === undefined) {
    return [statement];
  }
  const { values, withValues } = longest;
  const middle = Math.ceil(values.length / 2);
  return [values.slice(0, middle), values.slice(middle)].flatMap((half) => halved(withValues(half)));
}

interface ValueList {
  readonly values: readonly string[];
  readonly withValues: (values: readonly string[]) => PolicyStatement;
}

/**
 * The lists of a statement that can be divided: IAM applies a statement to any of its actions and resources, and a condition matches
 * any of its values, except with `ForAllValues` and negated operators, such as those of a Deny.
 * Source: IAM User Guide, "Conditions with multiple context keys or values".
 */
function listsOf(statement: PolicyStatement): ValueList[] {
  const { actions, resources, conditions } = statement;
  const ofConditions = conditions.flatMap((condition, index) =>
    condition.test.startsWith("ForAllValues:") || statement.effect === "Deny"
      ? []
      : {
          values: condition.values,
          withValues: (values: readonly string[]) => withCondition(statement, index, { ...condition, values }),
        },
  );
  return [
    { values: actions, withValues: (values: readonly string[]) => ({ ...statement, actions: values }) },
    { values: resources, withValues: (values: readonly string[]) => ({ ...statement, resources: values }) },
    ...ofConditions,
  ].filter(({ values }) => values.length > 1);
}

function withCondition(statement: PolicyStatement, index: number, condition: PolicyCondition): PolicyStatement {
  return { ...statement, conditions: statement.conditions.with(index, condition) };
}

function lengthOf({ values }: ValueList): number {
  return values.join().length;
}

/** The name of a managed policy of a deployment, counted from 1. */
export function policyName(name: string, number: number): string {
  return number === 1 ? name : `${name}-${number}`;
}

function fits(statements: readonly PolicyStatement[]): boolean {
  return policySize(statements) <= MAX_POLICY_CHARACTERS;
}
