import type { DecisionRequest } from "../../decision/model";
import type { AccessLevel, Area } from "../../iam/catalogue";
import { page } from "../../text/recovery";
import type { Found, Level, Rule } from "../findings/finding";

/** Under which heading a summary lists a finding; in this order. */
export const SECTIONS = [
  "Breaking changes",
  "Who can read a secret",
  "Destination of the secret",
  "What an attacker with the key can do",
  "Broadened permissions",
  "Other changes that require attention",
  "Narrowed permissions",
  "Settings",
  "Resources",
  "Notes",
] as const;

export type Section = (typeof SECTIONS)[number];

/** Whose permissions change. The deployer is the principal that runs Terraform. */
export type Principal = "user" | "node role" | "deployer" | "any principal";

/** A resource pattern and its conditions as people read them: `aws:RequestedRegion is eu-central-1`. */
export type Scope = { readonly resource: string; readonly conditions: readonly string[] };

/** An action that is allowed for more requests than before, or for fewer. */
export type ActionChange = {
  /** As the policy writes it; may have wildcards. */
  readonly action: string;
  /** `unknown` for what is not in the catalogue. */
  readonly access: AccessLevel | "unknown";
  readonly area: Area | "not in DKP's catalogue";
  /** What DKP does with it. */
  readonly why?: string | undefined;
  readonly before: readonly Scope[];
  readonly after: readonly Scope[];
};

/** What a principal is allowed, of which policy, and a request as evidence. */
export type PermissionValues = {
  readonly principal: Principal;
  readonly actions: readonly ActionChange[];
  /** A request that is allowed after the change and was not allowed before. */
  readonly request?: DecisionRequest | undefined;
  /** ARN of a permissions boundary that stays and whose content is unknown: the request also needs its permission. */
  readonly boundary?: string | undefined;
};

export interface DiffRule<Values> extends Rule<Values> {
  readonly section: Section;
  /** The settings that it most likely follows from, for those that do not name one: the first that changed counts. */
  readonly fields: readonly string[];
}

type Text<Values> = (values: Values) => string;

const rules =
  (level: Level, section: Section) =>
  <Values>(title: string, text: Text<Values>, ...fields: readonly string[]): DiffRule<Values> => ({
    level,
    section,
    title,
    text,
    fields,
  });

const breaking = rules("breaking", "Breaking changes");
const unverifiable = rules("unverifiable", "Breaking changes");
const exposure = rules("attention", "Who can read a secret");
const broadened = rules("attention", "Broadened permissions");
const attention = rules("attention", "Other changes that require attention");
const narrowed = rules("note", "Narrowed permissions");
const note = rules("note", "Notes");

type Slot = { readonly slot: string };
type What = { readonly what: string };
type Change = { readonly from: string; readonly to: string };
type FieldChange = Change & { readonly field: string };

const fieldChange = ({ field, from, to }: FieldChange) => `${field}: ${from} -> ${to}`;

/** A request in one line. */
export function requestText({ action, resource, context }: DecisionRequest): string {
  const keys = Object.entries(context).map(([key, value]) => `${key}=${[value].flat().join(",")}`);
  return `${action} on ${resource}${keys.length === 0 ? "" : ` with ${keys.join(", ")}`}`;
}

const example = (what: string, request: DecisionRequest | undefined) =>
  request === undefined ? "" : `; for example ${what}${requestText(request)}`;

const names = (actions: readonly ActionChange[]) => actions.map(({ action }) => action).join(", ");

const KEYS = ["accessKeys.primary", "accessKeys.secondary", "accessKeys"];
const PERMISSIONS = ["features", "policy", "cluster", "nodeRole", "region"];

/** Every kind of difference that `diff` reports. Rule IDs are stable. */
export const RULES = {
  "user-renamed": breaking(
    "The user is renamed.",
    ({ from, to }: Change) =>
      `renames the user ${from} to ${to}: Terraform replaces the access keys and attachments that refer to the old name`,
    "user.name",
  ),
  "user-replaced": breaking(
    "The user is replaced.",
    ({ what }: What) => `replaces the ${what}, which deletes its access keys`,
    "user",
  ),
  "user-deleted": breaking(
    "The user is deleted.",
    ({ what }: What) => `deletes the ${what}: the cluster loses access to AWS`,
    "user",
  ),
  "policy-replaced": breaking(
    "A policy is replaced.",
    ({ what }: What) => `replaces the ${what} and its attachments`,
    "policy.name",
    "policy.path",
  ),
  "policy-deleted": breaking(
    "A policy is deleted.",
    ({ what }: What) => `deletes the ${what}: the cluster loses its permissions`,
    "policy",
  ),
  "attachment-replaced": breaking(
    "An attachment is replaced.",
    ({ what }: What) => `replaces the ${what}`,
    "attachment",
    "user.name",
    "policy.name",
    "policy.path",
    "group.name",
  ),
  "membership-replaced": breaking(
    "The membership of the user in the group is replaced.",
    ({ what }: What) => `replaces the ${what}: the user is not in the group between the two API calls`,
    "group.name",
    "user.name",
  ),
  "node-role-destroyed": breaking(
    "The node role is replaced or deleted.",
    ({ what, action }: What & { readonly action: string }) =>
      `${action} the ${what}: nodes that use it lose their permissions; set iamNodeRole to another role first`,
    "nodeRole.name",
    "nodeRole",
  ),
  forgotten: breaking(
    "Terraform stops managing an object, which stays in AWS.",
    ({ what }: What) => `stops managing the ${what}: it stays in AWS, and Terraform no longer limits, changes or deletes it`,
  ),
  deposed: breaking(
    "What an earlier replacement left over is deleted.",
    ({ what }: What) =>
      `deletes what an earlier replacement of ${what} left over; make sure that nothing uses it, and plan again`,
  ),
  "key-replaced": breaking(
    "An access key is replaced.",
    ({ slot }: Slot) => `replaces the access key in the slot ${slot}: the old key is deleted before the new key exists`,
    ...KEYS,
  ),
  "active-key-deleted": breaking(
    "An Active access key is deleted.",
    ({ slot }: Slot) => `deletes the access key in the slot ${slot} while it is Active; set it to Inactive in an earlier apply`,
    ...KEYS,
  ),
  "keys-exchanged": breaking(
    "An access key is created and another one deleted in one apply.",
    ({ created, deleted }: { readonly created: string; readonly deleted: string }) =>
      `creates the access key in the slot ${created} and deletes the one in the slot ${deleted} in one apply; a rotation changes one setting per apply`,
    ...KEYS,
  ),
  "current-key-deactivated": breaking(
    "The current access key is deactivated.",
    ({ slot }: Slot) =>
      `deactivates the access key in the slot ${slot}, which is the current key that the outputs expose; set accessKeys.current to the other slot in an earlier apply, unless this key has leaked: then this is the change of review/<stack>/after-a-leak.md`,
    ...KEYS,
  ),
  "key-reactivated": breaking(
    "An access key that was deactivated outside Terraform is activated.",
    ({ slot }: Slot) =>
      `activates the access key in the slot ${slot}, which was deactivated outside Terraform; if it has leaked, keep it Inactive and expose another key: set accessKeys.${slot}.status to Inactive`,
    ...KEYS,
  ),
  "policy-detached": breaking(
    "The policy is attached to nobody.",
    (_: object) => "detaches the policy from the user, which then has no permissions",
    "attachment",
  ),
  "policy-moved": breaking(
    "The policy moves between user and group in one apply.",
    ({ from, to }: Change) =>
      `moves the policy from the ${from} to the ${to} in one apply: the user temporarily has no permissions; apply attachment: user-and-group first`,
    "attachment",
  ),
  "environment-changed": breaking(
    "The deployment moves to another account or partition.",
    ({ what, from, to }: Change & What) =>
      `creates all resources again in the ${what} ${to}, and leaves the user and its access key unmanaged in ${from}`,
    "accountId",
    "provider.assumeRoleArn",
    "region",
  ),
  "removed-while-protected": breaking(
    "The settings file of a protected deployment is deleted.",
    (_: object) =>
      `the settings file is deleted while protect is on, so the deployment cannot have been destroyed: its user and its access key would remain and be unmanaged; restore the file, set protect: false, and destroy the deployment. If you renamed the file, keep the state: ${page("how-to/change-and-retire.md#rename-a-stack")}`,
    "protect",
  ),
  "setting-breaking": breaking("A setting changes whose change breaks something.", fieldChange),
  "plan-failed": unverifiable(
    "Terraform failed while it created the plan.",
    (_: object) =>
      "Terraform failed while it created this plan, so the plan is incomplete and what else changes is unknown; plan again",
  ),
  "plan-partial": unverifiable(
    "The plan is for some addresses only, or defers changes.",
    (_: object) =>
      "this plan is incomplete: it is for some addresses only (-target), or it defers changes to another plan, so what else changes is unknown; plan without -target",
  ),
  "configuration-differs": unverifiable(
    "The plan is of another configuration than the one that synth writes now.",
    ({ differences }: { readonly differences: readonly string[] }) =>
      `the plan is of another configuration than the one that synth writes for these settings, so nothing else in this summary is certain; differences: ${differences.join(", ")}; run synth and plan again`,
  ),
  "secret-output": exposure(
    "A new output exposes the secret.",
    ({ output }: { readonly output: string }) =>
      `the output ${output} is new: every workspace that reads any output of this state receives the secret in plaintext`,
    "outputs.secret",
    "outputs",
  ),
  "secret-unmarked": exposure(
    "The output of the secret is not marked as sensitive.",
    ({ output }: { readonly output: string }) => `the output ${output} is not marked as sensitive: Terraform prints it`,
    "outputs",
  ),
  "output-may-hold-secret": exposure(
    "An output may contain the secret.",
    ({ output }: { readonly output: string }) =>
      `the output ${output} may contain the secret of an access key: every workspace that reads any output of this state receives it in plaintext`,
    "outputs",
  ),
  "plaintext-in-state": exposure(
    "The state newly contains a secret in plaintext.",
    (_: object) => "the state newly contains the secret of an access key in plaintext",
    ...KEYS,
  ),
  "pgp-key-new": exposure(
    "A secret is encrypted for an OpenPGP key that could not read a secret before.",
    ({
      slot,
      fingerprint,
      users,
      former,
    }: Slot & { readonly fingerprint: string; readonly users: string; readonly former: string }) =>
      `the secret of the key in the slot ${slot} is for the OpenPGP key ${fingerprint}${users === "" ? "" : ` of ${users}`}, which could not read a secret before${former === "" ? "" : `; before: ${former}`}`,
    ...KEYS,
  ),
  "secret-in-value": exposure(
    "A value of the plan contains a secret of the state.",
    ({ where }: { readonly where: string }) =>
      `${where} contains the secret of an access key: whoever can read it in AWS, in the state or in the plan receives the secret`,
  ),
  "setting-exposure": exposure("A setting changes that decides who can read a secret.", fieldChange),
  "destination-changed": rules("attention", "Destination of the secret")(
    "The state, and with it the secret, goes to another destination, or is protected in another way.",
    ({ changes }: { readonly changes: readonly string[] }) =>
      `the state, which may contain the secret, changes its destination or protection (${changes.join(", ")}): Terraform sends the state and the credentials of the backend there; with another location, run terraform init -migrate-state`,
    "backend",
    "cloud",
  ),
  "permissions-broadened": broadened(
    "A principal is allowed more than before.",
    ({ principal, actions, request, boundary }: PermissionValues) =>
      `the ${principal} is allowed more than before${actions.length === 0 ? "" : `: ${names(actions)}`}${example("", request)}${boundary === undefined ? "" : `, if the permissions boundary ${boundary} allows it`}`,
    ...PERMISSIONS,
  ),
  "permissions-not-comparable": broadened(
    "The policies of a principal are not comparable, which counts as broadened.",
    ({ principal, reason }: PermissionValues & { readonly reason: string }) =>
      `the ${principal}: not comparable: reported as broadened, because ${reason}`,
    ...PERMISSIONS,
  ),
  "deny-weakened": broadened(
    "A Deny is removed or covers fewer requests.",
    ({ principal, request, reason }: Omit<PermissionValues, "actions"> & { readonly reason?: string | undefined }) =>
      `the ${principal}: a Deny is removed or covers fewer requests${reason === undefined ? "" : `, or is not comparable, because ${reason}`}${example("", request)}`,
    "user.allowedNetworks",
    ...PERMISSIONS,
  ),
  "boundary-weakened": broadened(
    "A permissions boundary is removed, or allows more than before.",
    ({
      principal,
      from,
      to,
      request,
      reason,
    }: Omit<PermissionValues, "actions"> & Change & { readonly reason?: string | undefined }) =>
      `the ${principal}: the permissions boundary ${from} ${to === "" ? "is removed" : `is replaced by ${to}`}${reason === undefined ? "" : `; not comparable, because ${reason}`}${example("", request)}`,
    "user.permissionsBoundary",
    "nodeRole.permissionsBoundary",
  ),
  "trust-broadened": broadened(
    "A role can be assumed by more principals.",
    ({
      role,
      request,
      reason,
    }: {
      readonly role: string;
      readonly request?: DecisionRequest | undefined;
      readonly reason?: string | undefined;
    }) =>
      `who may assume ${role}: more than before${reason === undefined ? "" : `, or not comparable, because ${reason}`}${request === undefined ? "" : `; for example ${trustText(request)}`}`,
    "nodeRole",
    "provider",
  ),
  "control-policy-weakened": broadened(
    "The service control policy denies less than before.",
    ({
      statements,
      request,
      reason,
    }: {
      readonly statements: readonly string[];
      readonly request?: DecisionRequest | undefined;
      readonly reason?: string | undefined;
    }) =>
      `the service control policy denies less: ${statements.join(", ")}${reason === undefined ? "" : `; not comparable, because ${reason}`}${example("", request)}`,
    "cluster",
    "policy.mode",
    "policy",
    "user",
  ),
  "policy-attached": broadened(
    "A policy is attached that is not compared.",
    ({ to, arn }: { readonly to: string; readonly arn: string }) =>
      `${to}: the policy ${arn} is attached; its permissions are not compared`,
    "nodeRole.managedPolicyArns",
    "nodeRole",
    "attachment",
  ),
  "group-joined": broadened(
    "The user is added to a group that this project does not create.",
    ({ group }: { readonly group: string }) => `the user: added to the group ${group}; its permissions are not compared`,
    "attachment",
    "group",
  ),
  "principal-external": broadened(
    "A policy or key belongs to a principal that this project does not create.",
    ({ address, argument, value }: { readonly address: string; readonly argument: string; readonly value: string }) =>
      `${address}: ${argument} is now ${value}, which this project does not create`,
  ),
  "resource-external": broadened(
    "A resource that this project does not create changes.",
    ({ address }: { readonly address: string }) =>
      `${address}: not created by this project, so what it allows or denies is unknown`,
  ),
  "import-not-compared": broadened(
    "An existing user, group or role is imported with the policies that it has.",
    ({ what }: What) =>
      `the ${what} is imported: it may have policies, groups or members beside those of this project, which are not compared; check them in AWS before you apply`,
    "import",
    "nodeRole",
  ),
  "drift-not-compared": broadened(
    "A user, group or role was changed outside Terraform.",
    ({ what, attributes }: What & { readonly attributes: readonly string[] }) =>
      `the ${what} was changed outside Terraform (${attributes.join(", ")}), which is not compared`,
  ),
  "argument-not-comparable": broadened(
    "An argument changes that is not compared.",
    ({ address, argument }: { readonly address: string; readonly argument: string }) =>
      `${address}: the argument ${argument} is not comparable`,
  ),
  moved: broadened(
    "A resource comes from another address.",
    ({ from, to }: Change) => `${to}: moved from ${from}, which is not comparable`,
  ),
  "deployer-broadened": broadened(
    "The principal that runs Terraform needs more permissions.",
    ({
      files,
      actions,
      request,
    }: {
      readonly files: readonly string[];
      readonly actions: readonly string[];
      readonly request?: DecisionRequest | undefined;
    }) =>
      `the principal that runs Terraform needs more: update its role with ${files.join(" and ")} first: ${actions.join(", ")}${example("", request)}`,
    "provider",
    "tags",
    "attachment",
    "user",
    "nodeRole",
    "backend",
  ),
  "deployer-not-comparable": broadened(
    "The policies of the principal that runs Terraform are not comparable.",
    ({ file, reason }: { readonly file: string; readonly reason: string }) =>
      `${file}: not comparable: reported as broadened, because ${reason}`,
    "provider",
    "nodeRole",
    "backend",
  ),
  "plan-unverified": attention(
    "The plan carries no proof of its configuration.",
    (_: object) =>
      "the configuration of this plan is unverified: JSON does not contain it; give the file that terraform plan -out=FILE wrote",
  ),
  "plan-unknown-part": attention(
    "The plan has a part that is not known.",
    ({ part }: { readonly part: string }) => `the plan has ${part}, which is not known here`,
  ),
  "configuration-changed": attention(
    "A part of the Terraform configuration changes that no setting and no policy explains.",
    ({ address }: { readonly address: string }) => `${address} changes, which no setting and no policy explains`,
  ),
  "settings-unknown": attention(
    "The earlier review pack does not have the settings.",
    (_: object) =>
      "the earlier review pack has no deployment.json, so the settings are not compared field by field; create it again with this version",
  ),
  "file-not-compared": attention(
    "A policy of the review pack cannot be compared.",
    ({ file }: { readonly file: string }) => `${file} is not compared: the earlier review pack does not contain it`,
  ),
  "baseline-newer": attention(
    "A newer version of the program wrote the earlier review pack.",
    ({ theirs, ours }: { readonly theirs: string; readonly ours: string }) =>
      `version ${theirs} of dkp-access wrote the earlier review pack, and this is ${ours}: what it does not know, it takes away; install ${theirs} or newer`,
  ),
  "setting-identity": attention("A setting changes that identifies what exists.", fieldChange),
  "setting-changed": attention("A setting changes.", fieldChange),
  "permissions-narrowed": narrowed(
    "A principal is allowed less than before.",
    ({ principal, actions }: PermissionValues) =>
      `the ${principal} is allowed less than before${actions.length === 0 ? "" : `: ${names(actions)}`}`,
    ...PERMISSIONS,
  ),
  "deployer-narrowed": narrowed(
    "The principal that runs Terraform needs fewer permissions.",
    ({ actions }: { readonly actions: readonly string[] }) => `the deployer no longer needs ${actions.join(", ")}`,
    "provider",
  ),
  "limits-strengthened": narrowed(
    "A Deny, a boundary, a trust policy or the service control policy allows less than before.",
    ({ what }: What) => what,
    ...PERMISSIONS,
  ),
  "setting-permissions": rules("note", "Settings")(
    "A setting changes that decides the policies, which are compared.",
    fieldChange,
  ),
  "setting-harmless": rules("note", "Settings")("A setting changes that is harmless.", fieldChange),
  resource: rules("note", "Resources")(
    "A resource changes.",
    ({ action, what, details }: What & { readonly action: string; readonly details: readonly string[] }) =>
      `${action}: ${what}${details.length === 0 ? "" : `: ${details.join(", ")}`}`,
  ),
  risk: rules("note", "What an attacker with the key can do")(
    "What an attacker with the key can do changes.",
    ({ before, after }: { readonly before: string; readonly after: string }) => riskText(before, after),
    ...PERMISSIONS,
  ),
  "outputs-changed": note(
    "Outputs appear or disappear.",
    ({ appeared, gone }: { readonly appeared: readonly string[]; readonly gone: readonly string[] }) =>
      [
        ...(appeared.length === 0 ? [] : [`new outputs: ${appeared.join(", ")}`]),
        ...(gone.length === 0 ? [] : [`removed outputs, which other workspaces may read: ${gone.join(", ")}`]),
      ].join("; "),
    "outputs",
    "attachment",
  ),
  "plaintext-gone": note(
    "The state no longer contains a secret in plaintext.",
    (_: object) => "the state no longer contains a secret in plaintext; its older versions still do",
    ...KEYS,
  ),
  "boundary-new": note(
    "A permissions boundary is new.",
    ({ address }: { readonly address: string }) =>
      `${address}: the permissions boundary is new and blocks whatever it does not allow: compare it with policy.json before you apply`,
    "user.permissionsBoundary",
    "nodeRole.permissionsBoundary",
  ),
  "deployment-removed": note(
    "The settings file of a deployment is deleted.",
    (_: object) =>
      "the settings file is deleted, which deletes nothing in AWS: if the deployment was not destroyed before, its user and its access key remain and are unmanaged",
  ),
  "version-required": broadened(
    "Another DKP version requires an action that the policy does not allow.",
    ({ action, why }: { readonly action: string; readonly why: string }) => `add before the upgrade: ${action}: ${why}`,
    "cluster.dkpVersion",
  ),
  "version-unneeded": note(
    "Another DKP version no longer requires an action.",
    ({ action, why }: { readonly action: string; readonly why: string }) => `can be removed after the upgrade: ${action}: ${why}`,
    "cluster.dkpVersion",
  ),
  "version-incident": note(
    "A known incident of a DKP version.",
    ({ version, what, source }: What & { readonly version: string; readonly source: string }) =>
      `known incident of ${version}: ${what} (${source})`,
    "cluster.dkpVersion",
  ),
} as const;

function riskText(before: string, after: string): string {
  if (before === "") {
    return `new: ${after}`;
  }
  return after === "" ? `no longer: ${before}` : `before: ${before}; now: ${after}`;
}

/** Of a trust policy, the request has no resource; the principal is a context key. */
function trustText({ action, context }: DecisionRequest): string {
  return `${action}${Object.entries(context)
    .map(([key, value]) => ` with ${key}=${[value].flat().join(",")}`)
    .join()}`;
}

export type DiffRules = typeof RULES;

export type RuleId = keyof DiffRules;

/** What is found in one deployment. */
export type DiffFound = Found<DiffRules>;
