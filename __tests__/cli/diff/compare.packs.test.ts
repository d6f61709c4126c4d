import { type DeploymentChanges, exitCodeOf } from "../../../src/cli/diff/change-summary";
import { changesAgainst } from "../../../src/cli/diff/compare";
import { KEY_ADDRESSES } from "../../../src/terraform/addresses";
import { ENCRYPTION_KEY } from "../../helpers/pgp-keys";
import { packOf } from "../../helpers/simulated-diff";

const between = (before: string, after: string) =>
  changesAgainst({ deckhouse: packOf(before) }, { deckhouse: packOf(after) }, "review/ against main");
const summaryOf = (before: string, after: string) => between(before, after).deployments[0] as DeploymentChanges;
const breakingChanges = (before: string, after: string) => summaryOf(before, after).breakingChanges;
const notes = (before: string, after: string) => summaryOf(before, after).notes;
const keys = (primary: string, secondary: string, current = "primary") =>
  `accessKeys: { primary: { status: ${primary} }, secondary: { status: ${secondary} }, current: ${current} }`;

const ENCRYPTED = `accessKeys: { primary: { status: Active, pgpKey: ${ENCRYPTION_KEY} } }`;

describe("a breaking change of settings", () => {
  const WOULD = "the next plan would";

  it.each<[string, string, string, readonly string[]]>([
    [
      "a new user name",
      "",
      "user: { name: other }",
      [
        'rename the user "deckhouse" to "other": Terraform replaces the access keys and attachments that refer to the old name',
        "replace the attachment of the policy to the user",
        "replace the access key in the slot primary: the old key is deleted before the new key exists",
      ],
    ],
    [
      "the user name in another case, without access keys in Terraform",
      "accessKeys: none",
      "accessKeys: none\nuser: { name: Deckhouse }",
      [
        'rename the user "deckhouse" to "Deckhouse": Terraform replaces the access keys and attachments that refer to the old name',
        "replace the attachment of the policy to the user",
      ],
    ],
    [
      "a new policy name",
      "",
      "policy: { name: Other }",
      ['replace the policy "Other" and its attachments', "replace the attachment of the policy to the user"],
    ],
    [
      "a new policy path",
      "",
      "policy: { path: /platform/ }",
      ['replace the policy "D8CloudProviderAWS" and its attachments', "replace the attachment of the policy to the user"],
    ],
    [
      "the OpenPGP key of a live slot",
      "",
      `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`,
      ["replace the access key in the slot primary: the old key is deleted before the new key exists"],
    ],
    [
      "another group name",
      "attachment: user-and-group",
      "attachment: user-and-group\ngroup: { name: other }",
      ["replace the attachment of the policy to the group"],
    ],
    [
      "another node role",
      "nodeRole: { name: a }",
      "nodeRole: { name: b }",
      ['replace the node role "b": nodes that use it lose their permissions; set iamNodeRole to another role first'],
    ],
    [
      "a move of the policy from the user to the group in one apply",
      "",
      "attachment: group",
      [
        "move the policy from the user to the group in one apply: the user temporarily has no permissions; apply attachment: user-and-group first",
      ],
    ],
    [
      "a move of the policy from the group to the user in one apply",
      "attachment: group",
      "",
      [
        "move the policy from the group to the user in one apply: the user temporarily has no permissions; apply attachment: user-and-group first",
      ],
    ],
    [
      "a slot that goes from Active to absent",
      keys("Active", "Active", "secondary"),
      keys("absent", "Active", "secondary"),
      ["delete the access key in the slot primary while it is Active; set it to Inactive in an earlier apply"],
    ],
    [
      "access keys that Terraform no longer manages",
      "",
      "accessKeys: none",
      ["delete the access key in the slot primary while it is Active; set it to Inactive in an earlier apply"],
    ],
    [
      "a key that is deleted while the other one is activated",
      keys("Active", "Inactive"),
      `accessKeys: { primary: { status: absent }, secondary: { status: Active }, current: secondary }`,
      ["delete the access key in the slot primary while it is Active; set it to Inactive in an earlier apply"],
    ],
    [
      "a rotation in one step",
      "",
      keys("absent", "Active", "secondary"),
      [
        "delete the access key in the slot primary while it is Active; set it to Inactive in an earlier apply",
        "create the access key in the slot secondary and delete the one in the slot primary in one apply; a rotation changes one setting per apply",
      ],
    ],
    [
      "a current key that is deactivated in the apply that exposes the other one",
      keys("Active", "Active"),
      keys("Inactive", "Active", "secondary"),
      [
        "deactivate the access key in the slot primary, which is the current key that the outputs expose; set accessKeys.current to the other slot in an earlier apply",
      ],
    ],
    [
      "another account",
      "accountId: '123456789012'",
      "accountId: '111111111111'",
      ["re-create all resources in the account 111111111111, and leave the user and its access key unmanaged in 123456789012"],
    ],
  ])("is reported for %s", (_, before, after, expected) => {
    expect(breakingChanges(before, after)).toEqual(expected.map((change) => `${WOULD} ${change}`));
    expect(exitCodeOf(between(before, after))).toBe(3);
  });

  it("comes with a note on whether protect rejects it", () => {
    expect(notes("", "user: { name: other }")).toContain(
      "protect is on: Terraform rejects a plan that destroys a protected resource",
    );
    expect(notes("protect: false", "protect: false\nuser: { name: other }")).toContain(
      "protect is off: Terraform does not reject these changes",
    );
  });
});

describe("a change of settings that breaks nothing", () => {
  it.each([
    ["nothing", "", ""],
    ["the first step of a rotation", keys("Active", "absent"), keys("Active", "Active")],
    ["the second", keys("Active", "Active"), keys("Active", "Active", "secondary")],
    ["the third", keys("Active", "Active", "secondary"), keys("Inactive", "Active", "secondary")],
    ["the fourth", keys("Inactive", "Active", "secondary"), keys("absent", "Active", "secondary")],
    ["a step towards a group", "", "attachment: user-and-group"],
    ["the step after it", "attachment: user-and-group", "attachment: group"],
    ["a step back", "attachment: group", "attachment: user-and-group"],
    ["the policy's description", "", "policy: { description: Other }"],
    ["the user's path", "", "user: { path: /platform/ }"],
    ["tags", "", "tags: { team: platform }"],
    ["a region of the documented policy", "", "region: eu-west-1"],
    ["an account that is stated now", "", "accountId: '123456789012'"],
    ["a permissions boundary", "", "user: { permissionsBoundary: 'arn:aws:iam::123456789012:policy/B' }"],
    ["protect that is switched off", "", "protect: false"],
  ])("exits with 0 if nothing is broadened: %s", (_, before, after) => {
    expect(exitCodeOf(between(before, after))).toBe(0);
  });

  it.each([
    [
      "a boundary that is removed",
      "user: { permissionsBoundary: 'arn:aws:iam::1:policy/B' }",
      "",
      "the user: the permissions boundary arn:aws:iam::123456789012:policy/B is removed",
    ],
    [
      "another boundary",
      "user: { permissionsBoundary: 'arn:aws:iam::1:policy/B' }",
      "user: { permissionsBoundary: 'arn:aws:iam::1:policy/C' }",
      "the user: the permissions boundary arn:aws:iam::123456789012:policy/B is replaced by arn:aws:iam::123456789012:policy/C",
    ],
    [
      "a policy for nodes",
      "nodeRole: { name: n }",
      "nodeRole: { name: n, managedPolicyArns: ['arn:aws:iam::1:policy/C'] }",
      "the node role: the policy arn:aws:iam::123456789012:policy/C is attached; its permissions are not compared",
    ],
    [
      "a removed boundary of the node role",
      "nodeRole: { name: n, permissionsBoundary: 'arn:aws:iam::1:policy/B' }",
      "nodeRole: { name: n }",
      "the node role: the permissions boundary arn:aws:iam::123456789012:policy/B is removed",
    ],
  ])("exits with 2 if it broadens permissions: %s", (_, before, after, broadened) => {
    const [one, other] = [before, after].map((settings) => settings.replaceAll("::1:", "::123456789012:")) as [string, string];
    expect(summaryOf(one, other).permissions).toMatchObject({ broadened: [], narrowed: [], otherBroadened: [broadened] });
    expect(exitCodeOf(between(one, other))).toBe(2);
  });

  it("reports additional actions of the node role as broadened", () => {
    const { broadened } = summaryOf(
      "nodeRole: { name: n }",
      "nodeRole: { name: n, additionalActions: ['s3:GetObject', 'ecr:Get*'] }",
    ).permissions;
    expect(broadened).toEqual(
      ["ecr:get*", "s3:getobject"].map((action) => ({
        principal: "node role",
        action,
        access: "unknown",
        area: "not in DKP's catalogue",
        scopes: [{ resource: "*", conditions: [] }],
        otherSide: [],
      })),
    );
  });

  it("does not report policies of the node role in another order as broadened", () => {
    const role = (...names: readonly string[]) =>
      `nodeRole: { name: n, managedPolicyArns: [${names.map((name) => `'arn:aws:iam::123456789012:policy/${name}'`).join(", ")}] }`;
    expect(summaryOf(role("A", "B"), role("B")).permissions).toMatchObject({
      otherBroadened: [],
      otherNarrowed: ["the node role: the policy arn:aws:iam::123456789012:policy/A is detached"],
    });
  });
});

describe("the summary of a change of settings", () => {
  it("reports a secret that is newly in the outputs, or in plaintext in the state, as exposed and not as a permission", () => {
    expect(summaryOf("outputs: { secret: false }", "").secretExposures).toEqual([
      "the output secret_access_key is new: every workspace that reads any output of this state receives the secret in plaintext",
    ]);
    const encrypted = `accessKeys: { primary: { status: Active, pgpKey: ${ENCRYPTION_KEY} } }`;
    const both = `accessKeys: { primary: { status: Active, pgpKey: ${ENCRYPTION_KEY} }, secondary: { status: Active } }`;
    expect(summaryOf(encrypted, both)).toMatchObject({
      secretExposures: ["the state newly contains the secret of an access key in plaintext"],
      breakingChanges: [],
    });
    expect(exitCodeOf(between(encrypted, both))).toBe(2);
    const inactive = `accessKeys: { primary: { status: Active, pgpKey: ${ENCRYPTION_KEY} }, secondary: { status: Inactive } }`;
    expect(notes(inactive, encrypted)).toContain(
      "the state no longer contains a secret in plaintext; its older versions still do",
    );
  });

  it.each<[string, string, string, readonly string[]]>([
    ["region", "", "region: eu-west-1", ["region: eu-central-1 -> eu-west-1"]],
    [
      "description",
      "",
      "policy: { description: Other }",
      ["policy.description: AWS cannot change a description, so the new one has no effect"],
    ],
    ["outputs", "outputs: { secret: false }", "", ["new outputs: secret_access_key"]],
    [
      "removed outputs",
      "",
      "outputs: { secret: false }",
      ["removed outputs, which other workspaces may read: secret_access_key"],
    ],
    ["tags", "tags: { a: x, b: x }", "tags: { b: y, c: x }", ["tags: a is removed, b has a new value, c is new"]],
    [
      "account",
      "",
      "accountId: '123456789012'",
      ["accountId is now set to 123456789012; the comparison assumes the same account before, which is unknown"],
    ],
    [
      "an account that is no longer set",
      "accountId: '123456789012'",
      "",
      ["accountId is no longer set (was 123456789012): Terraform uses the account of its credentials"],
    ],
    ["guards", "", "protect: false", ["protect: true -> false"]],
    ["provider", "", "provider: { profile: admin, version: '~> 5.100' }", ["AWS provider: changed profile, version"]],
    [
      "backend",
      "",
      "backend: { s3: { bucket: other, region: eu-central-1 } }",
      [
        "the state location changes (backend s3: bucket): run terraform init -migrate-state; with an empty state, Terraform would create all resources again",
      ],
    ],
    [
      "type of backend",
      "",
      "backend: { gcs: { bucket: other } }",
      [
        "the state location changes (backend s3 -> gcs): run terraform init -migrate-state; with an empty state, Terraform would create all resources again",
      ],
    ],
    [
      "group",
      "",
      "attachment: user-and-group",
      ["policy attached to: the user -> the user and the group with all its members", "new outputs: group_name"],
    ],
    ["rotation", keys("Active", "Active"), keys("Active", "Active", "secondary"), ["current key slot: primary -> secondary"]],
    [
      "import",
      "",
      "import: { user: true }",
      ["imports existing resources: aws_iam_user.user; a plan shows what changes in them"],
    ],
  ])("has notes on %s", (_, before, after, expected) => {
    expect(notes(before, after)).toEqual(expected);
  });

  it("reports all permissions of a new deployment as broadened, and no breaking change", () => {
    const changes = changesAgainst({}, { deckhouse: packOf("") }, "");
    expect(changes.deployments[0]).toMatchObject({
      state: "new",
      breakingChanges: [],
      permissions: { narrowed: [], otherBroadened: [] },
    });
    expect(changes.deployments[0]?.permissions.broadened).toHaveLength(128);
    expect(exitCodeOf(changes)).toBe(2);
  });

  it("reports a new deployment as new, whatever its name is", () => {
    expect(changesAgainst({}, { constructor: packOf("") }, "").deployments[0]).toMatchObject({
      stack: "constructor",
      state: "new",
    });
  });

  it("reports a removed deployment as a breaking change only if it was protected until then", () => {
    const gone = (settings: string) => changesAgainst({ deckhouse: packOf(settings) }, {}, "");
    expect(gone("protect: false").deployments[0]).toMatchObject({ state: "removed", breakingChanges: [] });
    expect(exitCodeOf(gone("protect: false"))).toBe(0);
    expect(gone("").deployments[0]?.breakingChanges[0]).toMatch(
      /^the settings file is deleted while protect is on, so the deployment cannot have been destroyed/,
    );
    expect(exitCodeOf(gone(""))).toBe(3);
  });

  it("reports a resource that this project does not create as broadened", () => {
    const pack = packOf("");
    const resource = { ...(pack.resource as object), aws_iam_user_policy: { extra: { user: "deckhouse", policy: "{}" } } };
    const { deployments } = changesAgainst({ deckhouse: pack }, { deckhouse: { ...pack, resource } }, "");
    expect(deployments[0]?.permissions.otherBroadened).toEqual([
      "aws_iam_user_policy.extra: not created by this project, so what it allows is unknown",
    ]);
  });

  it("reports another policy in an attachment, and another group, as broadened", () => {
    const edited = JSON.parse(
      JSON.stringify(packOf("attachment: user-and-group"))
        .replace(/"policy_arn":"[^"]*"/, '"policy_arn":"arn:aws:iam::aws:policy/AdministratorAccess"')
        .replace('"groups":["', '"groups":["admins","'),
    );
    const { deployments } = changesAgainst({ deckhouse: packOf("attachment: user-and-group") }, { deckhouse: edited }, "");
    expect(deployments[0]?.permissions.otherBroadened).toEqual([
      "the user: the policy arn:aws:iam::aws:policy/AdministratorAccess is attached; its permissions are not compared",
      "the user: added to the group admins; its permissions are not compared",
    ]);
  });

  it.each<[string, string, object, readonly string[]]>([
    [
      "an inline policy in the node role",
      "aws_iam_role.node",
      { inline_policy: [{ name: "x", policy: "{}" }] },
      ["aws_iam_role.node: the argument inline_policy is not comparable"],
    ],
    [
      "managed policies in the node role",
      "aws_iam_role.node",
      { managed_policy_arns: ["arn:aws:iam::aws:policy/AdministratorAccess"] },
      ["aws_iam_role.node: the argument managed_policy_arns is not comparable"],
    ],
    [
      "changes that Terraform is to ignore",
      "aws_iam_user.user",
      { lifecycle: { prevent_destroy: true, ignore_changes: ["permissions_boundary"] } },
      ["aws_iam_user.user: the argument lifecycle.ignore_changes is not comparable"],
    ],
    [
      "a provisioner",
      "aws_iam_access_key.user",
      { provisioner: [{}] },
      ["aws_iam_access_key.user: the argument provisioner is not comparable"],
    ],
    [
      "another role in the attachment of the nodes",
      "aws_iam_role_policy_attachment.node-1",
      { role: "admin-role" },
      [
        "the role admin-role, which this project does not create: the policy arn:aws:iam::123456789012:policy/C is attached; its permissions are not compared",
      ],
    ],
    [
      "another role for the policy of the nodes",
      "aws_iam_role_policy.node",
      { role: "admin-role" },
      ["aws_iam_role_policy.node: role is now admin-role, which this project does not create"],
    ],
  ])("reports %s as broadened", (_, address, more, broadened) => {
    const settings = "nodeRole: { name: n, managedPolicyArns: ['arn:aws:iam::123456789012:policy/C'] }";
    const [type = "", name = ""] = address.split(".");
    const after = JSON.parse(JSON.stringify(packOf(settings)));
    Object.assign(after.resource[type][name], more);
    const changes = changesAgainst({ deckhouse: packOf(settings) }, { deckhouse: after }, "");
    expect(changes.deployments[0]?.permissions.otherBroadened).toEqual(broadened);
    expect(exitCodeOf(changes)).toBe(2);
  });

  it("shows the role of an attachment that is not the node role", () => {
    const settings = "nodeRole: { name: n, managedPolicyArns: ['arn:aws:iam::123456789012:policy/C'] }";
    const after = JSON.parse(JSON.stringify(packOf(settings)));
    after.resource.aws_iam_role_policy_attachment["node-2"] = {
      role: "admin-role",
      policy_arn: "arn:aws:iam::123456789012:policy/C",
    };
    const { deployments } = changesAgainst({ deckhouse: packOf(settings) }, { deckhouse: after }, "");
    expect(deployments[0]?.resources).toEqual([
      {
        address: "aws_iam_role_policy_attachment.node-2",
        description: "attachment of arn:aws:iam::123456789012:policy/C to the role admin-role",
        action: "created",
        details: [],
      },
    ]);
  });

  it("reports an output that may contain the secret as exposed, and has a note on the first boundary", () => {
    const after = JSON.parse(JSON.stringify(packOf("user: { permissionsBoundary: 'arn:aws:iam::123456789012:policy/B' }")));
    after.output.dump = { value: `\${nonsensitive(${KEY_ADDRESSES.primary}.secret)}` };
    const changes = changesAgainst({ deckhouse: packOf("") }, { deckhouse: after }, "");
    expect(changes.deployments[0]?.secretExposures).toEqual([
      "the output dump may contain the secret of an access key: every workspace that reads any output of this state receives it in plaintext",
    ]);
    expect(changes.deployments[0]?.notes).toContain(
      "aws_iam_user.user: the permissions boundary is new and blocks whatever it does not allow: compare it with policy.json before you apply",
    );
    expect(exitCodeOf(changes)).toBe(2);
    expect(exitCodeOf(changesAgainst({ deckhouse: after }, { deckhouse: after }, ""))).toBe(0);
  });

  it.each<[string, string, string, 0 | 2]>([
    ["the output of the secret", "outputs: { secret: false }", "", 2],
    ["the output of the secret, removed", "", "outputs: { secret: false }", 0],
    ["a second key without pgpKey", ENCRYPTED, `${ENCRYPTED.slice(0, -1)}, secondary: { status: Active } }`, 2],
    [
      "a second key with pgpKey",
      ENCRYPTED,
      `${ENCRYPTED.slice(0, -1)}, secondary: { status: Active, pgpKey: ${ENCRYPTION_KEY} } }`,
      0,
    ],
    ["a second key without pgpKey beside one without it", keys("Active", "absent"), keys("Active", "Active"), 0],
    ["the first key, without pgpKey", "accessKeys: none", "", 2],
    ["the first key, with pgpKey", "accessKeys: none", ENCRYPTED, 0],
  ])("exits with 2 only if it newly exposes a secret: %s", (_, before, after, code) => {
    const changes = between(before, after);
    expect(exitCodeOf(changes)).toBe(code);
    expect(changes.deployments.flatMap(({ secretExposures }) => secretExposures).length > 0).toBe(code === 2);
  });

  it("exits with 2 for a secret that is newly in the outputs, and with 3 for a deleted node role", () => {
    expect(exitCodeOf(between("outputs: { secret: false }", ""))).toBe(2);
    expect(breakingChanges("nodeRole: { name: n }", "")).toEqual([
      'the next plan would delete the node role "n": nodes that use it lose their permissions; set iamNodeRole to another role first',
    ]);
  });

  it("reports an unchanged deployment next to a changed one", () => {
    const { deployments } = changesAgainst({ a: packOf(""), b: packOf("") }, { a: packOf(""), b: packOf("tags: { x: y }") }, "");
    expect(deployments.map(({ stack, state }) => [stack, state])).toEqual([
      ["a", "unchanged"],
      ["b", "changed"],
    ]);
  });
});
