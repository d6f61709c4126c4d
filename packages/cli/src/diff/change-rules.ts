import type { AccessLevel, Area } from "../../../../src/iam/catalogue";
import type { Found, Level } from "../findings/finding";
import { type RulesOf, type Sentences, templateRules } from "../findings/templates";
import type { Grant } from "./grants";

export type Scope = Pick<Grant, "resource" | "conditions">;

export interface Request {
  readonly action: string;
  readonly resource: string;
  /** A list is the value of a multivalued key. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

export type ActionChange = {
  /** As the policy writes it; may have wildcards. */
  readonly action: string;
  readonly access: AccessLevel | "unknown";
  readonly area: Area | "not in DKP's catalogue";
  readonly why?: string | undefined;
  readonly before: readonly Scope[];
  readonly after: readonly Scope[];
};

/** The Terraform role is the principal that applies. */
export type Principal =
  | "user"
  | "node role"
  | "Terraform role"
  | "principal of the imported policy";

export const NO_LONGER = "no longer possible";

const SECTIONS = {
  "Breaking changes": {
    "user-renamed": {
      text: `the user {before} is renamed to {after}, so Terraform replaces its access key and
        the attachments that refer to the old name`,
      risk: "the cluster has no access to AWS until DKP has the new key",
      remedy: "restore user.name: {before}",
    },
    destroyed: { text: "Terraform {action} the {what}", risk: "{risk}", remedy: "{remedy}" },
    forgotten: {
      text: "Terraform stops managing the {what}, which stays in AWS",
      remedy: "keep it in the configuration, and plan again",
    },
    deposed: {
      text: "Terraform deletes the object that an earlier replacement of {what} left over",
      remedy: "make sure that nothing uses it, and plan again",
    },
    "policy-detached": {
      text: "Terraform detaches the policy from the user",
      risk: "the user has no permissions",
      remedy: "restore the attachment, and plan again",
    },
    "policy-detached-early": {
      text: `Terraform may detach the second policy before the first one has its permissions,
        because an earlier change of the first one failed`,
      risk: "DKP lacks these permissions until the first policy is changed",
      remedy: "apply the first policy alone before (docs/how-to/recover.md#failed-update)",
    },
    "environment-changed": {
      text: `Terraform creates all resources again in the {what} {after}, and leaves the user and
        its access key unmanaged in {before}`,
      remedy: `restore accountId, region and provider.assumeRoleArn; another account is another
        deployment`,
    },
    "removed-while-protected": {
      text: `the settings file is deleted while protect is on, so the deployment may not have been
        destroyed, and its user and its access key then remain unmanaged`,
      remedy: `restore the file, set protect: false, and destroy the deployment; if you renamed the
        file, keep the state (docs/how-to/change-and-retire.md#rename-a-stack)`,
    },
    "setting-breaking": { text: "{field}: {before} -> {after}", remedy: "restore {field}" },
  },
  Unverifiable: {
    "plan-incomplete": {
      text: `this plan is incomplete, because Terraform failed, or plans for some addresses only
        (-target), or defers changes to another plan`,
      remedy: "plan again, without -target",
    },
  },
  "Left unmanaged": {
    "deployment-removed": {
      text: `the settings file is deleted, which deletes nothing in AWS, so the user, its access key
        and the state remain unless the deployment was destroyed before`,
      remedy: `destroy the deployment before you delete its file
        (docs/how-to/change-and-retire.md#retire-a-deployment)`,
    },
  },
  "Who can read a secret": {
    "secret-output": `the output {output} is {how}: every workspace that reads one output of this
      state receives it in plaintext`,
    "plaintext-in-state": "the state gets the secret of an access key in plaintext",
    "secret-in-value": `{where} contains the secret of an access key, so whoever can read it in AWS,
      in the state or in the plan receives the secret`,
    "setting-exposure": "{field}: {before} -> {after}",
  },
  "Destination of the secret": {
    "destination-changed": {
      text: "the backend of the state, which may contain the secret, changes: {changes}",
      risk: "Terraform sends the state and the credentials of the backend there",
      remedy: `move the state before you merge, unless its location stays the same
        (docs/how-to/change-and-retire.md#move-the-state)`,
    },
  },
  "Impact of a leaked key": {
    risk: "[before: {before}; ]now: {after}[; the key {change}]",
  },
  "Broadened permissions": {
    "permissions-broadened": `[the {created} has these permissions|the {principal} can do more][:
      {actions}][; this counts as more, because {reason}][; for example, this was denied before:
      {request}][; for example: {example}][, if the permissions boundary {boundary} allows it]`,
    "deny-weakened": `a Deny of the {principal} is removed or covers fewer requests[; for example,
      this was denied before: {request}]`,
    "networks-added": "a leaked key works from [{networks} too|every network]",
    "boundary-removed": `the {principal} loses the permissions boundary {before}, so whatever its
      policy allows is allowed`,
  },
  "Changes that cannot be judged": {
    "boundary-changed": {
      text: "the permissions boundary of the {principal} changes: {before} -> {after}",
      risk: "whatever a boundary does not allow is denied, and its content is not compared",
      remedy: "compare it with the policy before you apply",
    },
    "trust-changed": "the trust policy of {role} changes: {before} -> {after}",
    "link-external":
      "{address}: {argument} is now {value}, which this project neither creates nor compares",
    "resource-external": {
      text: "this project does not create {address}, so its effect on permissions is unknown",
      remedy: "if main.ts adds it, apply with cdktf deploy, because dkp-access apply deletes it",
    },
    "deleted-external": {
      text: "Terraform deletes {address}, which is not this deployment's: {parts}",
      risk: "somebody else loses it",
      remedy: "find out whose it is; terraform state rm {address} removes it from the state alone",
    },
    "import-not-compared": {
      text: `the {what} is imported, and policies, groups or members that it has besides those of
        this project are not compared`,
      remedy: "check them in AWS before you apply",
    },
    "drift-not-compared":
      "the {what} was changed outside Terraform ({attributes}), which is not compared",
    "argument-not-comparable": {
      text: "{address}: the argument {argument} is not comparable",
      remedy: "read in the documentation of the AWS provider what it does, before you apply",
    },
    "plan-unknown-part": "the plan has {part}, whose effect is not compared",
  },
  "Deleted outside Terraform": {
    "drift-deleted": {
      text: "somebody deleted or renamed the {what} in AWS, and this apply creates a new one",
      risk: "DKP does not have a new key, and somebody may have deleted the former one on purpose",
      remedy: "ask who did it, and run npx dkp-access keys",
    },
  },
  "Permissions of the Terraform role": {
    "deployer-broadened": {
      text: `the role with {file} needs additional permissions[: {actions}][; this counts as more,
        because {reason}][; for example {request}]`,
      remedy: `add these permissions to the role before you apply; afterwards, replace its policy by
        {file}`,
    },
  },
  "Policy files of the Terraform role": {
    "deployer-unused": {
      text: `{file} now allows more[: {actions}][; this counts as more, because {reason}], and this
        change uses none of it`,
      remedy: "replace the policy of the Terraform role by the file when it is convenient",
    },
  },
  "Access keys": {
    "key-forgotten": {
      text: `Terraform stops managing its access key, which stays in AWS as it is, and whose secret
        stays in earlier versions of the state`,
      remedy: `after the apply, replace it: npx dkp-access rotate STACK --cluster --now where
        accessKeys.managedBy is rotate`,
    },
    "first-key": {
      text: "Terraform creates an access key, beside those that it does not manage",
      remedy: `if accessKeys.managedBy was rotate in an earlier apply, check that this is no older
        commit`,
    },
    "key-created-again": {
      text: `Terraform creates another access key, because the former one[, {key},] was deleted in
        AWS or taken out of the state`,
      risk: `DKP does not have the new key; if the former one leaked from this state, the new one
        leaks too`,
      remedy: `if none of you did that, find out who did; if it leaked from this state, set
        accessKeys.managedBy: rotate, and apply that instead`,
    },
  },
  "Other changes that require attention": {
    "state-empty": {
      text: "the state at this destination is empty, so Terraform creates everything",
      remedy: `if the deployment exists already, move its state first
        (docs/how-to/change-and-retire.md#move-the-state)`,
    },
    "second-policy-renamed": {
      text: `the {what} gets the name {name}: the new policy is created and attached, then the old
        one is removed, so no permission is missing in between`,
      risk: "a policy elsewhere that names the old ARN no longer applies",
    },
    "tags-changed": {
      text: "the tags of {what} change: {changes}",
      risk: `policies of the account can allow or deny by the tags of a principal
        (aws:PrincipalTag)`,
    },
    "plan-unverified": {
      text: "anybody could have changed the JSON of this plan",
      remedy: "plan with dkp-access plan, which uses no file",
    },
    "configuration-changed": "{address} changes, and neither a setting nor a policy explains it",
    "control-policy-changed": {
      text: "the service control policy changes ({file})",
      remedy: "if the organization has attached it, attach the new file instead",
    },
    "lock-changed": {
      text: `the committed provider lock {how}, so Terraform [runs only {only} from now on|may run
        another provider, with the credentials of whoever applies]`,
      remedy: "compare it with the file that terraform providers lock writes",
    },
    "settings-unreadable": {
      text: `this version rejects the settings of the earlier review pack, so it does not compare
        the risks: {errors}`,
      remedy: "compare REVIEW.md of both",
    },
    "file-not-compared":
      "{file} is not compared, because the earlier review pack does not contain it",
    "baseline-newer": {
      text: `version {theirs} of dkp-access wrote the earlier review pack, and this is {ours}, which
        reports settings that it does not know as removed`,
      remedy: "install {theirs} or newer",
    },
    "setting-identity": "{field}: {before} -> {after}",
    "setting-changed": "{field}: {before} -> {after}",
  },
  "Narrowed permissions": {
    "permissions-narrowed": {
      text: "the {principal} can do less[: {actions}][; this counts as less, because {reason}]",
      risk: "calls of the running cluster may be denied",
      remedy: "apply this once DKP no longer makes these calls",
    },
    "policy-removed": {
      text: "the node role loses {policy}",
      risk: "calls of running nodes may be denied",
      remedy: "apply it once no node needs the policy",
    },
    "networks-removed": {
      text: "a leaked key works [no longer from {networks}|only from {only}]",
      risk: "calls of the running cluster from other networks are denied",
      remedy: `run preflight, which checks that the cluster's addresses are in the allowed networks,
        before you apply`,
    },
    "deny-added": {
      text: "a Deny of the {principal} is added or covers more requests",
      risk: "calls of the running cluster may be denied",
      remedy: "compare the statement with the calls of DKP (actions.md) before you apply",
    },
  },
  Settings: {
    "setting-permissions": "{field}: {before} -> {after}",
    "setting-harmless": "{field}: {before} -> {after}",
  },
  Resources: {
    resource: "{action}: {what}[, its {details}]",
  },
  Notes: {
    "deployer-creates": {
      text: `Terraform creates {created}, and a plan does not show whether the role that applies may
        do that`,
      remedy: "compare the policy of the role with {file}",
    },
    "destination-partial":
      "the backend has arguments that the settings leave to -backend-config: {arguments}",
    upgraded: `version {theirs} of dkp-access wrote the earlier review pack, and this is {ours};
      node_modules/dkp-access/CHANGELOG.md has the reasons of what no setting explains`,
    "state-outdated": "the state is out of date, and an apply writes only the state: {objects}",
    "outputs-changed": "these outputs, which other workspaces may read, change: {outputs}",
    "plaintext-gone":
      "the state no longer contains a secret in plaintext; its older versions still do",
  },
} as const;

export type Section = keyof typeof SECTIONS;

/** Of the sections whose findings are not `attention`. */
const LEVELS: Readonly<Partial<Record<Section, Level>>> = {
  "Breaking changes": "breaking",
  Unverifiable: "unverifiable",
  "Impact of a leaked key": "note",
  Settings: "note",
  Resources: "note",
  Notes: "note",
};

interface Values {
  readonly actions: readonly ActionChange[];
  readonly request: Request;
  readonly example: Request;
}

type SectionRules = RulesOf<typeof SECTIONS, Values>;

export type DiffRules = {
  readonly [Id in keyof SectionRules]: SectionRules[Id] & { readonly section: Section };
};

const entries = Object.entries<Sentences>(SECTIONS).flatMap(([section, sentences]) => {
  const level = LEVELS[section as Section] ?? "attention";
  const rules = Object.entries(templateRules({ [level]: sentences }));
  return rules.map(([id, rule]) => [id, { ...rule, section }]);
});

/** The differences that `diff` reports, in the order of the headings. Rule IDs are stable. */
export const RULES: DiffRules = Object.fromEntries(entries);

export type RuleId = keyof DiffRules;

export type DiffFound = Found<DiffRules>;
