import type { Aws } from "./client";
import { type Action, AwsError, type Input, type Output, type PagedAction, TIMED_OUT, unlessMissing, within } from "./operations";

/** What was read, or why it was not. */
export type Reading<T> = { readonly value: T } | { readonly unread: string };

/** A policy document as IAM stores it, parsed. */
export type StoredDocument = Readonly<Record<string, unknown>>;

/** Reads IAM object by object: one that cannot be read does not keep the others from being read. */
export class IamReader {
  /**
   * @param region an always-on Region of the partition
   * @param limit how long all calls may take, in seconds, when `signal` aborts
   */
  constructor(
    private readonly aws: Pick<Aws, "ask" | "askAll">,
    private readonly region: string,
    private readonly time: { readonly signal: AbortSignal; readonly limit: number },
  ) {}

  /** One object; undefined if IAM does not have it. */
  get<A extends Action>(action: A, input: Input<A>): Promise<Reading<Output<A> | undefined>> {
    return this.attempt(action, unlessMissing(this.aws.ask(action, input, this.region), "NoSuchEntity"));
  }

  /** The items of all pages of a list; none if IAM does not have the object that they belong to. */
  list<A extends PagedAction, T>(
    action: A,
    input: Input<A>,
    itemsOf: (page: Output<A>) => readonly T[] | undefined,
  ): Promise<Reading<readonly T[]>> {
    const pages = unlessMissing(this.aws.askAll(action, input, this.region), "NoSuchEntity");
    return this.attempt(
      action,
      pages.then((all = []) => all.flatMap((page) => itemsOf(page) ?? [])),
    );
  }

  /** A role and its trust policy; undefined if IAM does not have it. */
  async role(RoleName: string) {
    return mapped(
      await this.get("iam:GetRole", { RoleName }),
      (found) => found?.Role && { role: found.Role, trust: storedDocument(found.Role.AssumeRolePolicyDocument) },
    );
  }

  /** An inline policy of a role; undefined if there is none of that name. */
  async rolePolicy(RoleName: string, PolicyName: string) {
    const read = await this.get("iam:GetRolePolicy", { RoleName, PolicyName });
    return mapped(read, (found) => found && storedDocument(found.PolicyDocument));
  }

  /** ID and document of the default version of a managed policy; undefined if the policy does not exist. */
  async managedPolicy(PolicyArn: string) {
    const policy = await this.get("iam:GetPolicy", { PolicyArn });
    if ("unread" in policy || policy.value === undefined) {
      return mapped(policy, () => undefined);
    }
    const id = policy.value.Policy?.DefaultVersionId ?? "";
    const version = await this.get("iam:GetPolicyVersion", { PolicyArn, VersionId: id });
    return mapped(version, (found) => found && { id, document: storedDocument(found.PolicyVersion?.Document) });
  }

  /** What uses a managed policy: `user deckhouse`, `group dkp`, `role nodes`. */
  policyUses(PolicyArn: string): Promise<Reading<readonly string[]>> {
    return this.list("iam:ListEntitiesForPolicy", { PolicyArn }, ({ PolicyUsers = [], PolicyGroups = [], PolicyRoles = [] }) => [
      ...PolicyUsers.map(({ UserName }) => `user ${UserName}`),
      ...PolicyGroups.map(({ GroupName }) => `group ${GroupName}`),
      ...PolicyRoles.map(({ RoleName }) => `role ${RoleName}`),
    ]);
  }

  /** The members of a group: `user deckhouse`. */
  groupUses(GroupName: string): Promise<Reading<readonly string[]>> {
    return this.list("iam:GetGroup", { GroupName }, ({ Users }) => Users?.map(({ UserName }) => `user ${UserName}`));
  }

  /** What gives instances a role: `instance profile dev-node`. */
  roleUses(RoleName: string): Promise<Reading<readonly string[]>> {
    return this.list("iam:ListInstanceProfilesForRole", { RoleName }, ({ InstanceProfiles }) =>
      InstanceProfiles?.map(({ InstanceProfileName }) => `instance profile ${InstanceProfileName}`),
    );
  }

  private async attempt<T>(action: string, answer: Promise<T>): Promise<Reading<T>> {
    try {
      return { value: await within(this.time.signal, this.time.limit, action, answer) };
    } catch (error) {
      if (error instanceof AwsError) {
        const code = error.code === TIMED_OUT ? "" : `${error.code}: `;
        return { unread: `${error.action}: ${code}${error.message}` };
      }
      throw error;
    }
  }
}

/** What follows from a reading. */
export function mapped<T, U>(reading: Reading<T>, convert: (value: T) => U): Reading<U> {
  return "value" in reading ? { value: convert(reading.value) } : reading;
}

/** ARNs of the attached policies in a page. */
export function attachedArns({
  AttachedPolicies,
}: {
  readonly AttachedPolicies?: readonly { readonly PolicyArn?: string | undefined }[] | undefined;
}): readonly string[] | undefined {
  return AttachedPolicies?.map(({ PolicyArn = "" }) => PolicyArn);
}

/** Names of the inline policies in a page. */
export const inlineNames = ({ PolicyNames }: { readonly PolicyNames?: readonly string[] | undefined }) => PolicyNames;

/** A document as IAM sends it, percent-encoded JSON. */
function storedDocument(document = "{}"): StoredDocument {
  return JSON.parse(decodeURIComponent(document)) as StoredDocument;
}
