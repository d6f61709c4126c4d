import type { GroupObjects } from "../aws/iam-objects";
import { awsIam, compared, type DriftResult, finding, set, unmanaged } from "./finding";
import type { ManagedAccess, ManagedGroup } from "./managed";

/** What the group has beside what Terraform manages. */
export function groupDrift(
  group: ManagedGroup,
  { policies, user }: ManagedAccess,
  stack: string,
  there: GroupObjects,
): readonly DriftResult[] {
  const object = `group ${group.name}`;
  const of = { "group-name": group.name };
  const own = policies.map(({ arn }) => arn);
  return [
    ...compared(object, "the group", there.exists, (exists) =>
      exists && !group.managed
        ? [
            finding(
              object,
              "the group exists, and the state does not have it",
              "the next apply fails because the name is in use, and its members get the permissions of DKP once it is imported",
              set(stack, "import.group: true"),
            ),
          ]
        : [],
    ),
    ...compared(object, "its members", there.members, (names) =>
      unmanaged(names, [...group.members, user.name], (name) =>
        finding(
          object,
          `the user ${name} is a member`,
          `${name} has all permissions of DKP`,
          awsIam("remove-user-from-group", { ...of, "user-name": name }),
        ),
      ),
    ),
    ...compared(object, "its attached policies", there.attached, (arns) =>
      unmanaged(arns, [...group.attached, ...(group.managed ? [] : own)], (arn) =>
        finding(
          object,
          `the policy ${arn} is attached`,
          "the access key has its permissions too",
          awsIam("detach-group-policy", { ...of, "policy-arn": arn }),
        ),
      ),
    ),
    ...compared(object, "its inline policies", there.inline, (names) =>
      names.map((name) =>
        finding(
          object,
          `it has the inline policy ${name}`,
          "the access key has its permissions too",
          awsIam("delete-group-policy", { ...of, "policy-name": name }),
        ),
      ),
    ),
  ];
}
