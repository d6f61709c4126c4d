import type { DecisionRequest } from "../../decision/model";
import type { AccessLevel, Area } from "../../iam/catalogue";
import type { Found, Level, Rule } from "../findings/finding";
import { page } from "../text/recovery";

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

interface DiffRule<Values, Section extends string> extends Rule<Values> {
  /** The sentence without its values, for lists of rules. */
  readonly title: string;
  /** Under which heading a summary lists a finding. */
  readonly section: Section;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map((item: string | ActionChange) => (typeof item === "string" ? item : item.action)).join(", ");
  }
  if (typeof value !== "object") {
    return String(value);
  }
  const { action, resource, context } = value as DecisionRequest;
  const keys = Object.entries(context).map(([key, values]) => `${key}=${[values].flat().join(",")}`);
  return `${action} on ${resource}${keys.length === 0 ? "" : ` with ${keys.join(", ")}`}`;
}

/** Fills a template; a part in brackets is left out where a value in it is missing or empty. */
function filled(template: string, values: Readonly<Record<string, unknown>>): string {
  const isGiven = (name: string) => ![undefined, ""].includes(values[name] as string) && [values[name]].flat().length > 0;
  const names = (part: string) => [...part.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  return template
    .replaceAll(/\[([^\]]+)\]/g, (_, part: string) => (names(part).every(isGiven) ? part : ""))
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => shown(values[name]));
}

type Templates = Readonly<Record<string, string>>;

/** Rules of one level under one heading. The template is the sentence of a finding. */
function rules<Section extends string, const Given extends Templates>(level: Level, section: Section, templates: Given) {
  const rule = (template: string): DiffRule<never, Section> => ({
    level,
    section,
    title: template.replaceAll(/[[\]{}]/g, ""),
    text: (values) => filled(template, values),
  });
  const entries = Object.entries(templates).map(([id, template]) => [id, rule(template)]);
  return Object.fromEntries(entries) as { readonly [Id in keyof Given]: DiffRule<ValuesOf<Given[Id]>, Section> };
}

const UNLESS_LEAKED = ", unless it has leaked: then this is the change that keys --leaked prints";

/** Every kind of difference that `diff` reports, in the order of the headings. Rule IDs are stable. */
export const RULES = {
  ...rules("breaking", "Breaking changes", {
    "user-renamed":
      "renames the user {from} to {to}: Terraform replaces the access keys and attachments that refer to the old name",
    destroyed: "{action} the {what}{effect}",
    forgotten: "stops managing the {what}: it stays in AWS, and Terraform no longer limits, changes or deletes it",
    deposed: "deletes what an earlier replacement of {what} left over; make sure that nothing uses it, and plan again",
    "key-replaced": "replaces the access key in the slot {slot}: the old key is deleted before the new key exists",
    "active-key-deleted": `deletes the access key in the slot {slot} while it is Active; set it to Inactive in an earlier apply${UNLESS_LEAKED}`,
    "keys-exchanged": `creates the access key in the slot {created} and deletes the one in the slot {deleted} in one apply; a rotation changes one setting per apply${UNLESS_LEAKED}`,
    "current-key-deactivated": `deactivates the access key in the slot {slot}, which is the current key that the outputs expose; set accessKeys.current to the other slot in an earlier apply${UNLESS_LEAKED}`,
    "key-reactivated":
      "activates the access key in the slot {slot}, which is Inactive; if it has leaked, keep it Inactive and expose another key: set accessKeys.{slot}.status to Inactive",
    "policy-detached": "detaches the policy from the user, which then has no permissions",
    "policy-moved":
      "moves the policy from the {from} to the {to} in one apply: the user temporarily has no permissions; apply attachment: user-and-group first",
    "environment-changed":
      "creates all resources again in the {what} {to}, and leaves the user and its access key unmanaged in {from}",
    "removed-while-protected": `the settings file is deleted while protect is on, so the deployment cannot have been destroyed: its user and its access key would remain and be unmanaged; restore the file, set protect: false, and destroy the deployment. If you renamed the file, keep the state: ${page("how-to/change-and-retire.md#rename-a-stack")}`,
    "state-left-behind":
      "{from} is renamed to {to}, and the state would be left behind: Terraform would create the user again; {remedy}",
    "setting-breaking": "{field}: {from} -> {to}",
  }),
  ...rules("unverifiable", "Breaking changes", {
    "plan-failed":
      "Terraform failed while it created this plan, so the plan is incomplete and what else changes is unknown; plan again",
    "plan-partial":
      "this plan is incomplete: it is for some addresses only (-target), or it defers changes to another plan, so what else changes is unknown; plan without -target",
    "configuration-differs":
      "the plan is of another configuration than the one that synth writes for these settings, so nothing else in this summary is certain; differences: {differences}; run synth and plan again",
    "plan-unreadable":
      "the saved plan is not as Terraform writes it, so that programs could read different plans in it: nothing in it is certain; plan again",
    "destination-differs":
      "the plan sends the state, with the secret of a new key, elsewhere than the settings: {differences}; run terraform init -reconfigure for these settings, and plan again; backend.partial: true allows arguments that the settings do not have",
  }),
  ...rules("attention", "Who can read a secret", {
    "secret-output":
      "the output {output} is new: every workspace that reads any output of this state receives the secret in plaintext",
    "secret-unmarked": "the output {output} is not marked as sensitive: Terraform prints it",
    "output-may-hold-secret":
      "the output {output} may contain the secret of an access key: every workspace that reads any output of this state receives it in plaintext",
    "plaintext-in-state": "the state newly contains the secret of an access key in plaintext",
    "pgp-key-new":
      "the secret of the key in the slot {slot} is for the OpenPGP key {fingerprint}[ of {users}], which could not read a secret before[; before: {former}]",
    "secret-in-value":
      "{where} contains the secret of an access key: whoever can read it in AWS, in the state or in the plan receives the secret",
    "setting-exposure": "{field}: {from} -> {to}",
  }),
  ...rules("attention", "Destination of the secret", {
    "destination-changed":
      "the state, which may contain the secret, changes its destination or protection ({changes}): Terraform sends the state and the credentials of the backend there; with another location, run terraform init -migrate-state",
  }),
  ...rules("note", "What an attacker with the key can do", {
    risk: "[before: {before}; ]now: {after}",
  }),
  ...rules("attention", "Broadened permissions", {
    "permissions-broadened":
      "the {principal} is allowed more than before[: {actions}][; not comparable: reported as broadened, because {reason}][; for example, allowed now and not before: {request}][, if the permissions boundary {boundary} allows it]",
    "deployer-broadened":
      "the principal that runs Terraform requires more[: update its role with {files} first][: {actions}][; not comparable: reported as broadened, because {reason}][; for example {request}]",
    "deny-weakened":
      "the {principal}: a Deny is removed or covers fewer requests[, or is not comparable, because {reason}][; for example {request}]",
    "boundary-removed": "the {principal}: the permissions boundary {from} is removed",
    "boundary-replaced":
      "the {principal}: the permissions boundary {from} is replaced by {to}, and the content of both is not compared",
    "trust-changed": "who may assume {role} changes: {before} -> {after}",
    "control-policy-weakened":
      "the service control policy denies less[: {statements}][; not comparable, because {reason}][; for example {request}]",
    "link-external": "{address}: {argument} is now {value}, which this project does not create: what it allows is not compared",
    "resource-external": "{address}: not created by this project, so what it allows or denies is unknown",
    "import-not-compared":
      "the {what} is imported: it may have policies, groups or members beside those of this project, which are not compared; check them in AWS before you apply",
    "drift-not-compared": "the {what} was changed outside Terraform ({attributes}), which is not compared",
    "argument-not-comparable": "{address}: the argument {argument} is not comparable",
    moved: "{to}: moved from {from}, which is not comparable",
    "version-required": "add before the upgrade: {action}: {why}",
  }),
  ...rules("attention", "Other changes that require attention", {
    "plan-unverified":
      "the configuration of this plan is unverified: JSON does not contain it; give the file that terraform plan -out=FILE wrote",
    "plan-unknown-part": "the plan has {part}, which is not known here",
    "configuration-changed": "{address} changes, which no setting and no policy explains",
    "settings-unknown":
      "the earlier review pack has no deployment.json, so the settings are not compared field by field; create it again with this version",
    "file-not-compared": "{file} is not compared: the earlier review pack does not contain it",
    "baseline-newer":
      "version {theirs} of dkp-access wrote the earlier review pack, and this is {ours}: what it does not know, it takes away; install {theirs} or newer",
    "setting-identity": "{field}: {from} -> {to}",
    "setting-changed": "{field}: {from} -> {to}",
  }),
  ...rules("note", "Narrowed permissions", {
    "permissions-narrowed": "the {principal} is allowed less than before[: {actions}]",
    "deployer-narrowed": "the principal that runs Terraform no longer requires {actions}[ in {files}]",
    "limits-strengthened": "{what}",
  }),
  ...rules("note", "Settings", {
    "setting-permissions": "{field}: {from} -> {to}",
    "setting-harmless": "{field}: {from} -> {to}",
  }),
  ...rules("note", "Resources", {
    resource: "{action}: {what}[: {details}]",
  }),
  ...rules("note", "Notes", {
    "destination-partial": "the backend has arguments that the settings leave to -backend-config: {arguments}",
    renamed: "{from} is renamed to {to}: the account, the user and the state stay, so that Terraform changes nothing by it",
    "outputs-new": "new outputs: {outputs}",
    "outputs-removed": "removed outputs, which other workspaces may read: {outputs}",
    "plaintext-gone": "the state no longer contains a secret in plaintext; its older versions still do",
    "boundary-new":
      "{address}: the permissions boundary is new and blocks whatever it does not allow: compare it with policy.json before you apply",
    "deployment-removed":
      "the settings file is deleted, which deletes nothing in AWS: if the deployment was not destroyed before, its user and its access key remain and are unmanaged",
    "version-unneeded": "can be removed after the upgrade: {action}: {why}",
    "version-incident": "known incident of {version}: {what} ({source})",
  }),
} as const;

export type DiffRules = typeof RULES;

export type RuleId = keyof DiffRules;

export type Section = DiffRules[RuleId]["section"];

/** What is found in one deployment. */
export type DiffFound = Found<DiffRules>;

/** The settings that findings most likely follow from, unless they name one: the first that changed counts. */
const FIELDS: readonly (readonly [fields: string, ...rules: RuleId[]])[] = [
  ["user.name", "user-renamed"],
  ["user.name policy.name policy.path group.name nodeRole", "destroyed"],
  [
    "accessKeys.primary accessKeys.secondary accessKeys",
    "key-replaced",
    "keys-exchanged",
    "plaintext-in-state",
    "plaintext-gone",
  ],
  ["attachment", "policy-detached", "policy-moved"],
  ["accountId provider.assumeRoleArn region", "environment-changed"],
  ["protect", "removed-while-protected"],
  ["outputs.secret outputs", "secret-output", "secret-unmarked", "output-may-hold-secret"],
  ["features policy cluster nodeRole region", "permissions-broadened", "permissions-narrowed", "risk"],
  ["user.allowedNetworks features policy cluster nodeRole region", "deny-weakened", "limits-strengthened"],
  ["provider tags attachment user nodeRole backend", "deployer-broadened", "deployer-narrowed"],
  ["user.permissionsBoundary nodeRole.permissionsBoundary", "boundary-removed", "boundary-replaced", "boundary-new"],
  ["nodeRole provider", "trust-changed"],
  ["cluster policy.mode policy user", "control-policy-weakened"],
  ["nodeRole.managedPolicyArns attachment group nodeRole", "link-external"],
  ["import nodeRole", "import-not-compared"],
  ["outputs attachment", "outputs-new", "outputs-removed"],
];

/** A finding with its field: its own, else of those that changed the one that its rule names first. */
export function located(found: DiffFound, changed: readonly string[]): DiffFound {
  const [fields = ""] = FIELDS.find(([, ...rules]) => rules.includes(found.rule)) ?? [];
  const candidates = fields === "" ? [] : fields.split(" ");
  const isIn = (candidate: string) => changed.find((field) => field === candidate || field.startsWith(`${candidate}.`));
  return { ...found, field: found.field ?? candidates.flatMap((name) => isIn(name) ?? [])[0] ?? changed[0] ?? candidates[0] };
}
