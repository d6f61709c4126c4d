import { parseIamArn } from "../../iam/arns";
import { GROUP_NAME, POLICY_NAME, ROLE_NAME, USER_NAME } from "../../iam/names";
import { partitionOf } from "../../iam/partitions";
import { stateAddress } from "../../terraform/state-location";
import { stateLocation } from "../deployment";
import type { FieldError } from "../errors";
import { show } from "../messages";
import type { Settings } from "../schema/deployment-schema";

/** A deployment that may have errors; `isInvalid` reports whether a field has one. */
export interface Candidate {
  readonly stack: string;
  readonly file: string;
  readonly settings: Settings;
  readonly isInvalid: (path: readonly string[]) => boolean;
}

/** One thing that two deployments must not have in common. */
interface Exclusive {
  readonly requires: readonly (readonly string[])[];
  /** Equal strings are the same thing; undefined where that can't be known. */
  readonly identity: (candidate: Candidate) => string | undefined;
  readonly conflict: (candidate: Candidate, other: Candidate, all: readonly Candidate[]) => FieldError;
}

const NAMED = [
  { what: "user", path: ["user", "name"], nameOf: (settings: Settings) => settings.user.name, rule: USER_NAME },
  { what: "policy", path: ["policy", "name"], nameOf: (settings: Settings) => settings.policy.name, rule: POLICY_NAME },
  {
    what: "group",
    path: ["group", "name"],
    nameOf: (settings: Settings) => (settings.attachment === "user" ? undefined : settings.group.name),
    rule: GROUP_NAME,
  },
  { what: "node role", path: ["nodeRole", "name"], nameOf: (settings: Settings) => settings.nodeRole?.name, rule: ROLE_NAME },
] as const;

const EXCLUSIVES: readonly Exclusive[] = [
  {
    requires: [["backend"], ["cloud"]],
    identity: ({ stack, settings }) => stateAddress(stateLocation(stack, settings), settings.backend?.partial === true),
    conflict: ({ settings }, other) => ({
      path: [settings.cloud === undefined ? "backend" : "cloud"],
      message: `is the state of ${other.file} as well, and each would destroy what the other created; give each deployment its own (key, prefix, path or workspace)`,
    }),
  },
  ...NAMED.map(
    ({ what, path, nameOf, rule }): Exclusive => ({
      requires: [path, ["region"], ["accountId"], ["provider"]],
      identity: ({ settings }) => {
        const name = nameOf(settings);
        return name === undefined ? undefined : `${account(settings)}/${name.toLowerCase()}`;
      },
      conflict: ({ stack, settings }, other, all) => {
        const taken = all
          .filter(({ isInvalid }) => !isInvalid(path))
          .map((candidate) => nameOf(candidate.settings)?.toLowerCase());
        const proposals = [`${nameOf(settings)}-${stack}`, stack, `dkp-${stack}`, `${stack}-2`];
        const free = proposals.find((name) => rule.pattern.test(name) && !taken.includes(name.toLowerCase()));
        return {
          path,
          message: `${show(nameOf(settings))} is also the ${what} of ${other.file}, in the same account (IAM ignores case); choose another${free === undefined ? "" : `, for example ${show(free)}`}`,
        };
      },
    }),
  ),
];

/** Which deployments stand in each other's way, by file. The first of them in file order is taken as right. */
export function conflicts(candidates: readonly Candidate[]): ReadonlyMap<string, readonly FieldError[]> {
  const found = new Map<string, readonly FieldError[]>();
  for (const exclusive of EXCLUSIVES) {
    const first = new Map<string, Candidate>();
    for (const candidate of candidates.filter(({ isInvalid }) => !exclusive.requires.some(isInvalid))) {
      const identity = exclusive.identity(candidate);
      const other = identity === undefined ? undefined : first.get(identity);
      if (other !== undefined) {
        found.set(candidate.file, [...(found.get(candidate.file) ?? []), exclusive.conflict(candidate, other, candidates)]);
      } else if (identity !== undefined) {
        first.set(identity, candidate);
      }
    }
  }
  return found;
}

/** The account as far as the settings name it: stated, that of the assumed role, or whatever the profile leads to. */
function account({ accountId, provider, region }: Settings): string {
  const known = accountId ?? parseIamArn(provider.assumeRoleArn ?? "")?.account;
  // No account spans partitions, but one profile's credentials are of one.
  return known ?? `${partitionOf(region)} profile ${provider.profile ?? ""}`;
}
