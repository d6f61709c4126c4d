import type { Policy, Role } from "@aws-sdk/client-iam";
import type { Deployment } from "../../../../../src/settings/deployment";
import { type Access, type Aws, type Waiting, withAws } from "./client";
import { type Action, AwsError, type Input, type Output, TIMED_OUT } from "./operations";

export interface Unread {
  readonly unread: string;
  readonly error?: AwsError;
}

export type Reading<T> = { readonly value: T } | Unread;

export type StoredDocument = Readonly<Record<string, unknown>>;

export interface DatedKey {
  readonly id: string;
  readonly created?: Date | undefined;
  readonly lastUsed?:
    | { readonly at: Date; readonly service: string; readonly region: string }
    | undefined;
}

export interface IamKey extends DatedKey {
  readonly status: string;
}

/** The trust policy of a role is as IAM sends it: see `storedDocument`. */
export type ExistingObject = Partial<
  Pick<Role, "Arn" | "Path" | "CreateDate" | "PermissionsBoundary" | "AssumeRolePolicyDocument"> &
    Pick<Policy, "DefaultVersionId">
>;

/** Reads IAM with the credentials of a deployment, within a time limit. */
export const withIam = <T>(
  {
    region,
    provider,
    credentials,
  }: Partial<Pick<Deployment, "provider">> & Pick<Access, "region" | "credentials">,
  waiting: Waiting,
  work: (iam: IamReader) => Promise<T>,
): Promise<T> =>
  withAws({ region, ...provider, ...(credentials && { credentials }) }, waiting, (aws) =>
    work(new IamReader(aws)),
  );

type Kind = "user" | "policy" | "role";
type Principal = "user" | "group" | "role";

/** By the name in IAM's actions, the name in their inputs. */
export const TYPES = { user: "User", group: "Group", role: "Role" } as const;
const NAMED = {
  user: (UserName: string) => ({ UserName }),
  group: (GroupName: string) => ({ GroupName }),
  role: (RoleName: string) => ({ RoleName }),
};

/** Reads IAM object by object: an error with one does not prevent the others from being read. */
export class IamReader {
  constructor(private readonly aws: Pick<Aws, "call"> & Partial<Pick<Aws, "now">>) {}

  /** A reader for a report of one moment: it makes each call once. */
  once(): IamReader {
    const answers = new Map<string, Promise<unknown>>();
    const call = (action: Action, input: Input<Action>) => {
      const key = JSON.stringify([action, input]);
      const answer = answers.get(key) ?? this.aws.call(action, input);
      answers.set(key, answer);
      return answer;
    };
    return new IamReader({ call: call as Aws["call"], now: () => this.now() });
  }

  now(): Date {
    return this.aws.now?.() ?? new Date();
  }

  /** A value of the first page of a response; undefined if IAM does not have the object. */
  async get<A extends Action, T>(
    action: A,
    input: Input<A>,
    pick: (page: Output<A>) => T,
  ): Promise<Reading<T | undefined>> {
    return mapReading(await this.pages(action, input), (pages) => pages?.[0] && pick(pages[0]));
  }

  /** The items of all pages; none if IAM does not have the object that they belong to. */
  async list<A extends Action, T>(
    action: A,
    input: Input<A>,
    itemsOf: (page: Output<A>) => readonly T[] | undefined,
  ): Promise<Reading<readonly T[]>> {
    return mapReading(await this.pages(action, input), (pages) =>
      (pages ?? []).flatMap((page) => itemsOf(page) ?? []),
    );
  }

  /** The account of the credentials. The call requires no permission. */
  account(): Promise<Reading<string | undefined>> {
    return this.get("sts:GetCallerIdentity", {}, ({ Account }) => Account);
  }

  /** The ARN of the caller. The call requires no permission. */
  caller(): Promise<Reading<string | undefined>> {
    return this.get("sts:GetCallerIdentity", {}, ({ Arn }) => Arn);
  }

  /** The access keys of a user without their last use; undefined if IAM does not have the user. */
  async keys(UserName: string): Promise<Reading<readonly IamKey[] | undefined>> {
    return mapReading(await this.pages("iam:ListAccessKeys", { UserName }), (pages) =>
      pages
        ?.flatMap(({ AccessKeyMetadata = [] }) => AccessKeyMetadata)
        .map(({ AccessKeyId: id = "", Status: status = "", CreateDate: created }) => ({
          id,
          status,
          created,
        })),
    );
  }

  async usedKeys(user: string): Promise<Reading<readonly IamKey[] | undefined>> {
    const keys = await this.keys(user);
    if ("unread" in keys || keys.value === undefined) {
      return keys;
    }
    const used: IamKey[] = [];
    for (const key of keys.value) {
      const use = await this.keyUse(key.id);
      if ("unread" in use) {
        return use;
      }
      used.push({ ...key, lastUsed: use.value?.lastUsed });
    }
    return { value: used };
  }

  /**
   * The user that has a key, and its last use that AWS knows; undefined if no user of the account
   * has the key.
   */
  keyUse(
    AccessKeyId: string,
  ): Promise<Reading<(Pick<IamKey, "lastUsed"> & { readonly user: string }) | undefined>> {
    return this.get(
      "iam:GetAccessKeyLastUsed",
      { AccessKeyId },
      ({ UserName: user = "", AccessKeyLastUsed = {} as never }) => {
        const {
          LastUsedDate: at,
          ServiceName: service = "",
          Region: region = "",
        } = AccessKeyLastUsed;
        return { user, lastUsed: at && { at, service, region } };
      },
    );
  }

  /** A user or role of a name, or a policy of an ARN; undefined if IAM does not have it. */
  object(kind: Kind, name: string): Promise<Reading<ExistingObject | undefined>> {
    const objects = {
      user: () => this.get("iam:GetUser", { UserName: name }, ({ User }) => User),
      policy: () => this.get("iam:GetPolicy", { PolicyArn: name }, ({ Policy }) => Policy),
      role: () => this.get("iam:GetRole", { RoleName: name }, ({ Role }) => Role),
    };
    return objects[kind]();
  }

  inlinePolicy(
    kind: Principal,
    name: string,
    PolicyName: string,
  ): Promise<Reading<StoredDocument | undefined>> {
    const input = { ...NAMED[kind](name), PolicyName };
    return this.get(`iam:Get${TYPES[kind]}Policy`, input, ({ PolicyDocument }) =>
      storedDocument(PolicyDocument),
    );
  }

  /** The document of the default version; undefined if IAM does not have the policy. */
  async managedPolicy(PolicyArn: string): Promise<Reading<StoredDocument | undefined>> {
    const policy = await this.object("policy", PolicyArn);
    if ("unread" in policy || policy.value === undefined) {
      return mapReading(policy, () => undefined);
    }
    const { DefaultVersionId: VersionId } = policy.value;
    return await this.get("iam:GetPolicyVersion", { PolicyArn, VersionId }, ({ PolicyVersion }) =>
      storedDocument(PolicyVersion?.Document),
    );
  }

  attached(kind: Principal, name: string): Promise<Reading<readonly string[]>> {
    return this.list(
      `iam:ListAttached${TYPES[kind]}Policies`,
      NAMED[kind](name),
      ({ AttachedPolicies }) => AttachedPolicies?.map(({ PolicyArn = "" }) => PolicyArn),
    );
  }

  inline(kind: Principal, name: string): Promise<Reading<readonly string[]>> {
    return this.list(
      `iam:List${TYPES[kind]}Policies`,
      NAMED[kind](name),
      ({ PolicyNames }) => PolicyNames,
    );
  }

  groups(UserName: string): Promise<Reading<readonly string[]>> {
    return this.list("iam:ListGroupsForUser", { UserName }, ({ Groups }) =>
      Groups?.map(({ GroupName = "" }) => GroupName),
    );
  }

  /**
   * The principals of a policy (`user deckhouse`, `group dkp`, `role nodes`), or the instance
   * profiles of a role (`instance profile dev-node`); nothing uses a user.
   * @param name the ARN of a policy, else the name
   */
  uses(kind: Kind, name: string): Promise<Reading<readonly string[]>> {
    const lists = {
      user: async () => ({ value: [] }),
      policy: () =>
        this.list(
          "iam:ListEntitiesForPolicy",
          { PolicyArn: name },
          ({ PolicyUsers = [], PolicyGroups = [], PolicyRoles = [] }) => [
            ...PolicyUsers.map(({ UserName }) => `user ${UserName}`),
            ...PolicyGroups.map(({ GroupName }) => `group ${GroupName}`),
            ...PolicyRoles.map(({ RoleName }) => `role ${RoleName}`),
          ],
        ),
      role: () =>
        this.list("iam:ListInstanceProfilesForRole", { RoleName: name }, ({ InstanceProfiles }) =>
          InstanceProfiles?.map(
            ({ InstanceProfileName }) => `instance profile ${InstanceProfileName}`,
          ),
        ),
    };
    return lists[kind]();
  }

  private async pages<A extends Action>(
    action: A,
    input: Input<A>,
  ): Promise<Reading<readonly Output<A>[] | undefined>> {
    try {
      return { value: await this.aws.call(action, input) };
    } catch (error) {
      if (!(error instanceof AwsError)) {
        throw error;
      }
      const code = error.code === TIMED_OUT ? "" : `${error.code}: `;
      return error.code === "NoSuchEntity"
        ? { value: undefined }
        : { unread: `${error.action}: ${code}${error.message}`, error };
    }
  }
}

function mapReading<T, U>(reading: Reading<T>, convert: (value: T) => U): Reading<U> {
  return "value" in reading ? { value: convert(reading.value) } : reading;
}

/**
 * The value of a reading.
 * @throws the error why it was not read
 */
export function requiredOf<T>(reading: Reading<T>): T {
  if ("value" in reading) {
    return reading.value;
  }
  throw reading.error ?? new Error(reading.unread);
}

/** Parses a document as IAM sends it, percent-encoded JSON. */
export function storedDocument(document = "{}"): StoredDocument {
  return JSON.parse(decodeURIComponent(document)) as StoredDocument;
}
