import type { AccessLevel } from "../../../../src/iam/catalogue";
import facts from "./aws-actions.json";

export interface AwsService {
  /**
   * By resource type, the form of its ARNs:
   * `arn:${Partition}:ec2:${Region}::snapshot/${SnapshotId}`.
   */
  readonly arns: Readonly<Record<string, string>>;
  /** By access level and name, the resource types of each action. */
  readonly actions: Readonly<
    Partial<Record<AccessLevel, Readonly<Record<string, readonly string[]>>>>
  >;
}

interface AwsAction {
  /** As AWS writes it: IAM ignores the case. */
  readonly action: string;
  readonly level: AccessLevel;
  /**
   * The forms of ARNs, short ones and those of its service first; none if the action applies to no
   * resource.
   */
  readonly arns: readonly string[];
}

/** The services that policies of DKP and of nodes name. */
const SERVICES = facts as Readonly<Record<string, AwsService>>;

/** The actions of these services by their name in lower case. */
export const AWS_ACTIONS: ReadonlyMap<string, AwsAction> = new Map(
  Object.entries(SERVICES).flatMap(([service, { arns, actions }]) =>
    Object.entries(actions).flatMap(([level, named]) =>
      Object.entries(named).map(([name, types]) => {
        const action = `${service}:${name}`;
        const forms = types.map((type) => arns[type] ?? "").filter((form) => form !== "");
        const isOther = (form: string) => Number(!form.startsWith(`arn:\${Partition}:${service}:`));
        forms.sort((one, other) => isOther(one) - isOther(other) || one.length - other.length);
        return [
          action.toLowerCase(),
          { action, level: level as AccessLevel, arns: forms },
        ] as const;
      }),
    ),
  ),
);

/** Whether all actions of the service of an action are known. */
export function isOfKnownService(action: string): boolean {
  return Object.hasOwn(SERVICES, action.slice(0, action.indexOf(":")).toLowerCase());
}

const LEVELS: readonly AccessLevel[] = [
  "Permissions management",
  "Write",
  "Tagging",
  "Read",
  "List",
];

/**
 * The most serious actions of their access level: the ways to other permissions, and what cannot be
 * restored.
 */
const FIRST: readonly string[] = [
  "iam:PutRolePolicy",
  "iam:AttachRolePolicy",
  "iam:PutUserPolicy",
  "iam:AttachUserPolicy",
  "iam:CreatePolicyVersion",
  "iam:UpdateAssumeRolePolicy",
  "iam:PassRole",
  "iam:CreateAccessKey",
  "ec2:DeleteSnapshot",
  "ec2:TerminateInstances",
];

/**
 * Of 22,091 actions in the Service Authorization Reference, 98 % have the access level of their
 * verb.
 */
const READS = /:(?:Batch)?(?:Describe|Get|List)|:(?:Check|Detect|Download|Query|Read|Search|View)/i;

/** A lower number is more serious. */
export function seriousness(action: string): number {
  const level =
    AWS_ACTIONS.get(action.toLowerCase())?.level ?? (READS.test(action) ? "Read" : "Write");
  const first = FIRST.indexOf(action);
  return LEVELS.indexOf(level) * (FIRST.length + 1) + (first < 0 ? FIRST.length : first);
}
