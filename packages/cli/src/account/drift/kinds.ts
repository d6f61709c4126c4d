import type { Found } from "../../findings/finding";
import { type IamReader, type Reading, type StoredDocument, TYPES } from "../aws/iam-reader";
import type { Thing } from "../inventory";
import type { DriftRules } from "./drift-rules";

export type DriftFound = Found<DriftRules>;
export type Findings = readonly DriftFound[];

/** Items that an object can have any number of. */
export interface Part {
  readonly rule:
    | `${"" | "role-"}permissions-unmanaged`
    | "principal-unmanaged"
    | "credential-unmanaged";
  readonly part: string;
  readonly event: string;
  readonly setting?: string;
  /** @param id the ARN of a policy, else the name of the object */
  readonly list: (iam: IamReader, id: string) => Promise<Reading<readonly string[]>>;
}

export interface PolicyPart extends Part {
  readonly document: (
    iam: IamReader,
    of: string,
    id: string,
  ) => Promise<Reading<StoredDocument | undefined>>;
}

function policiesOf(
  kind: keyof typeof TYPES,
  rule: Part["rule"],
  setting?: string,
): readonly PolicyPart[] {
  return [
    {
      rule,
      part: "attached policy",
      event: `Attach${TYPES[kind]}Policy`,
      ...(setting !== undefined && { setting }),
      list: (iam, name) => iam.attached(kind, name),
      document: (iam, _, arn) => iam.managedPolicy(arn),
    },
    {
      rule,
      part: "inline policy",
      event: `Put${TYPES[kind]}Policy`,
      list: (iam, name) => iam.inline(kind, name),
      document: (iam, name, policy) => iam.inlinePolicy(kind, name, policy),
    },
  ];
}

/** The policies of the user and of its groups, which can deny something to its keys. */
export const USER_POLICIES: readonly PolicyPart[] = policiesOf("user", "permissions-unmanaged");
export const GROUP_POLICIES: readonly PolicyPart[] = policiesOf("group", "permissions-unmanaged");

/**
 * The other parts of each kind of object. Terraform manages no credentials of the user besides
 * access keys.
 */
export const PARTS: Readonly<Record<Thing["kind"], readonly Part[]>> = {
  user: [
    {
      rule: "credential-unmanaged",
      part: "login profile",
      event: "CreateLoginProfile",
      list: (iam, UserName) => iam.list("iam:GetLoginProfile", { UserName }, () => [UserName]),
    },
    {
      rule: "credential-unmanaged",
      part: "service-specific credential",
      event: "CreateServiceSpecificCredential",
      list: (iam, UserName) =>
        iam.list(
          "iam:ListServiceSpecificCredentials",
          { UserName },
          ({ ServiceSpecificCredentials }) =>
            ServiceSpecificCredentials?.map(
              ({ ServiceSpecificCredentialId = "" }) => ServiceSpecificCredentialId,
            ),
        ),
    },
  ],
  policy: [
    {
      rule: "principal-unmanaged",
      part: "principal",
      event: "AttachUserPolicy, AttachGroupPolicy or AttachRolePolicy",
      setting: "policy.name",
      list: (iam, arn) => iam.uses("policy", arn),
    },
  ],
  role: policiesOf("role", "role-permissions-unmanaged", "nodeRole.managedPolicyArns"),
};
