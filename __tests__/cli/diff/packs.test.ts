import type { RuleId } from "../../../src/cli/diff/rules";
import { KEY_ADDRESSES } from "../../../src/terraform/addresses";
import { betweenPacks, between as compare, seriousRules } from "../../helpers/changes";
import { packOf, reviewPackOf } from "../../helpers/packs";
import { ENCRYPTION_KEY } from "../../helpers/pgp-keys";

const between = (before: string, after: string) =>
  compare({ deckhouse: reviewPackOf(before) }, { deckhouse: reviewPackOf(after) });
const summaryOf = (before: string, after: string) => only(between(before, after));
const only = ({ deployments: [one] }: ReturnType<typeof compare>) => {
  if (one === undefined) {
    throw new Error("no deployment");
  }
  return one;
};
/** But for the setting itself. */
const breakingChanges = (before: string, after: string) =>
  summaryOf(before, after).breakingChanges.filter((line) => !/^[a-zA-Z.]+: .* -> /.test(line));
const keys = (primary: string, secondary: string, current = "primary") =>
  `accessKeys: { primary: { status: ${primary} }, secondary: { status: ${secondary} }, current: ${current} }`;

const ENCRYPTED = `accessKeys: { primary: { status: Active, pgpKey: ${ENCRYPTION_KEY} } }`;

describe("a breaking change of settings", () => {
  it.each<[string, string, string, readonly string[]]>([
    [
      "a new user name",
      "",
      "user: { name: other }",
      [
        'renames the user "deckhouse" to "other": Terraform replaces the access keys and attachments that refer to the old name',
        "replaces the attachment of the policy to the user",
        "replaces the access key in the slot primary: the old key is deleted before the new key exists",
      ],
    ],
    [
      "the user name in another case, without access keys in Terraform",
      "accessKeys: none",
      "accessKeys: none\nuser: { name: Deckhouse }",
      [
        'renames the user "deckhouse" to "Deckhouse": Terraform replaces the access keys and attachments that refer to the old name',
        "replaces the attachment of the policy to the user",
      ],
    ],
    [
      "a new policy name",
      "",
      "policy: { name: Other }",
      ['replaces the policy "Other" and its attachments', "replaces the attachment of the policy to the user"],
    ],
    [
      "a new policy path",
      "",
      "policy: { path: /platform/ }",
      ['replaces the policy "D8CloudProviderAWS" and its attachments', "replaces the attachment of the policy to the user"],
    ],
    [
      "the OpenPGP key of a live slot",
      "",
      `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`,
      ["replaces the access key in the slot primary: the old key is deleted before the new key exists"],
    ],
    [
      "another group name",
      "attachment: user-and-group",
      "attachment: user-and-group\ngroup: { name: other }",
      ["replaces the attachment of the policy to the group"],
    ],
    [
      "another node role",
      "nodeRole: { name: a }",
      "nodeRole: { name: b }",
      ['replaces the node role "b": nodes that use it lose their permissions; set iamNodeRole to another role first'],
    ],
    [
      "a move of the policy from the user to the group in one apply",
      "",
      "attachment: group",
      [
        "moves the policy from the user to the group in one apply: the user temporarily has no permissions; apply attachment: user-and-group first",
      ],
    ],
    [
      "a move of the policy from the group to the user in one apply",
      "attachment: group",
      "",
      [
        "moves the policy from the group to the user in one apply: the user temporarily has no permissions; apply attachment: user-and-group first",
      ],
    ],
    [
      "a slot that goes from Active to absent",
      keys("Active", "Active", "secondary"),
      keys("absent", "Active", "secondary"),
      [
        "deletes the access key in the slot primary while it is Active; set it to Inactive in an earlier apply, unless it has leaked: then this is the change that keys --leaked prints",
      ],
    ],
    [
      "access keys that Terraform no longer manages",
      "",
      "accessKeys: none",
      [
        "deletes the access key in the slot primary while it is Active; set it to Inactive in an earlier apply, unless it has leaked: then this is the change that keys --leaked prints",
      ],
    ],
    [
      "a key that is deleted while the other one is activated",
      keys("Active", "Inactive"),
      `accessKeys: { primary: { status: absent }, secondary: { status: Active }, current: secondary }`,
      [
        "deletes the access key in the slot primary while it is Active; set it to Inactive in an earlier apply, unless it has leaked: then this is the change that keys --leaked prints",
        "activates the access key in the slot secondary, which is Inactive; if it has leaked, keep it Inactive and expose another key: set accessKeys.secondary.status to Inactive",
      ],
    ],
    [
      "a rotation in one step",
      "",
      keys("absent", "Active", "secondary"),
      [
        "deletes the access key in the slot primary while it is Active; set it to Inactive in an earlier apply, unless it has leaked: then this is the change that keys --leaked prints",
        "creates the access key in the slot secondary and deletes the one in the slot primary in one apply; a rotation changes one setting per apply, unless it has leaked: then this is the change that keys --leaked prints",
      ],
    ],
    [
      "a current key that is deactivated in the apply that exposes the other one",
      keys("Active", "Active"),
      keys("Inactive", "Active", "secondary"),
      [
        "deactivates the access key in the slot primary, which is the current key that the outputs expose; set accessKeys.current to the other slot in an earlier apply, unless it has leaked: then this is the change that keys --leaked prints",
      ],
    ],
    [
      "another account",
      "accountId: '123456789012'",
      "accountId: '111111111111'",
      [
        "creates all resources again in the account 111111111111, and leaves the user and its access key unmanaged in 123456789012",
      ],
    ],
  ])("is reported for %s", (_, before, after, expected) => {
    expect(breakingChanges(before, after)).toEqual(expected);
    expect(between(before, after).exitCode).toBe(3);
  });
});

describe("a change of settings that breaks nothing", () => {
  it.each<[string, string, string, readonly RuleId[]]>([
    ["nothing", "", "", []],
    ["the policy's description", "", "policy: { description: Other }", []],
    ["other tags", "tags: { a: x, b: x }", "tags: { b: y, c: x }", []],
    ["the first tags", "", "tags: { team: platform }", ["deployer-broadened"]],
    ["the first step of a rotation", keys("Active", "absent"), keys("Active", "Active"), []],
    ["the second", keys("Active", "Active"), keys("Active", "Active", "secondary"), []],
    ["the third", keys("Active", "Active", "secondary"), keys("Inactive", "Active", "secondary"), []],
    ["the fourth", keys("Inactive", "Active", "secondary"), keys("absent", "Active", "secondary"), []],
    ["a step towards a group", "", "attachment: user-and-group", ["deployer-broadened", "deployer-broadened", "setting-changed"]],
    ["the step after it", "attachment: user-and-group", "attachment: group", ["setting-changed"]],
    [
      "the user's path",
      "",
      "user: { path: /platform/ }",
      ["argument-not-comparable", "deployer-broadened", "deployer-broadened", "control-policy-weakened", "setting-changed"],
    ],
    ["a region of the documented policy", "", "region: eu-west-1", ["setting-identity"]],
    ["an account that is stated now", "", "accountId: '123456789012'", ["setting-identity"]],
    ["an account that is no longer stated", "accountId: '123456789012'", "", ["setting-identity"]],
    [
      "a permissions boundary",
      "",
      "user: { permissionsBoundary: 'arn:aws:iam::123456789012:policy/B' }",
      ["deployer-broadened", "setting-changed"],
    ],
    ["protect that is switched off", "", "protect: false", ["setting-changed"]],
    ["the output of the secret", "outputs: { secret: false }", "", ["secret-output", "setting-exposure"]],
    ["no output of the secret any more", "", "outputs: { secret: false }", ["setting-exposure"]],
    ["the provider", "", "provider: { profile: admin, version: '~> 5.100' }", ["setting-identity", "setting-identity"]],
    [
      "another bucket of the state",
      "",
      "backend: { s3: { bucket: other, region: eu-central-1 } }",
      ["deployer-broadened", "deployer-broadened", "destination-changed"],
    ],
    ["less encryption", "", "backend: { s3: { bucket: state, region: eu-central-1, encrypt: false } }", ["destination-changed"]],
    ["another type of backend", "", "backend: { gcs: { bucket: other } }", ["destination-changed"]],
    ["an import", "", "import: { user: true }", ["setting-changed"]],
    [
      "a second key without pgpKey",
      ENCRYPTED,
      `${ENCRYPTED.slice(0, -1)}, secondary: { status: Active } }`,
      ["plaintext-in-state"],
    ],
    [
      "a second key with the same pgpKey",
      ENCRYPTED,
      `${ENCRYPTED.slice(0, -1)}, secondary: { status: Active, pgpKey: ${ENCRYPTION_KEY} } }`,
      [],
    ],
    [
      "the first key, without pgpKey",
      "accessKeys: none",
      "",
      ["secret-output", "plaintext-in-state", "deployer-broadened", "deployer-broadened", "setting-changed"],
    ],
    [
      "the first key, with pgpKey",
      "accessKeys: none",
      ENCRYPTED,
      ["pgp-key-new", "deployer-broadened", "deployer-broadened", "setting-changed"],
    ],
  ])("requires attention exactly where it is not known to be harmless: %s", (_, before, after, rules) => {
    const changes = between(before, after);
    expect(seriousRules(changes)).toEqual(rules);
    expect(changes.exitCode).toBe(rules.length === 0 ? 0 : 2);
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
      "the user: the permissions boundary arn:aws:iam::123456789012:policy/B is replaced by arn:aws:iam::123456789012:policy/C, and the content of both is not compared",
    ],
    [
      "a policy for nodes",
      "nodeRole: { name: n }",
      "nodeRole: { name: n, managedPolicyArns: ['arn:aws:iam::1:policy/C'] }",
      "aws_iam_role_policy_attachment.node-policy-C: policy_arn is now arn:aws:iam::123456789012:policy/C, which this project does not create: what it allows is not compared",
    ],
    [
      "a removed boundary of the node role",
      "nodeRole: { name: n, permissionsBoundary: 'arn:aws:iam::1:policy/B' }",
      "nodeRole: { name: n }",
      "the node role: the permissions boundary arn:aws:iam::123456789012:policy/B is removed",
    ],
  ])("exits with 2 if it broadens permissions: %s", (_, before, after, broadened) => {
    const [one, other] = [before, after].map((settings) => settings.replaceAll("::1:", "::123456789012:")) as [string, string];
    const { otherBroadened } = summaryOf(one, other);
    expect(otherBroadened.filter((line) => !line.includes("runs Terraform"))).toEqual([broadened]);
    expect(between(one, other).exitCode).toBe(2);
  });

  it("reports additional actions of the node role as broadened", () => {
    const { broadened } = summaryOf(
      "nodeRole: { name: n }",
      "nodeRole: { name: n, additionalActions: ['s3:GetObject', 'ecr:Get*'] }",
    );
    expect(broadened).toEqual(
      ["ecr:Get*", "s3:GetObject"].map((action) => ({
        principal: "node role",
        action,
        access: "unknown",
        area: "not in DKP's catalogue",
        before: [],
        after: [{ resource: "*", conditions: [] }],
      })),
    );
  });

  it("does not report policies of the node role in another order as broadened", () => {
    const role = (...names: readonly string[]) =>
      `nodeRole: { name: n, managedPolicyArns: [${names.map((name) => `'arn:aws:iam::123456789012:policy/${name}'`).join(", ")}] }`;
    expect(summaryOf(role("A", "B"), role("B"))).toMatchObject({
      otherBroadened: [],
    });
  });
});

describe("the summary of a change of settings", () => {
  it("reports all permissions of a new deployment as broadened, and no breaking change", () => {
    const changes = compare({}, { deckhouse: reviewPackOf("") });
    expect(changes.deployments[0]).toMatchObject({
      state: "new",
      breakingChanges: [],
      narrowed: [],
    });
    const { Statement } = JSON.parse(reviewPackOf("")["policy.json"] ?? "") as { Statement: { Action: string[] }[] };
    expect(changes.deployments[0]?.broadened.map(({ action }) => action).sort()).toEqual(
      Statement.flatMap(({ Action }) => Action).sort(),
    );
    expect(changes.exitCode).toBe(2);
  });

  it("reports a new deployment as new, whatever its name is", () => {
    expect(compare({}, { constructor: reviewPackOf("") }).deployments[0]).toMatchObject({
      stack: "constructor",
      state: "new",
    });
  });

  it("reports a removed deployment as a breaking change only if it was protected until then", () => {
    const gone = (settings: string) => compare({ deckhouse: reviewPackOf(settings) }, {});
    expect(gone("protect: false").deployments[0]).toMatchObject({ state: "removed", breakingChanges: [] });
    expect(gone("protect: false").exitCode).toBe(0);
    expect(gone("").deployments[0]?.breakingChanges[0]).toMatch(
      /^the settings file is deleted while protect is on, so the deployment cannot have been destroyed/,
    );
    expect(gone("").exitCode).toBe(3);
  });

  it("reports a resource that this project does not create as broadened", () => {
    const pack = packOf("");
    const resource = { ...(pack.resource as object), aws_iam_user_policy: { extra: { user: "deckhouse", policy: "{}" } } };
    const { deployments } = betweenPacks(pack, { ...pack, resource });
    expect(deployments[0]?.otherBroadened).toEqual([
      "aws_iam_user_policy.extra: not created by this project, so what it allows or denies is unknown",
    ]);
  });

  it("reports another policy in an attachment, and another group, as broadened", () => {
    const edited = JSON.parse(
      JSON.stringify(packOf("attachment: user-and-group"))
        .replace(/"policy_arn":"[^"]*"/, '"policy_arn":"arn:aws:iam::aws:policy/AdministratorAccess"')
        .replace('"groups":["', '"groups":["admins","'),
    );
    const { deployments } = betweenPacks(packOf("attachment: user-and-group"), edited);
    expect(deployments[0]?.otherBroadened).toEqual([
      "aws_iam_group_policy_attachment.policy-attachment: policy_arn is now arn:aws:iam::aws:policy/AdministratorAccess, which this project does not create: what it allows is not compared",
      "aws_iam_user_group_membership.group-membership: groups is now admins, which this project does not create: what it allows is not compared",
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
      "aws_iam_role_policy_attachment.node-policy-C",
      { role: "admin-role" },
      [
        "aws_iam_role_policy_attachment.node-policy-C: role is now admin-role, which this project does not create: what it allows is not compared",
      ],
    ],
    [
      "another role for the policy of the nodes",
      "aws_iam_role_policy.node",
      { role: "admin-role" },
      ["aws_iam_role_policy.node: role is now admin-role, which this project does not create: what it allows is not compared"],
    ],
  ])("reports %s as broadened", (_, address, more, broadened) => {
    const settings = "nodeRole: { name: n, managedPolicyArns: ['arn:aws:iam::123456789012:policy/C'] }";
    const [type = "", name = ""] = address.split(".");
    const after = JSON.parse(JSON.stringify(packOf(settings)));
    Object.assign(after.resource[type][name], more);
    const changes = betweenPacks(packOf(settings), after);
    expect(changes.deployments[0]?.otherBroadened).toEqual(broadened);
    expect(changes.exitCode).toBe(2);
  });

  it("shows the role of an attachment that is not the node role", () => {
    const settings = "nodeRole: { name: n, managedPolicyArns: ['arn:aws:iam::123456789012:policy/C'] }";
    const after = JSON.parse(JSON.stringify(packOf(settings)));
    after.resource.aws_iam_role_policy_attachment["node-policy-D"] = {
      role: "admin-role",
      policy_arn: "arn:aws:iam::123456789012:policy/C",
    };
    const { deployments } = betweenPacks(packOf(settings), after);
    expect(deployments[0]?.resources).toEqual([
      {
        address: "aws_iam_role_policy_attachment.node-policy-D",
        what: "attachment of arn:aws:iam::123456789012:policy/C to the role admin-role",
        action: "created",
        details: [],
      },
    ]);
  });

  it("reports an output that no setting explains, and has a note on the first boundary", () => {
    const after = JSON.parse(JSON.stringify(packOf("user: { permissionsBoundary: 'arn:aws:iam::123456789012:policy/B' }")));
    after.output.dump = { value: `\${nonsensitive(${KEY_ADDRESSES.primary}.secret)}` };
    const changes = betweenPacks(packOf(""), after);
    expect(changes.deployments[0]?.attention).toContain("output.dump.value changes, which no setting and no policy explains");
    expect(changes.deployments[0]?.notes).toContain(
      "aws_iam_user.user: the permissions boundary is new and blocks whatever it does not allow: compare it with policy.json before you apply",
    );
    expect(changes.exitCode).toBe(2);
    expect(betweenPacks(after, after).exitCode).toBe(0);
  });

  it("exits with 2 for a secret that is newly in the outputs, and with 3 for a deleted node role", () => {
    expect(between("outputs: { secret: false }", "").exitCode).toBe(2);
    expect(breakingChanges("nodeRole: { name: n }", "")).toEqual([
      'deletes the node role "n": nodes that use it lose their permissions; set iamNodeRole to another role first',
    ]);
  });

  it("reports an unchanged deployment next to a changed one", () => {
    const { deployments } = compare(
      { a: reviewPackOf(""), b: reviewPackOf("") },
      { a: reviewPackOf(""), b: reviewPackOf("tags: { x: y }") },
    );
    expect(deployments.map(({ stack, state }) => [stack, state])).toEqual([
      ["a", "unchanged"],
      ["b", "changed"],
    ]);
  });
});

describe("a renamed settings file", () => {
  const s3 = (key: string) =>
    `accountId: "123456789012"\nbackend: { s3: { bucket: state, region: eu-central-1, key: ${key} } }\n`;
  const renamed = (before: string, after: string) => compare({ prod: reviewPackOf(before) }, { production: reviewPackOf(after) });

  it("changes nothing if account, user and state stay", () => {
    const changes = renamed(s3("prod/terraform.tfstate"), s3("prod/terraform.tfstate"));
    expect(changes.deployments.map(({ stack, state, findings }) => [stack, state, findings.map(({ rule }) => rule)])).toEqual([
      ["production", "changed", ["renamed"]],
    ]);
    expect(changes.exitCode).toBe(0);
  });

  it("would leave the state behind with another key of the backend, and nothing advises to destroy the deployment", () => {
    const changes = renamed(s3("prod/terraform.tfstate"), s3("production/terraform.tfstate"));
    expect(changes.deployments.map(({ stack }) => stack)).toEqual(["production"]);
    expect(changes.deployments[0]?.breakingChanges).toEqual([
      "prod is renamed to production, and the state would be left behind: Terraform would create the user again; set backend.s3.key: prod/terraform.tfstate",
    ]);
    expect(changes.exitCode).toBe(3);
  });

  it("is a removed and a new deployment if the user is another one", () => {
    const changes = renamed(s3("a"), `${s3("a")}user: { name: other }`);
    expect(changes.deployments.map(({ state }) => state)).toEqual(["removed", "new"]);
  });
});
