import { type TrailEvent, valuesOf } from "./trail-event";

/** Whoever acts with a leaked key: the key, and what it obtained. */
export interface LeakedAccess {
  readonly user: string;
  readonly keys: readonly string[];
  /** What existed or was issued before is not the attacker's, except temporary credentials. */
  readonly since?: string | undefined;
}

/** Which events a leaked key caused. */
export interface Attribution {
  readonly events: readonly TrailEvent[];
  /** ARNs of the roles that were created since, or whose trust policy was changed. */
  readonly roles: ReadonlySet<string>;
}

/** Calls that return temporary credentials. Source: IAM User Guide, "Compare AWS STS credentials". */
const ISSUES = /^sts:(GetSessionToken|GetFederationToken|AssumeRole)$/;

/**
 * The events of a leaked key and of all that follows from it: sessions of its user, roles that it assumed, created or opened, access
 * keys that it created, and instances that it launched. `events` are in the order of time.
 *
 * A session of the user counts also if the event that issued it is missing: the user has no password, so that only a key can issue one.
 */
export function attributed(events: readonly TrailEvent[], access: LeakedAccess): Attribution {
  const keys = new Set(access.keys);
  const roles = new Set<string>();
  const instances = new Set<string>();
  const found: TrailEvent[] = [];
  for (const event of events) {
    const { action, caller, error, request, response } = event;
    const isOwn =
      (caller.accessKeyId !== undefined && keys.has(caller.accessKeyId)) ||
      isUserSession(event, access.user) ||
      (caller.role !== undefined && roles.has(caller.role)) ||
      instances.has(sessionName(caller.arn));
    // Whoever assumes a role that the attacker opened, also from another account.
    const isOpened = action === "sts:AssumeRole" && valuesOf(request, "roleArn").some((arn) => roles.has(arn));
    if (!isOwn && !isOpened) {
      continue;
    }
    found.push(event);
    if (error !== undefined) {
      continue;
    }
    const isSince = isAfter(event, access.since);
    if (ISSUES.test(action) || (isSince && action === "iam:CreateAccessKey")) {
      add(keys, valuesOf(response, "accessKeyId"));
    }
    if (isSince && action === "iam:CreateRole") {
      add(roles, valuesOf(response, "arn"));
    }
    if (isSince && action === "iam:UpdateAssumeRolePolicy") {
      add(
        roles,
        valuesOf(request, "roleName").map(
          (name) => `arn:${caller.arn?.split(":")[1]}:iam::${caller.arn?.split(":")[4]}:role/${name}`,
        ),
      );
    }
    if (isSince && action === "ec2:RunInstances") {
      add(instances, valuesOf(response, "instanceId"));
    }
  }
  return { events: found, roles };
}

/** Whether an event is not older than a time. */
export const isAfter = ({ time }: TrailEvent, since: string | undefined) => since === undefined || time >= since;

function isUserSession({ caller }: TrailEvent, user: string): boolean {
  return caller.type === "IAMUser" && caller.userName === user && caller.accessKeyId?.startsWith("ASIA") === true;
}

/** The last part of `arn:aws:sts::123456789012:assumed-role/ROLE/SESSION`; of an instance, its ID. */
const sessionName = (arn = "") => arn.split("/").at(2) ?? "";

function add(set: Set<string>, values: readonly string[]): void {
  for (const value of values) {
    set.add(value);
  }
}
