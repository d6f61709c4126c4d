import { dkpAccess } from "../../../text/command";
import { recovery } from "../../../text/recovery";
import { attachedArns, type IamReader, inlineNames, mapped, type Reading } from "../aws/iam-reader";
import { awsIam, boundaryFindings, driftOf, type Found, type ObjectDrift, others, part, set, unmanagedObject } from "./finding";
import type { DriftSettings, ManagedAccess } from "./managed";

/** A kind of credential beside access keys: Terraform manages none of them. */
interface Credential {
  /** "its SSH keys" */
  readonly what: string;
  /** IDs of those of a user. */
  readonly list: (iam: IamReader, user: { readonly UserName: string }) => Promise<Reading<readonly string[]>>;
  /** One of them, before its ID: "the SSH key". */
  readonly one: string;
  readonly risk: string;
  /** The command of the AWS CLI that removes one, and its option for the ID. */
  readonly remove: string;
  readonly option: string;
}

const CREDENTIALS: readonly Credential[] = [
  {
    what: "its MFA devices",
    list: (iam, user) =>
      iam.list("iam:ListMFADevices", user, (page) => page.MFADevices?.map(({ SerialNumber = "" }) => SerialNumber)),
    one: "the MFA device",
    risk: "DKP never uses MFA: somebody signs in as the user, and the device meets conditions that require MFA",
    remove: "deactivate-mfa-device",
    option: "serial-number",
  },
  {
    what: "its SSH keys",
    list: (iam, user) =>
      iam.list("iam:ListSSHPublicKeys", user, (page) => page.SSHPublicKeys?.map(({ SSHPublicKeyId = "" }) => SSHPublicKeyId)),
    one: "the SSH key",
    risk: "its owner accesses AWS CodeCommit as the user",
    remove: "delete-ssh-public-key",
    option: "ssh-public-key-id",
  },
  {
    what: "its service-specific credentials",
    list: async (iam, user) =>
      mapped(await iam.get("iam:ListServiceSpecificCredentials", user), (read) =>
        (read?.ServiceSpecificCredentials ?? []).map(({ ServiceSpecificCredentialId = "" }) => ServiceSpecificCredentialId),
      ),
    one: "the service-specific credential",
    risk: "its owner accesses the service of the credential as the user, without an access key",
    remove: "delete-service-specific-credential",
    option: "service-specific-credential-id",
  },
  {
    what: "its signing certificates",
    list: (iam, user) =>
      iam.list("iam:ListSigningCertificates", user, (page) => page.Certificates?.map(({ CertificateId = "" }) => CertificateId)),
    one: "the signing certificate",
    risk: "its owner signs SOAP requests as the user, without an access key",
    remove: "delete-signing-certificate",
    option: "certificate-id",
  },
];

/** What the user has beside what Terraform manages. */
export function userDrift(iam: IamReader, { user, policies }: ManagedAccess, settings: DriftSettings): Promise<ObjectDrift> {
  const { stack, attachment, group } = settings;
  const name = { UserName: user.name };
  const of = { "user-name": user.name };
  const attached = (arn: string): Found => {
    const own = policies.find((policy) => policy.arn === arn);
    if (own === undefined) {
      const detach = awsIam("detach-user-policy", { ...of, "policy-arn": arn });
      return [`the policy ${arn} is attached`, "the access key has its permissions too", detach];
    }
    // The group may lack the policy, so that the user has it only here.
    if (attachment === "group") {
      const through = "attachment: user-and-group and import.attachment: true";
      return [
        `the policy ${arn} is attached, and the settings attach it to the group`,
        "the access key keeps its permissions outside the group",
        `${set(stack, through)}; then set attachment: group again`,
      ];
    }
    return [
      `the policy ${arn} is attached, and the state does not have the attachment`,
      "Terraform does not detach the policy when the deployment is destroyed",
      own.number === 1 ? set(stack, "import.attachment: true") : "apply: Terraform creates the attachment, which exists already",
    ];
  };
  const membership = (groupName: string): Found =>
    attachment !== "user" && groupName === group.name
      ? [
          `it is a member of the group ${groupName}, and the state does not have the membership`,
          "Terraform does not remove the user from the group when the deployment is destroyed",
          "apply: Terraform creates the membership, which exists already",
        ]
      : [
          `it is a member of the group ${groupName}`,
          "the access key has all permissions of the group, now and later",
          awsIam("remove-user-from-group", { ...of, "group-name": groupName }),
        ];
  return driftOf(`user ${user.name}`, [
    part("the user", iam.get("iam:GetUser", name), (found) => {
      if (found === undefined) {
        return "missing";
      }
      const boundary = found.User?.PermissionsBoundary?.PermissionsBoundaryArn;
      return [
        ...(user.managed ? [] : [unmanagedObject("user", ", and whoever created the user may have its keys", stack, "user")]),
        ...boundaryFindings(user.boundary, boundary, settings.user.permissionsBoundary),
      ];
    }),
    others("its attached policies", iam.list("iam:ListAttachedUserPolicies", name, attachedArns), user.attached, attached),
    others("its inline policies", iam.list("iam:ListUserPolicies", name, inlineNames), [], (inline) => [
      `it has the inline policy ${inline}`,
      "the access key has its permissions too",
      awsIam("delete-user-policy", { ...of, "policy-name": inline }),
    ]),
    others(
      "its groups",
      iam.list("iam:ListGroupsForUser", name, ({ Groups }) => Groups?.map(({ GroupName = "" }) => GroupName)),
      user.groups,
      membership,
    ),
    part(
      "its access keys",
      iam.list("iam:ListAccessKeys", name, ({ AccessKeyMetadata }) => AccessKeyMetadata),
      (keys) => keyFindings(user.keys, keys, stack),
    ),
    part("its login profile", iam.get("iam:GetLoginProfile", name), (profile) =>
      profile === undefined
        ? []
        : [
            [
              "it has a login profile",
              "whoever has the password acts in the AWS console with the permissions of DKP, and deleting keys does not stop that",
              awsIam("delete-login-profile", of),
            ],
          ],
    ),
    ...CREDENTIALS.map(({ what, list, one, risk, remove, option }) =>
      others(what, list(iam, name), [], (id) => [`it has ${one} ${id}`, risk, awsIam(remove, { ...of, [option]: id })]),
    ),
  ]);
}

function keyFindings(
  managed: ManagedAccess["user"]["keys"],
  keys: readonly { readonly AccessKeyId?: string | undefined; readonly Status?: string | undefined }[],
  stack: string,
): readonly Found[] {
  const risk = "whoever has it acts with all permissions of DKP, and a rotation does not end that";
  const status = dkpAccess("keys", stack);
  if (typeof managed === "number") {
    const ids = keys.map(({ AccessKeyId }) => AccessKeyId).join(", ");
    return keys.length > managed
      ? [[`it has ${keys.length} access keys (${ids}), and the settings have ${managed}`, risk, status]]
      : [];
  }
  return keys
    .filter(({ AccessKeyId = "" }) => managed?.includes(AccessKeyId) === false)
    .map(({ AccessKeyId, Status }) => [
      `it has the access key ${AccessKeyId} (${Status}), and the state does not have it`,
      risk,
      `${status} prints the next step; see ${recovery("unmanaged-key")}`,
    ]);
}
