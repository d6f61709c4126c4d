import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Budget } from "./budget";
import { like, matches } from "./glob";

export type AccessLevel = "Permissions management" | "Write" | "Tagging" | "Read" | "List";

/** An action, as the Service Authorization Reference lists it. */
export interface AwsAction {
  /** As AWS writes it: IAM ignores the case. */
  readonly action: string;
  readonly level: AccessLevel;
  /**
   * The forms of ARNs, short ones and those of its service first; none if the action applies to no
   * resource; undefined if the reference does not list the action.
   */
  readonly arns?: readonly string[];
}

/** A service in data/actions.json, which scripts/actions.mjs writes. */
interface Service {
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

const SERVICES = JSON.parse(
  readFileSync(join(__dirname, "../data/actions.json"), "utf8"),
) as Readonly<Record<string, Service>>;

/** From the most serious one. */
const LEVELS: readonly AccessLevel[] = [
  "Permissions management",
  "Write",
  "Tagging",
  "Read",
  "List",
];

/** Of their level, these matter most: each leads to the permissions of others. */
const FIRST: readonly string[] = [
  ...[
    "iam:PutRolePolicy",
    "iam:AttachRolePolicy",
    "iam:PutUserPolicy",
    "iam:AttachUserPolicy",
    "iam:CreatePolicyVersion",
  ],
  ...["iam:UpdateAssumeRolePolicy", "iam:PassRole", "iam:CreateAccessKey", "sts:AssumeRole"],
];

/** AWS allows these to everybody. Source: AWS STS API reference, "No permissions are required". */
const WITHOUT_PERMISSION = /^sts:Get(?:AccessKeyInfo|CallerIdentity|SessionToken)$/i;

/**
 * Of 22,091 actions in the Service Authorization Reference, 98 % have the access level of their
 * verb.
 */
const READS = /:(?:batch)?(?:describe|get|list)|:(?:check|detect|download|query|read|search|view)/i;

/** A lower number is more serious. */
export function seriousness({ action, level }: AwsAction): number {
  const first = FIRST.indexOf(action);
  return LEVELS.indexOf(level) * (FIRST.length + 1) + (first < 0 ? FIRST.length : first);
}

/** The access level of an action that the reference does not list, by its verb. */
function levelByVerb(action: string): AccessLevel {
  return READS.test(action) ? "Read" : "Write";
}

/**
 * The actions that exist and match a pattern. A name that the reference does not list is taken to
 * exist.
 * @param pattern in lower case
 * @throws BudgetExceeded
 */
export function actionsMatching(pattern: string, budget: Budget): readonly AwsAction[] {
  const [service = "", name = ""] = pattern.split(":");
  const known = pattern === "*" ? Object.keys(SERVICES).flatMap(actionsOf) : actionsOf(service);
  const text = (action: string) => action.slice(service.length + 1).toLowerCase();
  const glob = like(name);
  const found =
    pattern === "*" || name === "*"
      ? known
      : known.filter(({ action }) => matches(glob, text(action), budget));
  const named =
    found.length === 0 && !/[*?]/.test(pattern)
      ? [{ action: pattern, level: levelByVerb(pattern) }]
      : [];
  return [...found, ...named].filter(({ action }) => !WITHOUT_PERMISSION.test(action));
}

function actionsOf(service: string): readonly AwsAction[] {
  const { arns, actions } = Object.hasOwn(SERVICES, service)
    ? (SERVICES[service] as Service)
    : { arns: {}, actions: {} };
  const levels = Object.entries(actions) as readonly (readonly [
    AccessLevel,
    Readonly<Record<string, readonly string[]>>,
  ])[];
  return levels.flatMap(([level, named]) =>
    Object.entries(named).map(([name, types]) => {
      const forms = types.flatMap((type) => (arns as Service["arns"])[type] ?? []);
      const isOther = (form: string) => Number(!form.startsWith(`arn:\${Partition}:${service}:`));
      const sorted = forms.toSorted(
        (one, other) => isOther(one) - isOther(other) || one.length - other.length,
      );
      return { action: `${service}:${name}`, level, arns: sorted };
    }),
  );
}
