import { nodeRoleName } from "../../iam/cluster";
import { GROUP_NAME, POLICY_NAME, ROLE_NAME, USER_NAME } from "../../iam/limits";
import { stateAddress } from "../../terraform/state-location";
import { type FieldName, pathOf } from "../checked-settings";
import { stateLocation } from "../deployment";
import type { FieldError } from "../errors";
import { show } from "../message-parts";
import { type Account, accountOf, STATE_ACCOUNTS, sameAccount } from "./account";
import type { Candidate } from "./candidate";
import { markerConflicts } from "./marker-conflicts";

export type { Candidate } from "./candidate";

const NAMED = [
  { kind: "user", what: "user", field: "user.name", rule: USER_NAME },
  { kind: "policy", what: "policy", field: "policy.name", rule: POLICY_NAME },
  { kind: "group", what: "group", field: "group.name", rule: GROUP_NAME },
  { kind: "role", what: "node role", field: "nodeRole.name", rule: ROLE_NAME },
] as const;

type NameField = (typeof NAMED)[number]["field"];

/** The name of an object that the deployment creates; undefined if there is none or it is invalid. */
function nameOf({ settings }: Candidate, field: NameField): string | undefined {
  const isAbsent = field === "group.name" && settings.fields("attachment")?.attachment === "user";
  return isAbsent ? undefined : settings.fields(field)?.[field];
}

/** A name that a deployment has in its account. */
interface NameUse {
  readonly candidate: Candidate;
  readonly account: Account;
  /** Equal for equal names of one kind: IAM ignores case. */
  readonly key: string;
  readonly field: FieldName;
  readonly name: string;
}

function usesOf(candidate: Candidate): readonly NameUse[] {
  const fields = candidate.settings.fields("region", "accountId", "provider");
  if (fields === undefined) {
    return [];
  }
  const account = accountOf(fields);
  const named = NAMED.flatMap(({ kind, field }) => {
    const name = nameOf(candidate, field);
    return name === undefined ? [] : [{ candidate, account, key: `${kind} ${name.toLowerCase()}`, field, name }];
  });
  const cluster = candidate.settings.fields("cluster")?.cluster;
  // DKP creates the role unless it is given another one.
  const role = cluster?.prefix === undefined || cluster.iamNodeRole !== undefined ? [] : [nodeRoleName(cluster.prefix)];
  return [...named, ...role.map((name) => ({ candidate, account, key: `role ${name}`, field: "cluster.prefix" as const, name }))];
}

/** Names that two deployments of one account have. */
function nameConflicts(candidates: readonly Candidate[]): readonly (readonly [Candidate, FieldError])[] {
  const uses = candidates.flatMap(usesOf);
  const byKey = new Map<string, NameUse[]>();
  for (const use of uses) {
    const sharing = byKey.get(use.key);
    if (sharing === undefined) {
      byKey.set(use.key, [use]);
    } else {
      sharing.push(use);
    }
  }
  const found = new Map<string, readonly [Candidate, FieldError]>();
  for (const use of uses) {
    const sharing = byKey.get(use.key) ?? [];
    const earlier = sharing.slice(0, sharing.indexOf(use));
    const other = earlier.find((one) => one.candidate !== use.candidate && sameAccount(one.account, use.account) !== "no");
    const id = `${use.candidate.source} ${use.field}`;
    if (other !== undefined && !found.has(id)) {
      found.set(id, [use.candidate, nameConflict(use, other, byKey)]);
    }
  }
  return [...found.values()];
}

function nameConflict(use: NameUse, other: NameUse, byKey: ReadonlyMap<string, unknown>): FieldError {
  const { candidate, field, name } = use;
  const isSame = sameAccount(use.account, other.account) === "yes";
  const where = isSame ? "in the same account" : "which may be in the same account";
  const orAccount = isSame ? "" : `, ${STATE_ACCOUNTS}`;
  const known = NAMED.find((named) => named.field === field);
  if (known === undefined) {
    return {
      path: pathOf(field),
      message: `DKP creates the role ${show(name)} for this prefix, and ${other.candidate.source}, ${where}, has the same one: the second cluster cannot be installed, and each key could change the role of the other cluster; choose another prefix${orAccount}`,
    };
  }
  const { kind, what, rule } = known;
  const proposals = [`${name}-${candidate.stack}`, candidate.stack, `dkp-${candidate.stack}`, `${candidate.stack}-2`];
  const free = proposals.find((proposal) => rule.pattern.test(proposal) && !byKey.has(`${kind} ${proposal.toLowerCase()}`));
  return {
    path: pathOf(field),
    message: `${show(name)} is also the ${what} of ${other.candidate.source}, ${where} (IAM ignores case); set another in one of the two files${free === undefined ? "" : `, for example ${show(free)} here`}${orAccount}`,
  };
}

/** Deployments whose state is that of an earlier one. */
function stateConflicts(candidates: readonly Candidate[]): readonly (readonly [Candidate, FieldError])[] {
  const first = new Map<string, Candidate>();
  return candidates.flatMap((candidate) => {
    const fields = candidate.settings.fields("backend", "cloud");
    const address = fields && stateAddress(stateLocation(candidate.stack, fields), fields.backend?.partial === true);
    if (address === undefined) {
      return [];
    }
    const other = first.get(address);
    if (other === undefined) {
      first.set(address, candidate);
      return [];
    }
    const error = {
      path: [fields?.cloud === undefined ? "backend" : "cloud"],
      message: `is the state of ${other.source} as well, and each would destroy what the other created; give each deployment its own (key, prefix, path or workspace)`,
    };
    return [[candidate, error] as const];
  });
}

/** Conflicts between deployments, by source. The first of them in the given order is assumed to be right. */
export function conflicts(candidates: readonly Candidate[]): ReadonlyMap<string, readonly FieldError[]> {
  const found = new Map<string, readonly FieldError[]>();
  for (const [{ source }, error] of [
    ...stateConflicts(candidates),
    ...nameConflicts(candidates),
    ...markerConflicts(candidates),
  ]) {
    found.set(source, [...(found.get(source) ?? []), error]);
  }
  return found;
}
