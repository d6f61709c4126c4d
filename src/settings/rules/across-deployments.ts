import { parseIamArn, partitionOf } from "../../iam/arns";
import { nodeRoleName } from "../../iam/cluster";
import { secondPolicyName } from "../../iam/deployment-policies";
import { stateAddress } from "../../terraform/state-location";
import { grouped } from "../../text/grouped";
import { stateLocation } from "../deployment";
import { errorAt, type FieldError, show } from "../errors";
import type { Settings } from "../settings";
import type { CheckedSettings } from "./rule";

export interface Candidate {
  readonly stack: string;
  /** The file, as messages name it. */
  readonly source: string;
  readonly settings: CheckedSettings;
}

/** Something that a deployment has, and that another one must not have as well. */
interface Claim {
  readonly candidate: Candidate;
  /** Equal for equal things. */
  readonly key: string;
  /** Undefined if it is unique in all accounts. */
  readonly account?: Account;
  readonly field: string;
  readonly message: (other: string) => string;
  /** `"deckhouse"` and `the user`, for a name of IAM. */
  readonly name?: readonly [shown: string, what: string];
}

/** An account, if the settings name it. No account spans partitions. */
interface Account {
  readonly partition: string;
  readonly id: string | undefined;
  readonly profile: string | undefined;
}

/** `accountId`, or the account of the assumed role. */
function accountOf({
  accountId,
  provider,
  region,
}: Pick<Settings, "accountId" | "provider" | "region">): Account {
  const id = accountId ?? parseIamArn(provider.assumeRoleArn ?? "")?.account;
  return { partition: partitionOf(region), id, profile: provider.profile };
}

/** Whether two deployments may be in one account: the settings do not name two. */
function mayShare(one: Account | undefined, other: Account | undefined): boolean {
  if (one === undefined || other === undefined) {
    return true;
  }
  const what = one.id === undefined && other.id === undefined ? "profile" : "id";
  const isUnknown = one[what] === undefined || other[what] === undefined;
  return one.partition === other.partition && (isUnknown || one[what] === other[what]);
}

function stateClaim(candidate: Candidate): readonly Claim[] {
  const fields = candidate.settings.fields("backend", "cloud");
  const key =
    fields &&
    stateAddress(stateLocation(candidate.stack, fields), fields.backend?.partial === true);
  const message = (other: string) =>
    `is the state of ${other} as well, and each would destroy what the other created; ` +
    "give each deployment its own (key, prefix, path or workspace)";
  return key === undefined
    ? []
    : [{ candidate, key, field: fields?.cloud === undefined ? "backend" : "cloud", message }];
}

const NAMED = [
  { kind: "user", what: "user", field: "user.name" },
  { kind: "policy", what: "policy", field: "policy.name" },
  { kind: "role", what: "node role", field: "nodeRole.name" },
] as const;

function nameClaims(candidate: Candidate, account: Account): readonly Claim[] {
  const { settings } = candidate;
  return NAMED.flatMap(({ kind, what, field }): readonly Claim[] => {
    const name = settings.fields(field)?.[field];
    if (name === undefined) {
      return [];
    }
    // Another mode has it.
    const second = [
      secondPolicyName(name),
      `${show(secondPolicyName(name))}, the second policy,`,
    ] as const;
    const names = [[name, show(name)] as const, ...(kind === "policy" ? [second] : [])];
    return names.map(([key, shown]) => {
      const name = [shown, `the ${what}`] as const;
      const message = (other: string) => namesMessage([name], other);
      return { candidate, account, key: `${kind} ${key.toLowerCase()}`, field, message, name };
    });
  });
}

function namesMessage(names: readonly NonNullable<Claim["name"]>[], other: string): string {
  const texts = names.map(([shown, what], at) => `${shown} ${at === 0 ? "is also " : ""}${what}`);
  const remedy = `set ${names.length > 1 ? "others" : "another"} in one of the two files`;
  return `${texts.join(", and ")} of ${other} (IAM ignores case); ${remedy}`;
}

/** DKP creates the role `<prefix>-node` even if `iamNodeRole` is another one. */
function roleClaim(candidate: Candidate, account: Account): readonly Claim[] {
  const prefix = candidate.settings.fields("cluster")?.cluster.prefix;
  if (prefix === undefined) {
    return [];
  }
  const role = nodeRoleName(prefix);
  const message = (other: string) =>
    `DKP creates the role ${show(role)} for this prefix, and ${other} has the same one: ` +
    "the second cluster cannot be installed, and each key could change the role of the other " +
    "cluster; choose another prefix";
  return [{ candidate, account, key: `role ${role}`, field: "cluster.prefix", message }];
}

/** A context is one cluster, whatever account it is in. */
function contextClaim(candidate: Candidate): readonly Claim[] {
  const context = candidate.settings.fields("cluster")?.cluster.context;
  const message = (other: string) =>
    `is the context of ${other} as well, so one cluster would get the keys of two users; ` +
    "name another one";
  return context === undefined
    ? []
    : [{ candidate, key: `context ${context}`, field: "cluster.context", message }];
}

function claimsOf(candidate: Candidate): readonly Claim[] {
  const fields = candidate.settings.fields("region", "accountId", "provider");
  const account = fields && accountOf(fields);
  const inAccount =
    account === undefined
      ? []
      : [...nameClaims(candidate, account), ...roleClaim(candidate, account)];
  return [...stateClaim(candidate), ...contextClaim(candidate), ...inAccount];
}

/**
 * Conflicts between deployments, by source. The first of them in the given order is assumed to be
 * right.
 */
export function conflicts(
  candidates: readonly Candidate[],
): ReadonlyMap<string, readonly FieldError[]> {
  const claims = candidates.flatMap(claimsOf);
  const byKey = grouped(claims, ({ key }) => key);
  const found = claims.flatMap((claim) => {
    const { account, candidate, key } = claim;
    const sharing = byKey.get(key) ?? [];
    // Of two deployments that exclude each other, the later one has the error.
    const before = sharing.slice(0, sharing.indexOf(claim));
    const other = before.find(
      (one) => one.candidate !== candidate && mayShare(account, one.account),
    );
    const isStated = [account, other?.account].every(
      (one) => one === undefined || one.id !== undefined,
    );
    const more = isStated ? "" : ", or, if these are two accounts, accountId in both files";
    return other === undefined ? [] : { ...claim, other: other.candidate.source, more };
  });
  const bySource = [...grouped(found, ({ candidate }) => candidate.source)];
  return new Map(bySource.map(([source, all]) => [source, errorsOf(all)]));
}

interface Conflict extends Claim {
  readonly other: string;
  readonly more: string;
}

/** Of each field the first one. Two files that share user and policy have one error about both. */
function errorsOf(all: readonly Conflict[]): readonly FieldError[] {
  const first = all.filter(({ field }, at) => all.findIndex((one) => one.field === field) === at);
  return first.flatMap((conflict): readonly FieldError[] => {
    const { field, message, name, other, more } = conflict;
    const alike = name && first.filter((one) => one.name !== undefined && one.other === other);
    if (alike === undefined || alike.length === 1) {
      return [errorAt(field, `${message(other)}${more}`)];
    }
    const names = alike.flatMap((one) => (one.name === undefined ? [] : [one.name]));
    return conflict === alike[0] ? [errorAt(field, `${namesMessage(names, other)}${more}`)] : [];
  });
}
