import type { Deployment } from "../../../settings/deployment";
import { alwaysOnRegion } from "../../iam/partitions";
import { type Progress, withProgress } from "../../terraform/progress";
import { Aws } from "./client";
import {
  type Action,
  AwsError,
  deadline,
  type Input,
  type Output,
  type PagedAction,
  TIMED_OUT,
  unlessMissing,
  within,
} from "./operations";

/** What was read, or why it was not. */
export type Reading<T> = { readonly value: T } | { readonly unread: string };

/** A policy document as IAM stores it, parsed. */
export type StoredDocument = Readonly<Record<string, unknown>>;

/** An access key as IAM reports it. */
export interface IamKey {
  readonly id: string;
  readonly status: string;
  readonly created?: Date | undefined;
  /** Last request signed with it, known to AWS hours later; undefined: none known. */
  readonly lastUsed?: { readonly at: Date; readonly service: string; readonly region: string } | undefined;
}

/** An object as IAM reports it. */
export interface ExistingObject {
  readonly Arn?: string | undefined;
  readonly Path?: string | undefined;
  readonly CreateDate?: Date | undefined;
  readonly PermissionsBoundary?: { readonly PermissionsBoundaryArn?: string | undefined } | undefined;
}

/** How long to wait for IAM and STS in all. */
export interface Waiting {
  readonly progress: Progress;
  /** In seconds. The SDK itself waits without limit, also for a program that provides the credentials. */
  readonly limit: number;
  /** Ends the wait earlier. */
  readonly signal?: AbortSignal;
}

/** Reads IAM with a deployment's credentials, within a time limit. While AWS throttles, calls are repeated until then. */
export async function withIam<T>(
  { region, provider }: Pick<Deployment, "region" | "provider">,
  { progress, limit, signal }: Waiting,
  work: (iam: IamReader) => Promise<T>,
): Promise<T> {
  const { signal: ends, stop } = deadline(limit, signal);
  const iamRegion = alwaysOnRegion(region);
  const aws = new Aws({ ...provider, alwaysOnRegion: iamRegion, signal: ends, patient: true });
  try {
    return await withProgress("querying IAM", work(new IamReader(aws, iamRegion, { signal: ends, limit })), progress, ends);
  } finally {
    stop();
  }
}

/** Reads IAM object by object: one that cannot be read does not keep the others from being read. */
export class IamReader {
  /**
   * @param region an always-on Region of the partition
   * @param limit how long all calls may take, in seconds, when `signal` aborts
   */
  constructor(
    private readonly aws: Pick<Aws, "call" | "callAll"> & Partial<Pick<Aws, "now">>,
    private readonly region: string,
    private readonly time: { readonly signal: AbortSignal; readonly limit: number },
  ) {}

  /** The time that AWS reported in its last response, and that of this computer in the same moment. */
  times(): { readonly now: Date; readonly clock: Date } {
    const clock = new Date();
    return { now: this.aws.now?.() ?? clock, clock };
  }

  /** One object; undefined if IAM does not have it. */
  get<A extends Action>(action: A, input: Input<A>): Promise<Reading<Output<A> | undefined>> {
    return this.attempt(action, unlessMissing(this.aws.call(action, input, this.region), "NoSuchEntity"));
  }

  /** The items of all pages of a list; none if IAM does not have the object that they belong to. */
  async list<A extends PagedAction, T>(
    action: A,
    input: Input<A>,
    itemsOf: (page: Output<A>) => readonly T[] | undefined,
  ): Promise<Reading<readonly T[]>> {
    return mapped(await this.listOf(action, input, itemsOf), (items) => items ?? []);
  }

  /** The same; undefined if IAM does not have the object. */
  private listOf<A extends PagedAction, T>(
    action: A,
    input: Input<A>,
    itemsOf: (page: Output<A>) => readonly T[] | undefined,
  ): Promise<Reading<readonly T[] | undefined>> {
    const pages = unlessMissing(this.aws.callAll(action, input, this.region), "NoSuchEntity");
    return this.attempt(
      action,
      pages.then((all) => all?.flatMap((page) => itemsOf(page) ?? [])),
    );
  }

  /** The account of the credentials, which requires no permission. */
  async account(): Promise<Reading<string | undefined>> {
    return mapped(await this.get("sts:GetCallerIdentity", {}), (identity) => identity?.Account);
  }

  /** The access keys of a user without their last use; undefined if IAM does not have the user. */
  keys(UserName: string): Promise<Reading<readonly IamKey[] | undefined>> {
    return this.listOf("iam:ListAccessKeys", { UserName }, ({ AccessKeyMetadata }) =>
      AccessKeyMetadata?.map(({ AccessKeyId: id = "", Status: status = "", CreateDate: created }) => ({ id, status, created })),
    );
  }

  /** The last use of a key; undefined if AWS knows none, or the key was deleted since it was listed. */
  async lastUse(AccessKeyId: string): Promise<Reading<IamKey["lastUsed"]>> {
    return mapped(await this.get("iam:GetAccessKeyLastUsed", { AccessKeyId }), (found) => {
      const { LastUsedDate: at, ServiceName: service = "", Region: region = "" } = found?.AccessKeyLastUsed ?? {};
      return at && { at, service, region };
    });
  }

  /** A user, group or role of a name, or a policy of an ARN; undefined if IAM does not have it. */
  async object(kind: "user" | "policy" | "group" | "role", name: string): Promise<Reading<ExistingObject | undefined>> {
    switch (kind) {
      case "user":
        return mapped(await this.get("iam:GetUser", { UserName: name }), (found) => found?.User);
      case "policy":
        return mapped(await this.get("iam:GetPolicy", { PolicyArn: name }), (found) => found?.Policy);
      case "group":
        return mapped(await this.get("iam:GetGroup", { GroupName: name }), (found) => found?.Group);
      case "role":
        return mapped(await this.get("iam:GetRole", { RoleName: name }), (found) => found?.Role);
    }
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

  /** ID, document and creation of the default version of a managed policy; undefined if the policy does not exist. */
  async managedPolicy(PolicyArn: string) {
    const policy = await this.get("iam:GetPolicy", { PolicyArn });
    if ("unread" in policy || policy.value === undefined) {
      return mapped(policy, () => undefined);
    }
    const id = policy.value.Policy?.DefaultVersionId ?? "";
    const version = await this.get("iam:GetPolicyVersion", { PolicyArn, VersionId: id });
    return mapped(version, (found) => {
      const { Document, CreateDate: created } = found?.PolicyVersion ?? {};
      return found && { id, document: storedDocument(Document), created };
    });
  }

  /** ARNs of the managed policies that are attached to a user or a group. */
  attached(kind: "user" | "group", name: string): Promise<Reading<readonly string[]>> {
    return kind === "user"
      ? this.list("iam:ListAttachedUserPolicies", { UserName: name }, attachedArns)
      : this.list("iam:ListAttachedGroupPolicies", { GroupName: name }, attachedArns);
  }

  /** The groups of a user. */
  groups(UserName: string): Promise<Reading<readonly string[]>> {
    return this.list("iam:ListGroupsForUser", { UserName }, ({ Groups }) => Groups?.map(({ GroupName = "" }) => GroupName));
  }

  /**
   * What uses an object: the principals of a policy (`user deckhouse`, `group dkp`, `role nodes`), the members of a group, the instance
   * profiles of a role (`instance profile dev-node`); nothing uses a user.
   * @param name the ARN of a policy, else the name
   */
  async uses(kind: "user" | "policy" | "group" | "role", name: string): Promise<Reading<readonly string[]>> {
    switch (kind) {
      case "user":
        return { value: [] };
      case "policy":
        return this.list(
          "iam:ListEntitiesForPolicy",
          { PolicyArn: name },
          ({ PolicyUsers = [], PolicyGroups = [], PolicyRoles = [] }) => [
            ...PolicyUsers.map(({ UserName }) => `user ${UserName}`),
            ...PolicyGroups.map(({ GroupName }) => `group ${GroupName}`),
            ...PolicyRoles.map(({ RoleName }) => `role ${RoleName}`),
          ],
        );
      case "group":
        return this.list("iam:GetGroup", { GroupName: name }, ({ Users }) => Users?.map(({ UserName }) => `user ${UserName}`));
      case "role":
        return this.list("iam:ListInstanceProfilesForRole", { RoleName: name }, ({ InstanceProfiles }) =>
          InstanceProfiles?.map(({ InstanceProfileName }) => `instance profile ${InstanceProfileName}`),
        );
    }
  }

  private async attempt<T>(action: string, response: Promise<T>): Promise<Reading<T>> {
    try {
      return { value: await within(this.time.signal, this.time.limit, action, response) };
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
