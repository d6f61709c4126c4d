import { CreateGroupCommand, CreatePolicyCommand, CreateUserCommand } from "@aws-sdk/client-iam";
import { ownNamesCheck } from "../../../../src/cli/account/preflight/checks/own-names";
import type { LocalAws } from "../../support/local-aws";
import { ACCOUNT, createRole, settings, testChecks } from "../../support/preflight";

const arn = (resource: string) => `arn:aws:iam::${ACCOUNT}:${resource}`;

const OWN = `user: { name: own }
policy: { name: own }
attachment: user-and-group
group: { name: own }
nodeRole: { name: own }
`;

/** A user, a group, a role and a policy of one name, the policy under another path than the settings state. */
async function createFixtures(local: LocalAws) {
  const iam = local.iam();
  await iam.send(new CreateUserCommand({ UserName: "own" }));
  await iam.send(new CreateGroupCommand({ GroupName: "own" }));
  await createRole(local, "own");
  const PolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
  });
  await iam.send(new CreatePolicyCommand({ PolicyName: "own", Path: "/team/", PolicyDocument }));
  return { today: new Date().toISOString().slice(0, 10) };
}

type Fixtures = Awaited<ReturnType<typeof createFixtures>>;

const IMPORT = "import it with the steps of npx dkp-access keys deckhouse";
const user = ({ today }: Fixtures) => `user own exists (${arn("user/own")}, created ${today})`;
const REFUSED =
  ", and the state does not manage it: the apply would fail with EntityAlreadyExists (docs/how-to/recover.md#half-made)";

export const ownNames = testChecks([ownNamesCheck], createFixtures, [
  { verdict: "ok", of: "names that are free", expected: () => ["user deckhouse, policy D8CloudProviderAWS: do not exist yet"] },
  {
    verdict: "failed",
    of: "a user that the state does not manage",
    settings: () => settings("", OWN),
    state: [],
    expected: (fixtures) => [
      `${user(fixtures)}${REFUSED}`,
      `if it is to be this deployment's, ${IMPORT}; otherwise choose another user.name`,
    ],
  },
  {
    verdict: "failed",
    of: "a policy under another path",
    settings: () => settings("", OWN),
    state: [],
    expected: ({ today }) => [
      `policy own exists (${arn("policy/team/own")}, created ${today})${REFUSED}`,
      `if it is to be this deployment's, set policy.path: /team/, and ${IMPORT}; otherwise choose another policy.name`,
    ],
  },
  {
    verdict: "failed",
    of: "a group",
    settings: () => settings("", OWN),
    state: [],
    expected: ({ today }) => [
      `group own exists (${arn("group/own")}, created ${today})${REFUSED}`,
      `if it is to be this deployment's, ${IMPORT}; otherwise choose another group.name`,
    ],
  },
  {
    verdict: "unknown",
    of: "a user without a readable state",
    settings: () => settings("", OWN),
    expected: (fixtures) => [
      `${user(fixtures)}; whether this deployment manages it is unknown, because no state is readable: not synthesized`,
      `if this deployment has a state, run npx dkp-access synth and terraform init, and try again; if it is to be this deployment's, ${IMPORT}; otherwise choose another user.name`,
    ],
  },
  {
    verdict: "ok",
    of: "a role that the state manages",
    settings: () => settings("", OWN),
    state: [{ address: "aws_iam_role.node", tainted: false, attributes: { name: "own", arn: arn("role/own") } }],
    expected: () => ["role own exists, and the state manages it"],
  },
]);
