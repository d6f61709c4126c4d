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
export type Principal = "user" | "node role" | "deployer" | "any principal" | "principal";

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

/** The names in braces of a template, and those of them that stand in brackets. */
type NamesIn<Template> = Template extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;
type OptionalIn<Template> = Template extends `${string}[${infer Part}]${infer Rest}` ? NamesIn<Part> | OptionalIn<Rest> : never;

type ValueOf<Name> = Name extends "actions"
  ? readonly ActionChange[]
  : Name extends "request"
    ? DecisionRequest
    : string | readonly string[];

/** The values that a template shows. */
type ValuesOf<Template> = { readonly [Name in Exclude<NamesIn<Template>, OptionalIn<Template>>]: ValueOf<Name> } & {
  readonly [Name in OptionalIn<Template>]?: ValueOf<Name> | undefined;
};

export interface DiffRule<Values> extends Rule<Values> {
  readonly section: Section;
  /** The settings that it most likely follows from, for those that do not name one: the first that changed counts. */
  readonly fields: readonly string[];
}

/** A request in one line. */
export function requestText({ action, resource, context }: DecisionRequest): string {
  const keys = Object.entries(context).map(([key, value]) => `${key}=${[value].flat().join(",")}`);
  return `${action} on ${resource}${keys.length === 0 ? "" : ` with ${keys.join(", ")}`}`;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map((item: string | ActionChange) => (typeof item === "string" ? item : item.action)).join(", ");
  }
  return typeof value === "object" ? requestText(value as DecisionRequest) : String(value);
}

/** Fills a template; a part in brackets is left out where a value in it is missing or empty. */
function filled(template: string, values: Readonly<Record<string, unknown>>): string {
  const isGiven = (name: string) => ![undefined, ""].includes(values[name] as string) && [values[name]].flat().length > 0;
  const names = (part: string) => [...part.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  return template
    .replaceAll(/\[([^\]]+)\]/g, (_, part: string) => (names(part).every(isGiven) ? part : ""))
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => shown(values[name]));
}

/** Rules of one level under one heading. The template is the sentence of a finding. */
const rules =
  (level: Level, section: Section) =>
  <const Template extends string>(template: Template, ...fields: readonly string[]): DiffRule<ValuesOf<Template>> => ({
    level,
    section,
    title: template.replaceAll(/[[\]{}]/g, ""),
    text: (values) => filled(template, values),
    fields,
  });

const breaking = rules("breaking", "Breaking changes");
const unverifiable = rules("unverifiable", "Breaking changes");
const exposure = rules("attention", "Who can read a secret");
const broadened = rules("attention", "Broadened permissions");
const attention = rules("attention", "Other changes that require attention");
const narrowed = rules("note", "Narrowed permissions");
const setting = rules("note", "Settings");
const note = rules("note", "Notes");

const KEYS = ["accessKeys.primary", "accessKeys.secondary", "accessKeys"];
const PERMISSIONS = ["features", "policy", "cluster", "nodeRole", "region"];
const UNLESS_LEAKED = ", unless it has leaked: then this is the change that keys --leaked prints";
const BOUNDARIES = ["user.permissionsBoundary", "nodeRole.permissionsBoundary"];

/** Every kind of difference that `diff` reports. Rule IDs are stable. */
export const RULES = {
  "user-renamed": breaking(
    "renames the user {from} to {to}: Terraform replaces the access keys and attachments that refer to the old name",
    "user.name",
  ),
  destroyed: breaking("{action} the {what}{effect}", "user.name", "policy.name", "policy.path", "group.name", "nodeRole"),
  forgotten: breaking("stops managing the {what}: it stays in AWS, and Terraform no longer limits, changes or deletes it"),
  deposed: breaking("deletes what an earlier replacement of {what} left over; make sure that nothing uses it, and plan again"),
  "key-replaced": breaking(
    "replaces the access key in the slot {slot}: the old key is deleted before the new key exists",
    ...KEYS,
  ),
  "active-key-deleted": breaking(
    `deletes the access key in the slot {slot} while it is Active; set it to Inactive in an earlier apply${UNLESS_LEAKED}`,
    ...KEYS,
  ),
  "keys-exchanged": breaking(
    `creates the access key in the slot {created} and deletes the one in the slot {deleted} in one apply; a rotation changes one setting per apply${UNLESS_LEAKED}`,
    ...KEYS,
  ),
  "current-key-deactivated": breaking(
    `deactivates the access key in the slot {slot}, which is the current key that the outputs expose; set accessKeys.current to the other slot in an earlier apply${UNLESS_LEAKED}`,
    ...KEYS,
  ),
  "key-reactivated": breaking(
    "activates the access key in the slot {slot}, which was deactivated outside Terraform; if it has leaked, keep it Inactive and expose another key: set accessKeys.{slot}.status to Inactive",
    ...KEYS,
  ),
  "policy-detached": breaking("detaches the policy from the user, which then has no permissions", "attachment"),
  "policy-moved": breaking(
    "moves the policy from the {from} to the {to} in one apply: the user temporarily has no permissions; apply attachment: user-and-group first",
    "attachment",
  ),
  "environment-changed": breaking(
    "creates all resources again in the {what} {to}, and leaves the user and its access key unmanaged in {from}",
    "accountId",
    "provider.assumeRoleArn",
    "region",
  ),
  "removed-while-protected": breaking(
    `the settings file is deleted while protect is on, so the deployment cannot have been destroyed: its user and its access key would remain and be unmanaged; restore the file, set protect: false, and destroy the deployment. If you renamed the file, keep the state: ${page("how-to/change-and-retire.md#rename-a-stack")}`,
    "protect",
  ),
  "state-left-behind": breaking(
    "{from} is renamed to {to}, and the state would be left behind: Terraform would create the user again; {remedy}",
    "backend",
    "cloud",
  ),
  "setting-breaking": breaking("{field}: {from} -> {to}"),
  "plan-failed": unverifiable(
    "Terraform failed while it created this plan, so the plan is incomplete and what else changes is unknown; plan again",
  ),
  "plan-partial": unverifiable(
    "this plan is incomplete: it is for some addresses only (-target), or it defers changes to another plan, so what else changes is unknown; plan without -target",
  ),
  "configuration-differs": unverifiable(
    "the plan is of another configuration than the one that synth writes for these settings, so nothing else in this summary is certain; differences: {differences}; run synth and plan again",
  ),
  "secret-output": exposure(
    "the output {output} is new: every workspace that reads any output of this state receives the secret in plaintext",
    "outputs.secret",
    "outputs",
  ),
  "secret-unmarked": exposure("the output {output} is not marked as sensitive: Terraform prints it", "outputs"),
  "output-may-hold-secret": exposure(
    "the output {output} may contain the secret of an access key: every workspace that reads any output of this state receives it in plaintext",
    "outputs",
  ),
  "plaintext-in-state": exposure("the state newly contains the secret of an access key in plaintext", ...KEYS),
  "pgp-key-new": exposure(
    "the secret of the key in the slot {slot} is for the OpenPGP key {fingerprint}[ of {users}], which could not read a secret before[; before: {former}]",
    ...KEYS,
  ),
  "secret-in-value": exposure(
    "{where} contains the secret of an access key: whoever can read it in AWS, in the state or in the plan receives the secret",
  ),
  "setting-exposure": exposure("{field}: {from} -> {to}"),
  "destination-changed": rules("attention", "Destination of the secret")(
    "the state, which may contain the secret, changes its destination or protection ({changes}): Terraform sends the state and the credentials of the backend there; with another location, run terraform init -migrate-state",
    "backend",
    "cloud",
  ),
  "permissions-broadened": broadened(
    "the {principal} is allowed more than before[: {actions}][; not comparable: reported as broadened, because {reason}][; for example, allowed now and not before: {request}][, if the permissions boundary {boundary} allows it]",
    ...PERMISSIONS,
  ),
  "deployer-broadened": broadened(
    "the principal that runs Terraform requires more: update its role with {files} first[: {actions}][; not comparable: reported as broadened, because {reason}][; for example {request}]",
    "provider",
    "tags",
    ...["attachment", "user", "nodeRole", "backend"],
  ),
  "deny-weakened": broadened(
    "the {principal}: a Deny is removed or covers fewer requests[, or is not comparable, because {reason}][; for example {request}]",
    "user.allowedNetworks",
    ...PERMISSIONS,
  ),
  "boundary-removed": broadened("the {principal}: the permissions boundary {from} is removed", ...BOUNDARIES),
  "boundary-replaced": broadened(
    "the {principal}: the permissions boundary {from} is replaced by {to}, and the content of both is not compared",
    ...BOUNDARIES,
  ),
  "trust-changed": broadened("who may assume {role} changes: {before} -> {after}", "nodeRole", "provider"),
  "control-policy-weakened": broadened(
    "the service control policy denies less[: {statements}][; not comparable, because {reason}][; for example {request}]",
    "cluster",
    "policy.mode",
    "policy",
    "user",
  ),
  "link-external": broadened(
    "{address}: {argument} is now {value}, which this project does not create: what it allows is not compared",
    "nodeRole.managedPolicyArns",
    "attachment",
    "group",
    "nodeRole",
  ),
  "resource-external": broadened("{address}: not created by this project, so what it allows or denies is unknown"),
  "import-not-compared": broadened(
    "the {what} is imported: it may have policies, groups or members beside those of this project, which are not compared; check them in AWS before you apply",
    "import",
    "nodeRole",
  ),
  "drift-not-compared": broadened("the {what} was changed outside Terraform ({attributes}), which is not compared"),
  "argument-not-comparable": broadened("{address}: the argument {argument} is not comparable"),
  moved: broadened("{to}: moved from {from}, which is not comparable"),
  "version-required": broadened("add before the upgrade: {action}: {why}", "cluster.dkpVersion"),
  "plan-unverified": attention(
    "the configuration of this plan is unverified: JSON does not contain it; give the file that terraform plan -out=FILE wrote",
  ),
  "plan-unknown-part": attention("the plan has {part}, which is not known here"),
  "configuration-changed": attention("{address} changes, which no setting and no policy explains"),
  "settings-unknown": attention(
    "the earlier review pack has no deployment.json, so the settings are not compared field by field; create it again with this version",
  ),
  "file-not-compared": attention("{file} is not compared: the earlier review pack does not contain it"),
  "baseline-newer": attention(
    "version {theirs} of dkp-access wrote the earlier review pack, and this is {ours}: what it does not know, it takes away; install {theirs} or newer",
  ),
  "setting-identity": attention("{field}: {from} -> {to}"),
  "setting-changed": attention("{field}: {from} -> {to}"),
  "permissions-narrowed": narrowed("the {principal} is allowed less than before[: {actions}]", ...PERMISSIONS),
  "deployer-narrowed": narrowed("the principal that runs Terraform no longer requires {actions} in {files}", "provider"),
  "limits-strengthened": narrowed("{what}", ...PERMISSIONS),
  "setting-permissions": setting("{field}: {from} -> {to}"),
  "setting-harmless": setting("{field}: {from} -> {to}"),
  resource: rules("note", "Resources")("{action}: {what}[: {details}]"),
  risk: rules("note", "What an attacker with the key can do")("[before: {before}; ]now: {after}", ...PERMISSIONS),
  renamed: note("{from} is renamed to {to}: the account, the user and the state stay, so that Terraform changes nothing by it"),
  "outputs-new": note("new outputs: {outputs}", "outputs", "attachment"),
  "outputs-removed": note("removed outputs, which other workspaces may read: {outputs}", "outputs", "attachment"),
  "plaintext-gone": note("the state no longer contains a secret in plaintext; its older versions still do", ...KEYS),
  "boundary-new": note(
    "{address}: the permissions boundary is new and blocks whatever it does not allow: compare it with policy.json before you apply",
    ...BOUNDARIES,
  ),
  "deployment-removed": note(
    "the settings file is deleted, which deletes nothing in AWS: if the deployment was not destroyed before, its user and its access key remain and are unmanaged",
  ),
  "version-unneeded": note("can be removed after the upgrade: {action}: {why}", "cluster.dkpVersion"),
  "version-incident": note("known incident of {version}: {what} ({source})", "cluster.dkpVersion"),
} as const;

export type DiffRules = typeof RULES;

export type RuleId = keyof DiffRules;

/** What is found in one deployment. */
export type DiffFound = Found<DiffRules>;
