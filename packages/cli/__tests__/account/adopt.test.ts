import { ACCOUNT, type Answers, accountWith } from "../../../../__tests__/helpers/aws-answers";
import { deployment } from "../../../../__tests__/helpers/deployment";
import {
  CONFIGURATION,
  OLD_KEY,
  runningClusterWith,
} from "../../../../__tests__/helpers/stand-in-cluster";
import { policyDocument } from "../../../../src/iam/policy-document";
import { runningAccess } from "../../src/account/adopt/running-access";
import { adoptedSettings, adoptedText } from "../../src/account/adopt/settings-file";

const ANSWERS = {
  GetCallerIdentity: { Account: ACCOUNT },
  GetAccessKeyLastUsed: { UserName: "dkp" },
  GetUser: "user/apps/dkp",
  ListAttachedUserPolicies: ["clusters/D8"],
  ListAccessKeys: { [OLD_KEY]: "Active" },
  GetPolicy: "policy/clusters/D8",
};
const accessOf = (answers: Answers = {}, text = CONFIGURATION) =>
  runningAccess(runningClusterWith(text), accountWith({ ...ANSWERS, ...answers }));

describe("adoptedSettings", () => {
  it("has Region, account, user, policy and fields of the cluster, and no key", async () => {
    const configuration = `${CONFIGURATION}existingVPCID: vpc-0123456789abcdef0\ntags: { team: platform }\nwithNAT: { bastionInstance: { zone: a } }\n`;
    const { text } = adoptedSettings(
      await accessOf({ GetUser: { boundary: "limit" } }, configuration),
      "a.yaml",
      "a",
    );
    expect(text.replaceAll(/^(#.*)?\n/gm, "")).toBe(`region: eu-central-1
accountId: "123456789012"
backend:
  s3:
    bucket: example-terraform-state # CHANGE
    region: eu-central-1 # CHANGE
user:
  name: dkp
  path: /
  permissionsBoundary: arn:aws:iam::123456789012:policy/limit
policy:
  name: D8
  path: /clusters/
  mode: minimal
import:
  user: true
  policy: true
  attachment: true
accessKeys:
  managedBy: rotate
  maxAge: 90
cluster:
  prefix: dev
  layout: WithoutNAT
  existingVPCID: vpc-0123456789abcdef0
  tags:
    team: platform
  withNAT:
    bastionInstance: {}
  amis:
    - ami-0aad10862ade98f27
features: []
`);
  });

  it("takes the mode whose actions are nearest, and names what an apply adds and removes", async () => {
    const { policies } = deployment(
      "policy: { mode: minimal }\ncluster: { prefix: dev, layout: WithoutNAT }",
    );
    const actions = policies.flatMap(({ statements }) =>
      policyDocument(statements).Statement.flatMap(({ Action }) => Action),
    );
    const access = await accessOf({
      GetPolicyVersion: ["s3:ListAllMyBuckets", ...actions.slice(1)],
    });
    const settings = adoptedSettings(access, "a.yaml", "a");
    expect(settings.nearest).toMatchObject({
      mode: "minimal",
      added: [actions[0]],
      removed: ["s3:ListAllMyBuckets"],
    });
    expect(
      adoptedText(access, settings),
    ).toBe(`The cluster has a key of the user dkp. It stays as it is.
The policy D8 is nearest to the mode minimal.
  actions that the next apply adds: ${actions[0]}
  actions that the next apply removes: s3:ListAllMyBuckets
`);
  });

  it("names in the file and in the report what it does not manage", async () => {
    const access = await accessOf({
      GetAccessKeyLastUsed: {
        UserName: "dkp",
        AccessKeyLastUsed: { LastUsedDate: new Date(), ServiceName: "ec2", Region: "us-east-1" },
      },
      ListUserPolicies: ["inline"],
      ListGroupsForUser: ["ops"],
      ListAccessKeys: { [OLD_KEY]: "Active", AKIAI44QH8DHBEXAMPLE: "Inactive" },
      ListAttachedUserPolicies: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
    });
    const notes = [
      "the user has the inline policy inline, which stays and is not managed",
      "the user is in the group ops, which stays and is not managed",
      "the user has another key, AKIAI44QH8DHBEXAMPLE (Inactive); ask who uses it",
      "AWS reports a use of the key in us-east-1, so another cluster has it too; give each cluster a user of its own before you rotate the key",
      "the user has the policy arn:aws:iam::aws:policy/ReadOnlyAccess, which stays and is not managed",
    ];
    const settings = adoptedSettings(access, "a.yaml", "a");
    expect(settings.text).toMatch(
      `\n# Found, and not in these settings:\n${notes.map((note) => `#   - ${note}\n`).join("")}`,
    );
    expect(settings.text).toContain("import:\n  user: true\n\n");
    // A rotation would end the key of the other cluster.
    expect(settings.text).toContain("\naccessKeys:\n  managedBy: none\n");
    expect(adoptedText(access, settings).split("\n").slice(1)).toEqual([
      "The user has no managed policy of the account: the next apply creates one, and attaches it.",
      ...notes.map((note) => `Note: ${note}.`),
      "",
    ]);
  });

  it("knows the second policy of a deployment, which the first apply must import", async () => {
    const { policies } = deployment(
      "policy: { mode: minimal }\ncluster: { prefix: dev, layout: WithoutNAT }",
    );
    const access = await accessOf();
    const deployed = policies.map(({ statements }, at) => ({
      name: ["D8", "D8-2"][at] ?? "",
      path: "/",
      document: { ...policyDocument(statements, ACCOUNT) },
    }));
    const given = { ...access, policies: deployed };
    const settings = adoptedSettings(given, "a.yaml", "a");
    expect(settings.nearest).toMatchObject({ mode: "minimal", added: [], removed: [] });
    expect(adoptedText(given, settings)).toContain(
      "Note: the user has the policy D8-2, whose name the second policy has in the modes scoped and minimal; import it before the first apply (docs/how-to/import.md).\n",
    );
  });

  it("rejects a value that settings cannot have", async () => {
    const access = await accessOf({}, CONFIGURATION.replace("WithoutNAT", "Nowhere"));
    expect(() => adoptedSettings(access, "a.yaml", "a")).toThrow(
      /^a.yaml has 1 error:\n {2}line \d+, cluster.layout: "Nowhere"/,
    );
  });
});

it("the access of a running cluster requires credentials of its account", async () => {
  await expect(accessOf({ GetAccessKeyLastUsed: "error NoSuchEntity" })).rejects.toThrow(
    `the cluster has the key ${OLD_KEY}, which is of no user of account ${ACCOUNT}; use credentials of the cluster's account`,
  );
});

it.each([
  ["sts", "us-east-1", false],
  ["iam", "us-east-1", false],
  ["ec2", "us-east-1", true],
  ["ec2", "eu-central-1", false],
])(
  "a use of %s in %s shows that another cluster has the key: %s",
  async (ServiceName, Region, isShared) => {
    const AccessKeyLastUsed = { LastUsedDate: new Date(), ServiceName, Region };
    const { notes, ...access } = await accessOf({
      GetAccessKeyLastUsed: { UserName: "dkp", AccessKeyLastUsed },
    });
    expect([access.isShared, notes.length]).toEqual([isShared, isShared ? 1 : 0]);
  },
);
