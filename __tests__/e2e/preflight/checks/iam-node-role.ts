import { iamNodeRoleCheck } from "../../../../src/cli/account/preflight/checks/iam-node-role";
import { nodePolicy } from "../../../../src/iam/node-role-permissions";
import type { LocalAws } from "../../support/local-aws";
import { createManagedRole, createRole, settings, testChecks } from "../../support/preflight";
import { queryError } from "../../support/stub-aws";

const READS_TAGS = {
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Action: "ec2:describetags", Resource: "*" },
};

async function createFixtures(local: LocalAws) {
  await createRole(local, "nodes", { policy: nodePolicy([]) });
  await createRole(local, "wrong", { service: "lambda.amazonaws.com", policy: READS_TAGS });
  await createManagedRole(local);
}

export const iamNodeRole = testChecks([iamNodeRoleCheck], createFixtures, [
  {
    verdict: "ok",
    of: "a role with an inline policy",
    by: "local AWS",
    settings: () => settings("iamNodeRole: nodes"),
    expected: () => ["nodes trusts EC2 and allows ec2:DescribeTags and ec2:DescribeInstances"],
  },
  {
    verdict: "ok",
    of: "a role with a path and a managed policy",
    by: "local AWS",
    settings: () => settings("prefix: dev, iamNodeRole: managed, iamNodeRolePath: /apps/", "policy: { mode: scoped }\n"),
    expected: () => ["managed trusts EC2 and allows ec2:DescribeTags and ec2:DescribeInstances"],
  },
  {
    verdict: "failed",
    of: "a role under another path than the policy names",
    by: "local AWS",
    settings: () => settings("prefix: dev, iamNodeRole: managed", "policy: { mode: scoped }\n"),
    expected: () => [
      "the path of managed is /apps/, and the policy allows DKP to pass it under /",
      "set cluster.iamNodeRolePath to /apps/ and apply",
    ],
  },
  {
    verdict: "failed",
    of: "a role that does not trust EC2",
    by: "local AWS",
    settings: () => settings("iamNodeRole: wrong"),
    expected: () => [
      "wrong does not trust EC2: instances cannot use it",
      "allow sts:AssumeRole to ec2.amazonaws.com in its trust policy",
    ],
  },
  {
    verdict: "failed",
    of: "a role without a permission",
    by: "local AWS",
    settings: () => settings("iamNodeRole: wrong"),
    expected: () => [
      "wrong cannot call ec2:DescribeInstances",
      'allow ec2:DescribeInstances on "*": without it, nodes do not join',
    ],
  },
  {
    verdict: "unknown",
    of: "a policy that cannot be read",
    by: "stub",
    settings: () => settings("iamNodeRole: managed"),
    answers: {
      GetPolicy: () => queryError(403, "AccessDenied", "User is not authorized to perform: iam:GetPolicy"),
    },
    expected: () => [
      "it is unknown whether managed may call ec2:DescribeTags: iam:GetPolicy returned AccessDenied",
      'allow ec2:DescribeTags on "*": without it, nodes do not join',
    ],
  },
  {
    verdict: "failed",
    of: "a role that does not exist",
    by: "local AWS",
    settings: () => settings("iamNodeRole: absent"),
    expected: () => [
      "absent does not exist, and DKP does not create it",
      "create the role, set nodeRole so that an apply creates it, or correct cluster.iamNodeRole",
    ],
  },
  {
    verdict: "ok",
    of: "a role that the next apply creates",
    by: "local AWS",
    settings: () => settings("iamNodeRole: dkp-nodes", "nodeRole: { name: dkp-nodes }\n"),
    expected: () => ["dkp-nodes does not exist yet, and the next apply creates it (nodeRole)"],
  },
]);
