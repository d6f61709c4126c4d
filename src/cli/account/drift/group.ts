import { attachedArns, type IamReader, inlineNames, mapped } from "../aws/iam-reader";
import { awsIam, driftOf, type ObjectDrift, others, part, unmanagedObject } from "./finding";
import type { ManagedAccess, ManagedGroup } from "./managed";

/** What the group has beside what Terraform manages. */
export function groupDrift(
  iam: IamReader,
  group: ManagedGroup,
  { policies, user }: ManagedAccess,
  stack: string,
): Promise<ObjectDrift> {
  const name = { GroupName: group.name };
  const of = { "group-name": group.name };
  const pages = iam.list("iam:GetGroup", name, (page) => [page]);
  return driftOf(`group ${group.name}`, [
    part("the group", pages, (found) => {
      if (found.length === 0) {
        return "missing";
      }
      const risk = ", and its members get the permissions of DKP once it is imported";
      return group.managed ? [] : [unmanagedObject("group", risk, stack, "group")];
    }),
    others(
      "its members",
      pages.then((read) => mapped(read, (all) => all.flatMap(({ Users = [] }) => Users.map(({ UserName = "" }) => UserName)))),
      [...group.members, user.name],
      (member) => [
        `the user ${member} is a member`,
        `${member} has all permissions of DKP`,
        awsIam("remove-user-from-group", { ...of, "user-name": member }),
      ],
    ),
    others(
      "its attached policies",
      iam.list("iam:ListAttachedGroupPolicies", name, attachedArns),
      [...group.attached, ...(group.managed ? [] : policies.map(({ arn }) => arn))],
      (arn) => [
        `the policy ${arn} is attached`,
        "the access key has its permissions too",
        awsIam("detach-group-policy", { ...of, "policy-arn": arn }),
      ],
    ),
    others("its inline policies", iam.list("iam:ListGroupPolicies", name, inlineNames), [], (inline) => [
      `it has the inline policy ${inline}`,
      "the access key has its permissions too",
      awsIam("delete-group-policy", { ...of, "policy-name": inline }),
    ]),
  ]);
}
