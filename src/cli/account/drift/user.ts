import { dkpAccess } from "../../../text/command";
import { recovery } from "../../../text/recovery";
import type { UserObjects } from "../aws/iam-objects";
import { APPLY, awsIam, compared, type DriftFinding, type DriftResult, finding, set, unmanaged } from "./finding";
import type { DriftSettings, ManagedAccess } from "./managed";

/** What the user has beside what Terraform manages. */
export function userDrift(
  { user, policies }: ManagedAccess,
  settings: DriftSettings,
  there: UserObjects,
): readonly DriftResult[] {
  const object = `user ${user.name}`;
  const { stack } = settings;
  const of = { "user-name": user.name };
  const own = new Map(policies.map(({ arn, number }) => [arn, number]));
  const attachment = (arn: string): DriftFinding => {
    const number = settings.attachment === "group" ? undefined : own.get(arn);
    const detach = awsIam("detach-user-policy", { ...of, "policy-arn": arn });
    return number === undefined
      ? finding(object, `the policy ${arn} is attached`, "the access key has its permissions too", detach)
      : finding(
          object,
          `the policy ${arn} is attached, and the state does not have the attachment`,
          "Terraform does not detach the policy when the deployment is destroyed",
          number === 1 ? set(stack, "import.attachment: true") : "apply: Terraform creates the attachment, which exists already",
        );
  };
  const credential = (what: string, risk: string, ...remedies: readonly string[]) =>
    finding(object, `it has ${what}`, risk, ...remedies);
  return [
    ...compared(object, "the user", there.user, (found) => [
      ...(found === undefined || user.managed
        ? []
        : [
            finding(
              object,
              "the user exists, and the state does not have it",
              "the next apply fails because the name is in use, and whoever created the user may have its keys",
              set(stack, "import.user: true"),
            ),
          ]),
      ...boundaryDrift(object, user.boundary, found, settings.user.permissionsBoundary === found?.boundary),
    ]),
    ...compared(object, "its attached policies", there.attached, (arns) => unmanaged(arns, user.attached, attachment)),
    ...compared(object, "its inline policies", there.inline, (names) =>
      names.map((name) =>
        finding(
          object,
          `it has the inline policy ${name}`,
          "the access key has its permissions too",
          awsIam("delete-user-policy", { ...of, "policy-name": name }),
        ),
      ),
    ),
    ...compared(object, "its groups", there.groups, (names) =>
      unmanaged(names, user.groups, (name) =>
        settings.attachment !== "user" && name === settings.group.name
          ? finding(
              object,
              `it is a member of the group ${name}, and the state does not have the membership`,
              "Terraform does not remove the user from the group when the deployment is destroyed",
              "apply: Terraform creates the membership, which exists already",
            )
          : finding(
              object,
              `it is a member of the group ${name}`,
              "the access key has all permissions of the group, now and later",
              awsIam("remove-user-from-group", { ...of, "group-name": name }),
            ),
      ),
    ),
    ...compared(object, "its access keys", there.keys, (keys) => keyDrift(object, user, keys, settings)),
    ...compared(object, "its login profile", there.hasLoginProfile, (has) =>
      has
        ? [
            credential(
              "a login profile",
              "whoever has the password acts in the AWS console with the permissions of DKP, and deleting keys does not stop that",
              awsIam("delete-login-profile", of),
            ),
          ]
        : [],
    ),
    ...compared(object, "its MFA devices", there.mfaDevices, (serials) =>
      serials.map((serial) =>
        credential(
          `the MFA device ${serial}`,
          "DKP never uses MFA: somebody signs in as the user, and the device meets conditions that require MFA",
          awsIam("deactivate-mfa-device", { ...of, "serial-number": serial }),
        ),
      ),
    ),
    ...compared(object, "its SSH keys", there.sshKeys, (ids) =>
      ids.map((id) =>
        credential(
          `the SSH key ${id}`,
          "its owner accesses AWS CodeCommit as the user",
          awsIam("delete-ssh-public-key", { ...of, "ssh-public-key-id": id }),
        ),
      ),
    ),
    ...compared(object, "its service-specific credentials", there.serviceCredentials, (ids) =>
      ids.map((id) =>
        credential(
          `the service-specific credential ${id}`,
          "its owner accesses the service of the credential as the user, without an access key",
          awsIam("delete-service-specific-credential", { ...of, "service-specific-credential-id": id }),
        ),
      ),
    ),
    ...compared(object, "its signing certificates", there.certificates, (ids) =>
      ids.map((id) =>
        credential(
          `the signing certificate ${id}`,
          "its owner signs SOAP requests as the user, without an access key",
          awsIam("delete-signing-certificate", { ...of, "certificate-id": id }),
        ),
      ),
    ),
  ];
}

/** A boundary that is not the managed one. @param isSetting whether the settings have the boundary that is there */
export function boundaryDrift(
  object: string,
  managed: string | undefined,
  there: { readonly boundary: string | undefined } | undefined,
  isSetting: boolean,
): readonly DriftFinding[] {
  if (there === undefined || there.boundary === managed || isSetting) {
    return [];
  }
  const found =
    there.boundary === undefined ? "its permissions boundary is removed" : `its permissions boundary is ${there.boundary}`;
  const risk =
    managed === undefined
      ? "the boundary may deny calls that DKP requires, and the next apply removes it"
      : `${managed} no longer limits what it can do`;
  return [finding(object, `${found}, and Terraform manages ${managed ?? "none"}`, risk, APPLY)];
}

function keyDrift(
  object: string,
  { keys: managed }: ManagedAccess["user"],
  keys: readonly { readonly id: string; readonly status: string }[],
  { stack }: DriftSettings,
): readonly DriftFinding[] {
  const risk = "whoever has it acts with all permissions of DKP, and a rotation does not end that";
  const status = dkpAccess("keys", stack);
  if (managed === undefined) {
    return [];
  }
  if (typeof managed === "number") {
    return keys.length > managed
      ? [
          finding(
            object,
            `it has ${keys.length} access keys (${keys.map(({ id }) => id).join(", ")}), and the settings have ${managed}`,
            risk,
            status,
          ),
        ]
      : [];
  }
  return keys
    .filter(({ id }) => !managed.includes(id))
    .map(({ id, status: active }) =>
      finding(
        object,
        `it has the access key ${id} (${active}), and the state does not have it`,
        risk,
        `${status} prints the next step; see ${recovery("unmanaged-key")}`,
      ),
    );
}
