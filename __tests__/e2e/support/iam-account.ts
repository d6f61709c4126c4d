import type { IAM } from "@aws-sdk/client-iam";

/** By ARN, without IDs and dates: equal for accounts with the same objects. */
export async function iamAccount(iam: IAM): Promise<object> {
  const {
    UserDetailList = [],
    RoleDetailList = [],
    Policies = [],
  } = await iam.getAccountAuthorizationDetails({
    Filter: ["User", "Role", "LocalManagedPolicy"],
  });
  const users = UserDetailList.map(async (user) => {
    const { AccessKeyMetadata = [] } = await iam.listAccessKeys({ UserName: user.UserName });
    return { ...user, keys: AccessKeyMetadata.map(({ Status }) => Status) };
  });
  const roles = RoleDetailList.map(async (role) => ({
    ...role,
    ...(await iam.getRole({ RoleName: role.RoleName })).Role,
  }));
  // The description and the tags are only here.
  const policies = Policies.map(async (policy) => ({
    ...policy,
    ...(await iam.getPolicy({ PolicyArn: policy.Arn })).Policy,
  }));
  const objects = await Promise.all([...users, ...roles, ...policies]);
  const details = objects.map(
    (object) => [object.Arn, JSON.parse(JSON.stringify(object, comparable))] as const,
  );
  return Object.fromEntries(details.toSorted());
}

/**
 * Managed policies as strings, to compare the order too; Terraform's "\\u0026" equals "&". Other
 * documents, attachments and tags have no order.
 */
function comparable(name: string, value: unknown) {
  if (/^(?:User|Role|Policy)Id$|Date$/.test(name)) {
    return undefined;
  }
  if (name.endsWith("Document")) {
    const document: unknown = JSON.parse(decodeURIComponent(String(value)));
    return name === "Document" ? JSON.stringify(document) : document;
  }
  if (name === "AttachedManagedPolicies") {
    return (value as readonly { readonly PolicyArn: string }[])
      .map(({ PolicyArn }) => PolicyArn)
      .toSorted();
  }
  const tags = value as readonly { readonly Key: string; readonly Value: string }[];
  return name === "Tags" ? Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])) : value;
}
