import { AwsError } from "../../../../src/cli/account/aws/operations";
import { attached, driftAfter, EVERY_OBJECT, findings, inline, userWith } from "../../../helpers/drift";

const EXTRA = "arn:aws:iam::123456789012:policy/Extra Policy";
const POLICY = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS";
const groups = (...names: readonly string[]) => ({
  "iam:ListGroupsForUser": { Groups: names.map((GroupName) => ({ GroupName })) },
});

describe("drift of the user", () => {
  it("finds nothing where everything is managed", async () => {
    expect(await driftAfter({})).toEqual([]);
  });

  it.each([
    [
      { "iam:ListAttachedUserPolicies": attached(POLICY, EXTRA) },
      `the policy ${EXTRA} is attached -> aws iam detach-user-policy --user-name deckhouse --policy-arn '${EXTRA}'`,
    ],
    [
      { "iam:ListUserPolicies": inline("in") },
      "it has the inline policy in -> aws iam delete-user-policy --user-name deckhouse --policy-name in",
    ],
    [
      groups("dkp", "admins"),
      "it is a member of the group admins -> aws iam remove-user-from-group --user-name deckhouse --group-name admins",
    ],
    [{ "iam:GetLoginProfile": {} }, "it has a login profile -> aws iam delete-login-profile --user-name deckhouse"],
    [
      { "iam:ListMFADevices": { MFADevices: [{ SerialNumber: "DEVICE1" }] } },
      "it has the MFA device DEVICE1 -> aws iam deactivate-mfa-device --user-name deckhouse --serial-number DEVICE1",
    ],
    [
      { "iam:ListSSHPublicKeys": { SSHPublicKeys: [{ SSHPublicKeyId: "KEY1" }] } },
      "it has the SSH key KEY1 -> aws iam delete-ssh-public-key --user-name deckhouse --ssh-public-key-id KEY1",
    ],
    [
      { "iam:ListServiceSpecificCredentials": { ServiceSpecificCredentials: [{ ServiceSpecificCredentialId: "ACCA1" }] } },
      "it has the service-specific credential ACCA1 -> aws iam delete-service-specific-credential --user-name deckhouse --service-specific-credential-id ACCA1",
    ],
    [
      { "iam:ListSigningCertificates": { Certificates: [{ CertificateId: "C1" }] } },
      "it has the signing certificate C1 -> aws iam delete-signing-certificate --user-name deckhouse --certificate-id C1",
    ],
    [
      { "iam:GetUser": userWith(undefined) },
      "its permissions boundary is removed, and Terraform manages arn:aws:iam::aws:policy/Boundary -> apply: Terraform restores it (docs/how-to/recover.md#manual-changes)",
    ],
    [
      { "iam:GetUser": userWith(EXTRA) },
      `its permissions boundary is ${EXTRA}, and Terraform manages arn:aws:iam::aws:policy/Boundary -> apply: Terraform restores it (docs/how-to/recover.md#manual-changes)`,
    ],
    [
      { "iam:ListUserPolicies": new AwsError("iam:ListUserPolicies", "AccessDenied", "no") },
      "its inline policies cannot be read: iam:ListUserPolicies: AccessDenied: no -> unknown",
    ],
  ])("finds %j with the remedy", async (answers, expected) => {
    expect(await findings(driftAfter(answers))).toEqual([`user deckhouse: ${expected}`]);
  });

  it.each(["Active", "Inactive"])("leaves the advice about a key to keys (%s)", async (Status) => {
    const keys = [
      { AccessKeyId: "AKIAPRIMARY", Status: "Active" },
      { AccessKeyId: "AKIANEW", Status },
    ];
    const answers = { "iam:ListAccessKeys": { AccessKeyMetadata: keys } };
    expect(await findings(driftAfter(answers))).toEqual([
      `user deckhouse: it has the access key AKIANEW (${Status}), and the state does not have it -> npx dkp-access keys deckhouse prints the next step; see docs/how-to/recover.md#unmanaged-key`,
    ]);
    expect(await driftAfter(answers, `${EVERY_OBJECT}accessKeys: none\n`)).toEqual([]);
  });

  it("imports the attachment of the own policy, unless the settings have none", async () => {
    const withoutAttachment = (settings: string) =>
      findings(
        driftAfter({ "iam:ListAttachedUserPolicies": attached(POLICY) }, settings, (access) => ({
          ...access,
          user: { ...access.user, attached: [] },
        })),
      );
    expect(await withoutAttachment(EVERY_OBJECT)).toEqual([
      `user deckhouse: the policy ${POLICY} is attached, and the state does not have the attachment -> set import.attachment: true in the settings of deckhouse, and apply`,
    ]);
    expect(await withoutAttachment(EVERY_OBJECT.replace("user-and-group", "group"))).toEqual([
      `user deckhouse: the policy ${POLICY} is attached -> aws iam detach-user-policy --user-name deckhouse --policy-arn ${POLICY}`,
    ]);
  });

  it("leaves the own group to the apply, unless the settings have none", async () => {
    const withoutMembership = (settings: string) =>
      findings(
        driftAfter(groups("dkp"), settings, (access) => ({
          ...access,
          user: { ...access.user, groups: [] },
        })),
      );
    expect(await withoutMembership(EVERY_OBJECT)).toEqual([
      "user deckhouse: it is a member of the group dkp, and the state does not have the membership -> apply: Terraform creates the membership, which exists already",
    ]);
    expect(await withoutMembership(EVERY_OBJECT.replace("user-and-group", "user"))).toEqual([
      "user deckhouse: it is a member of the group dkp -> aws iam remove-user-from-group --user-name deckhouse --group-name dkp",
    ]);
  });

  it("imports a user that the state does not have", async () => {
    const results = driftAfter({}, EVERY_OBJECT, (access) => ({ ...access, user: { ...access.user, managed: false } }));
    expect(await findings(results)).toEqual([
      "user deckhouse: the user exists, and the state does not have it -> set import.user: true in the settings of deckhouse, and apply",
    ]);
  });
});
