import { parseIamArn } from "../../iam/arns";
import { GROUP_NAME, POLICY_NAME, ROLE_NAME, USER_NAME } from "../../iam/limits";
import { partitionOf } from "../../iam/partitions";
import { stateAddress } from "../../terraform/state-location";
import { pathOf } from "../checked-settings";
import { stateLocation } from "../deployment";
import type { FieldError } from "../errors";
import { show } from "../message-parts";
import type { Settings } from "../schema/deployment-schema";
import type { Candidate } from "./candidate";
import { markerConflicts } from "./marker-conflicts";

export type { Candidate } from "./candidate";

/** One thing that two deployments must not have in common. */
interface Exclusive {
  /** Equal strings are the same thing; none if unknown. */
  readonly identities: (candidate: Candidate) => readonly string[];
  readonly conflict: (candidate: Candidate, other: Candidate, all: readonly Candidate[]) => FieldError;
}

const NAMED = [
  { what: "user", field: "user.name", rule: USER_NAME },
  { what: "policy", field: "policy.name", rule: POLICY_NAME },
  { what: "group", field: "group.name", rule: GROUP_NAME },
  { what: "node role", field: "nodeRole.name", rule: ROLE_NAME },
] as const;

type NameField = (typeof NAMED)[number]["field"];

/** The name of an object that the deployment creates; undefined if there is none or it is invalid. */
function nameOf({ settings }: Candidate, field: NameField): string | undefined {
  const isAbsent = field === "group.name" && settings.fields("attachment")?.attachment === "user";
  return isAbsent ? undefined : settings.fields(field)?.[field];
}

const EXCLUSIVES: readonly Exclusive[] = [
  {
    identities: ({ stack, settings }) => {
      const fields = settings.fields("backend", "cloud");
      const address = fields && stateAddress(stateLocation(stack, fields), fields.backend?.partial === true);
      return address === undefined ? [] : [address];
    },
    conflict: ({ settings }, other) => ({
      path: [settings.fields("cloud")?.cloud === undefined ? "backend" : "cloud"],
      message: `is the state of ${other.source} as well, and each would destroy what the other created; give each deployment its own (key, prefix, path or workspace)`,
    }),
  },
  ...NAMED.map(
    ({ what, field, rule }): Exclusive => ({
      identities: (candidate) => {
        const fields = candidate.settings.fields("region", "accountId", "provider");
        // IAM ignores case.
        const name = nameOf(candidate, field)?.toLowerCase();
        return fields === undefined || name === undefined ? [] : [`${account(fields)}/${name}`];
      },
      conflict: (candidate, other, all) => {
        const name = nameOf(candidate, field);
        const taken = all.map((each) => nameOf(each, field)?.toLowerCase());
        const proposals = [`${name}-${candidate.stack}`, candidate.stack, `dkp-${candidate.stack}`, `${candidate.stack}-2`];
        const free = proposals.find((proposal) => rule.pattern.test(proposal) && !taken.includes(proposal.toLowerCase()));
        return {
          path: pathOf(field),
          message: `${show(name)} is also the ${what} of ${other.source}, in the same account (IAM ignores case); set another in one of the two files${free === undefined ? "" : `, for example ${show(free)} here`}`,
        };
      },
    }),
  ),
];

/** Conflicts between deployments, by source. The first of them in the given order is assumed to be right. */
export function conflicts(candidates: readonly Candidate[]): ReadonlyMap<string, readonly FieldError[]> {
  const found = new Map<string, readonly FieldError[]>();
  for (const exclusive of EXCLUSIVES) {
    const first = new Map<string, Candidate>();
    for (const candidate of candidates) {
      const identities = exclusive.identities(candidate);
      const other = identities.map((identity) => first.get(identity)).find((known) => known !== undefined);
      if (other !== undefined) {
        found.set(candidate.source, [...(found.get(candidate.source) ?? []), exclusive.conflict(candidate, other, candidates)]);
      } else {
        for (const identity of identities) {
          first.set(identity, candidate);
        }
      }
    }
  }
  for (const [source, error] of markerConflicts(candidates)) {
    found.set(source, [...(found.get(source) ?? []), error]);
  }
  return found;
}

/** The account as far as the settings name it: stated, that of the assumed role, or the one that the profile leads to. */
function account({ accountId, provider, region }: Pick<Settings, "accountId" | "provider" | "region">): string {
  const known = accountId ?? parseIamArn(provider.assumeRoleArn ?? "")?.account;
  // No account spans partitions, but one profile's credentials are of one.
  return known ?? `${partitionOf(region)} profile ${provider.profile ?? ""}`;
}
