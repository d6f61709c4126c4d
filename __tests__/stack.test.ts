import { IamUser } from "@cdktf/provider-aws/lib/iam-user";
import {
  App,
  DataTerraformRemoteStateHttp,
  TerraformHclModule,
  TerraformLocal,
  TerraformOutput,
  TerraformVariable,
  Testing,
} from "cdktf";
import { Construct } from "constructs";
import { AccessState } from "../src/constructs/access-state";
import { DeckhouseAccessStack } from "../src/stack";
import { OUTPUTS } from "../src/terraform/outputs";
import { deployment, SEVERAL_POLICIES } from "./helpers/deployment";
import pageActions from "./helpers/documented-actions.json";
import { ENCRYPTION_KEY } from "./helpers/pgp-keys";

/** The Terraform JSON of a deployment, without CDKTF's comments. */
function synth(settings = ""): Terraform {
  return JSON.parse(Testing.synth(new DeckhouseAccessStack(Testing.app(), deployment(settings)), true)) as Terraform;
}

interface Terraform {
  readonly resource: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly data: Terraform["resource"];
  readonly output: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly provider: {
    readonly aws: readonly Readonly<Record<string, unknown>>[];
  };
  readonly terraform: Readonly<Record<string, unknown>>;
  readonly import?: readonly Readonly<Record<string, string>>[];
  readonly check?: Readonly<Record<string, { readonly data: Terraform["resource"]; readonly assert: readonly object[] }>>;
}

/** A reference as it stands in Terraform JSON. */
const reference = (to: string) => `\${${to}}`;

const addresses = ({ resource, data, check = {} }: Terraform) =>
  [
    ...Object.keys(check).map((name) => `check.${name}`),
    ...Object.entries(data).flatMap(([type, named]) => Object.keys(named).map((name) => `data.${type}.${name}`)),
    ...Object.entries(resource).flatMap(([type, named]) => Object.keys(named).map((name) => `${type}.${name}`)),
  ].sort();

/** Every address and every output of a stack. */
const contract = (terraform: Terraform) =>
  [...addresses(terraform), ...Object.keys(terraform.output).map((name) => `output.${name}`)].sort();

/** What settings add to the contract, and what they take from it. */
const OPTIONS: Readonly<Record<string, { settings: string; adds: readonly string[]; removes?: readonly string[] }>> = {
  "a second key": {
    settings: "accessKeys: { secondary: { status: Active } }",
    adds: ["aws_iam_access_key.user-secondary"],
  },
  "a second key alone": {
    settings: "accessKeys: { primary: { status: absent }, secondary: { status: Active }, current: secondary }",
    adds: ["aws_iam_access_key.user-secondary"],
    removes: ["aws_iam_access_key.user"],
  },
  "an encrypted secret": {
    settings: `accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`,
    adds: ["output.encrypted_secret_access_key", "output.key_fingerprint"],
    removes: ["output.secret_access_key"],
  },
  "a group beside the user": {
    settings: "attachment: user-and-group",
    adds: [
      "aws_iam_group.group",
      "aws_iam_group_policy_attachment.policy-attachment",
      "aws_iam_user_group_membership.group-membership",
      "output.group_name",
    ],
  },
  "a group alone": {
    settings: "attachment: group",
    adds: [
      "aws_iam_group.group",
      "aws_iam_group_policy_attachment.policy-attachment",
      "aws_iam_user_group_membership.group-membership",
      "output.group_name",
    ],
    removes: ["aws_iam_user_policy_attachment.policy-attachment"],
  },
  "a node role": {
    settings: "nodeRole: { name: dkp-nodes, managedPolicyArns: ['arn:aws:iam::aws:policy/A', 'arn:aws:iam::aws:policy/B'] }",
    adds: [
      "aws_iam_role.node",
      "aws_iam_role_policy.node",
      "aws_iam_role_policy_attachment.node-policy-A",
      "aws_iam_role_policy_attachment.node-policy-B",
      "output.node_role_arn",
      "output.node_role_name",
    ],
  },
  "the import of a user and a key": {
    settings: "import: { user: true, accessKeyId: AKIAIOSFODNN7EXAMPLE }",
    adds: [],
    removes: ["output.secret_access_key"],
  },
  "the import of a policy of mode scoped": {
    settings: "policy: { mode: scoped }\ncluster: { prefix: dev }\nimport: { policy: true }",
    adds: ["data.aws_caller_identity.current"],
  },
  "the import of a policy": { settings: "import: { policy: true }", adds: ["data.aws_caller_identity.current"] },
  "the import of a policy of a stated account": {
    settings: "accountId: '123456789012'\nimport: { policy: true }",
    adds: [],
  },
  "several policies": {
    settings: SEVERAL_POLICIES,
    adds: [
      "aws_iam_policy.policy-2",
      "aws_iam_user_policy_attachment.policy-attachment-2",
      "data.aws_caller_identity.current",
      "data.aws_iam_policy_document.policy-2",
      "output.additional_policy_arns",
    ],
  },
  "several policies of a group": {
    settings: `${SEVERAL_POLICIES}attachment: group`,
    adds: [
      "aws_iam_group.group",
      "aws_iam_group_policy_attachment.policy-attachment",
      "aws_iam_group_policy_attachment.policy-attachment-2",
      "aws_iam_policy.policy-2",
      "aws_iam_user_group_membership.group-membership",
      "data.aws_caller_identity.current",
      "data.aws_iam_policy_document.policy-2",
      "output.additional_policy_arns",
      "output.group_name",
    ],
    removes: ["aws_iam_user_policy_attachment.policy-attachment"],
  },
  "no key": {
    settings: "accessKeys: none",
    adds: [],
    removes: ["aws_iam_access_key.user", "output.access_key_id", "output.access_key_slot", "output.secret_access_key"],
  },
};

describe("the contract with other workspaces", () => {
  it("has exactly these addresses and outputs", () => {
    const terraform = synth();
    expect(addresses(terraform)).toEqual([
      "aws_iam_access_key.user",
      "aws_iam_policy.policy",
      "aws_iam_user.user",
      "aws_iam_user_policy_attachment.policy-attachment",
      "data.aws_iam_policy_document.policy",
    ]);
    expect(Object.keys(terraform.output).sort()).toEqual([
      "access_key_id",
      "access_key_slot",
      "account_id",
      "policy_arn",
      "policy_name",
      "region",
      "secret_access_key",
      "user_arn",
      "user_name",
    ]);
  });

  it("describes every output", () => {
    const outputs = ["", ...Object.values(OPTIONS).map(({ settings }) => settings)].flatMap((settings) =>
      Object.entries(synth(settings).output),
    );
    const described = Object.fromEntries(outputs.map(([name, { description }]) => [name, description]));
    expect(described).toEqual(OUTPUTS);
  });

  it.each(Object.entries(OPTIONS))("has %s only if the settings state it", (_, { settings, adds, removes = [] }) => {
    const plain = contract(synth());
    const names = contract(synth(settings));
    expect(names.filter((name) => !plain.includes(name))).toEqual([...adds].sort());
    expect(plain.filter((name) => !names.includes(name))).toEqual([...removes].sort());
  });

  it("marks the secret as sensitive, and nothing else", () => {
    const { output } = synth();
    expect(Object.keys(output).filter((name) => output[name]?.sensitive === true)).toEqual(["secret_access_key"]);
  });

  it("leaves the secret out with outputs.secret: false", () => {
    expect(synth("outputs: { secret: false }").output).not.toHaveProperty("secret_access_key");
  });
});

describe("the stack of the smallest settings", () => {
  it("allows exactly the actions of the DKP documentation, in the spelling of AWS, sorted", () => {
    const statements = synth().data.aws_iam_policy_document?.policy?.statement as { actions: string[] }[];
    const documented = statements[0]?.actions;
    expect(documented).toEqual([...new Set(pageActions.map((action) => action.replace("NATGateway", "NatGateway")))].sort());
    expect(documented).toHaveLength(125);
  });

  it("omits the additional permissions with policy.supplement: false", () => {
    const { data } = synth("policy: { supplement: false }");
    const statements = data.aws_iam_policy_document?.policy?.statement as {
      sid: string;
    }[];
    expect(statements.map(({ sid }) => sid)).toEqual(["VisualEditor0"]);
  });
});

describe("settings and what they become", () => {
  const user = (settings: string) => synth(settings).resource.aws_iam_user?.user;
  const policy = (settings: string) => synth(settings).resource.aws_iam_policy?.policy;
  const plain = synth();

  it.each([
    ["region", "region: us-gov-west-1", { region: "us-gov-west-1" }],
    ["account", 'accountId: "123456789012"', { allowed_account_ids: ["123456789012"] }],
    ["profile", "provider: { profile: admin }", { profile: "admin" }],
    [
      "assumed role",
      "provider: { assumeRoleArn: 'arn:aws:iam::123456789012:role/ci/deployer' }",
      {
        assume_role: [{ role_arn: "arn:aws:iam::123456789012:role/ci/deployer" }],
      },
    ],
    [
      "tags, their keys as they are written",
      "tags: { CostCenter: a, 'some:Key': b, under_score: c }",
      {
        default_tags: [{ tags: { CostCenter: "a", "some:Key": "b", under_score: "c" } }],
      },
    ],
  ])("the provider's %s", (_, settings, provider) => {
    const changed = synth(settings);
    expect(changed.provider.aws).toEqual([{ ...plain.provider.aws[0], ...provider }]);
  });

  it("the provider's version range", () => {
    expect(synth("provider: { version: '~> 6.25' }").terraform.required_providers).toEqual({
      aws: { source: "hashicorp/aws", version: "~> 6.25" },
    });
  });

  it.each([
    ["name", "user: { name: dkp }", { name: "dkp" }],
    ["path", "user: { path: /platform/ }", { path: "/platform/" }],
    [
      "boundary",
      "user: { permissionsBoundary: 'arn:aws:iam::aws:policy/A' }",
      { permissions_boundary: "arn:aws:iam::aws:policy/A" },
    ],
    ["forceDestroy", "user: { forceDestroy: true }", { force_destroy: true }],
  ])("the user's %s, and nothing else", (_, settings, changes) => {
    expect(synth(settings)).toEqual({
      ...plain,
      resource: {
        ...plain.resource,
        aws_iam_user: { user: { ...user(""), ...changes } },
      },
    });
  });

  it.each([
    ["name", "policy: { name: Dkp }", { name: "Dkp" }],
    ["path", "policy: { path: /platform/ }", { path: "/platform/" }],
    ["description", "policy: { description: Access of DKP }", { description: "Access of DKP" }],
  ])("the policy's %s, and nothing else", (_, settings, changes) => {
    expect(synth(settings)).toEqual({
      ...plain,
      resource: {
        ...plain.resource,
        aws_iam_policy: { policy: { ...policy(""), ...changes } },
      },
    });
  });

  it("protection of user, key, policy and attachment", () => {
    const protectedOnes = (settings: string) =>
      Object.entries(synth(settings).resource).flatMap(([type, named]) =>
        Object.values(named).map(({ lifecycle }) => [
          type,
          (lifecycle as { prevent_destroy?: boolean } | undefined)?.prevent_destroy,
        ]),
      );
    expect(protectedOnes("")).toEqual([
      ["aws_iam_access_key", true],
      ["aws_iam_policy", true],
      ["aws_iam_user", true],
      ["aws_iam_user_policy_attachment", true],
    ]);
    expect(protectedOnes("protect: false")).toEqual([
      ["aws_iam_access_key", false],
      ["aws_iam_policy", false],
      ["aws_iam_user", false],
      ["aws_iam_user_policy_attachment", undefined],
    ]);
  });
});

describe("the group", () => {
  it("has the policy and the user, under its name and path", () => {
    const { resource } = synth("attachment: group\ngroup: { name: dkp, path: /platform/ }");
    expect(resource.aws_iam_group?.group).toEqual({ name: "dkp", path: "/platform/" });
    expect(resource.aws_iam_user_group_membership?.["group-membership"]).toEqual({
      user: reference("aws_iam_user.user.name"),
      groups: [reference("aws_iam_group.group.name")],
    });
    expect(resource.aws_iam_group_policy_attachment?.["policy-attachment"]).toEqual({
      group: reference("aws_iam_group.group.name"),
      policy_arn: reference("aws_iam_policy.policy.arn"),
      lifecycle: { prevent_destroy: true },
    });
  });
});

describe("the order of replacement", () => {
  const POLICY = "aws_iam_policy.policy";
  const ATTACHMENTS = ["aws_iam_group_policy_attachment.policy-attachment", "aws_iam_user_policy_attachment.policy-attachment"];
  const createdFirst = (settings: string) =>
    Object.entries(synth(`attachment: user-and-group\nnodeRole: { name: n }\n${settings}`).resource)
      .flatMap(([type, byName]) =>
        Object.entries(byName).map(([name, { lifecycle }]) => ({ address: `${type}.${name}`, lifecycle })),
      )
      .filter(({ lifecycle }) => (lifecycle as Record<string, unknown> | undefined)?.create_before_destroy === true)
      .map(({ address }) => address)
      .sort();

  it("is creation first for the policy alone while it is protected, because an attachment can only be replaced alone", () => {
    expect(createdFirst("")).toEqual([POLICY]);
  });

  it("is creation first for the attachments too without protect, because the policy can be replaced", () => {
    expect(createdFirst("protect: false")).toEqual([...ATTACHMENTS, POLICY].sort());
  });
});

describe("the node role", () => {
  const role = (settings: string) => synth(`nodeRole: ${settings}`).resource;

  it("is one of EC2 with what DKP's own node role has", () => {
    const { aws_iam_role, aws_iam_role_policy } = role("{ name: dkp-nodes }");
    const { assume_role_policy, ...rest } = aws_iam_role?.node ?? {};
    expect(rest).toEqual({ name: "dkp-nodes", path: "/" });
    expect(JSON.parse(String(assume_role_policy))).toEqual({
      Version: "2012-10-17",
      Statement: [{ Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" }, Effect: "Allow" }],
    });
    expect(JSON.parse(String(aws_iam_role_policy?.node?.policy))).toEqual({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: ["ec2:DescribeTags", "ec2:DescribeInstances"], Resource: "*" }],
    });
  });

  it.each([
    ["", "yet unnamed"],
    ["iamNodeRole: dkp-nodes", "named"],
  ])("may be passed to instances by the user, with its path, in mode scoped: %s", (iamNodeRole) => {
    const { data } = synth(
      `accountId: "123456789012"\npolicy: { mode: scoped }\ncluster: { prefix: dev, ${iamNodeRole} }\nnodeRole: { name: dkp-nodes, path: /dkp/ }`,
    );
    const statements = data.aws_iam_policy_document?.policy?.statement as { sid: string; resources: string[] }[];
    const resources = (sid: string) => statements.find((statement) => statement.sid === sid)?.resources;
    const role = "arn:aws:iam::123456789012:role/dkp/dkp-nodes";
    expect(resources("PassNodeRole")).toEqual(["arn:aws:iam::123456789012:role/dev-node", role]);
    expect(resources("OtherNodeRoles")).toEqual([role]);
  });

  it("may do more, within a boundary", () => {
    const { aws_iam_role, aws_iam_role_policy } = role(
      "{ name: n, path: /dkp/, additionalActions: ['s3:GetObject', 'ec2:DescribeTags'], permissionsBoundary: 'arn:aws:iam::aws:policy/A' }",
    );
    expect(aws_iam_role?.node).toMatchObject({ path: "/dkp/", permissions_boundary: "arn:aws:iam::aws:policy/A" });
    expect(JSON.parse(String(aws_iam_role_policy?.node?.policy)).Statement[0].Action).toEqual([
      "ec2:DescribeTags",
      "ec2:DescribeInstances",
      "s3:GetObject",
    ]);
  });
});

describe("import", () => {
  const imports = (settings: string) => synth(settings).import;

  it("imports by the names in the settings, from the account of the credentials", () => {
    const arn = `arn:aws:iam::${reference("data.aws_caller_identity.current.account_id")}:policy/dkp/Dkp`;
    expect(
      imports(
        "user: { name: dkp }\npolicy: { name: Dkp, path: /dkp/ }\nimport: { user: true, policy: true, attachment: true, accessKeyId: AKIAIOSFODNN7EXAMPLE }",
      ),
    ).toEqual([
      { to: "aws_iam_user.user", id: "dkp" },
      { to: "aws_iam_access_key.user", id: "AKIAIOSFODNN7EXAMPLE" },
      { to: "aws_iam_policy.policy", id: arn },
      { to: "aws_iam_user_policy_attachment.policy-attachment", id: `dkp/${arn}` },
    ]);
  });

  it("imports the group and the node role by name", () => {
    expect(
      imports(
        "attachment: user-and-group\ngroup: { name: dkp, path: /platform/ }\nnodeRole: { name: dkp-nodes, path: /dkp/ }\nimport: { group: true, nodeRole: true }",
      ),
    ).toEqual([
      { to: "aws_iam_group.group", id: "dkp" },
      { to: "aws_iam_role.node", id: "dkp-nodes" },
    ]);
  });

  it("takes the partition from the region and the account from the settings", () => {
    expect(imports("region: us-gov-west-1\naccountId: '123456789012'\nimport: { policy: true }")).toEqual([
      { to: "aws_iam_policy.policy", id: "arn:aws-us-gov:iam::123456789012:policy/D8CloudProviderAWS" },
    ]);
  });

  it.each([
    ["attachment", { to: "aws_iam_user_policy_attachment.policy-attachment", id: "deckhouse/ARN" }],
    ["policy", { to: "aws_iam_policy.policy", id: "ARN" }],
    ["user", { to: "aws_iam_user.user", id: "deckhouse" }],
  ])("imports %s alone, with the account of the credentials in an ARN, and no node role", (what, block) => {
    const { import: blocks, data } = synth(`nodeRole: { name: n }\nimport: { ${what}: true }`);
    const arn = `arn:aws:iam::${reference("data.aws_caller_identity.current.account_id")}:policy/D8CloudProviderAWS`;
    expect(blocks).toEqual([{ ...block, id: block.id.replace("ARN", () => arn) }]);
    expect(data.aws_caller_identity !== undefined).toBe(what !== "user");
  });

  it("imports nothing by default", () => {
    expect(synth()).not.toHaveProperty("import");
    expect(synth("import: {}")).not.toHaveProperty("import");
  });
});

describe("access keys", () => {
  const keys = (settings: string) => synth(`accessKeys: ${settings}`).resource.aws_iam_access_key;
  const outputs = (settings: string) =>
    Object.fromEntries(Object.entries(synth(settings).output).map(([name, { value }]) => [name, value]));

  it("has the second one beside the first, guarded alike", () => {
    const key = { user: reference("aws_iam_user.user.name"), lifecycle: { prevent_destroy: true } };
    expect(keys("{ secondary: { status: Active } }")).toEqual({ user: key, "user-secondary": key });
  });

  it("deactivates without touching anything else", () => {
    expect(keys("{ primary: { status: Inactive }, secondary: { status: Active }, current: secondary }")).toEqual({
      user: { user: reference("aws_iam_user.user.name"), lifecycle: { prevent_destroy: true }, status: "Inactive" },
      "user-secondary": { user: reference("aws_iam_user.user.name"), lifecycle: { prevent_destroy: true } },
    });
  });

  it("never creates a key before the old one is deleted, because that would leave an unmanaged one", () => {
    expect(JSON.stringify(keys("{ secondary: { status: Active } }"))).not.toContain("create_before_destroy");
  });

  it("keeps a secret out of the state with pgpKey, slot by slot, and says so where it does not", () => {
    const notes = (accessKeys: string) =>
      new DeckhouseAccessStack(
        Testing.app(),
        deployment(`accessKeys: ${accessKeys}\naccountId: "123456789012"`),
      ).node.metadata.map(({ data }) => data);
    const encrypted = `{ pgpKey: ${ENCRYPTION_KEY} }`;
    expect(keys(`{ primary: ${encrypted} }`)?.user).toMatchObject({ pgp_key: ENCRYPTION_KEY });
    expect(notes(`{ primary: ${encrypted} }`)).toEqual([]);
    expect(notes(`{ primary: ${encrypted}, secondary: { status: Active } }`)).toEqual([
      "the secret access key is in the Terraform state in plaintext; encrypt the state and restrict who can read it, or set pgpKey",
    ]);
    expect(notes("none")).toEqual([]);
    expect(notes("{}")).toEqual([expect.stringContaining("Every workspace that reads one output")]);
  });

  it("exposes the current slot", () => {
    expect(outputs("accessKeys: { secondary: { status: Active }, current: secondary }")).toMatchObject({
      access_key_id: reference("aws_iam_access_key.user-secondary.id"),
      access_key_slot: "secondary",
      secret_access_key: reference("aws_iam_access_key.user-secondary.secret"),
    });
  });
});

describe("addresses that would collide", () => {
  const stackWith = (add: (stack: DeckhouseAccessStack) => void) => {
    const stack = new DeckhouseAccessStack(new App({ stackTraces: false, outdir: Testing.app().outdir }), deployment());
    add(stack);
    return stack;
  };

  it("are refused instead of merged", () => {
    const stack = stackWith((scope) => {
      new IamUser(scope, "other", { name: "a" }).overrideLogicalId("user");
    });
    expect(() => Testing.synth(stack, true)).toThrow(
      "deckhouse/other: has the address aws_iam_user.user of deckhouse/user/user; give it another ID",
    );
  });

  it("are refused for outputs too", () => {
    const stack = stackWith((scope) => {
      new TerraformOutput(new Construct(scope, "other"), "region", { value: "x" });
    });
    expect(() => Testing.synth(stack, true)).toThrow("deckhouse/other/region: has the address output.region of deckhouse/region");
  });

  it.each<[string, (scope: Construct) => void, string]>([
    ["local values", (scope) => new TerraformLocal(scope, "same", 1), "locals.same"],
    ["variables", (scope) => new TerraformVariable(scope, "same", {}), "variable.same"],
    ["modules", (scope) => new TerraformHclModule(scope, "same", { source: "example/module/aws" }), "module.same"],
    ["states", (scope) => new DataTerraformRemoteStateHttp(scope, "same", { address: "x" }), "data.terraform_remote_state.same"],
  ])("are refused for %s", (_, add, address) => {
    const stack = stackWith((scope) => {
      for (const id of ["one", "two"]) {
        add(new Construct(scope, id));
      }
    });
    expect(() => Testing.synth(stack, true)).toThrow(
      `deckhouse/two/same: has the address ${address} of deckhouse/one/same; give it another ID`,
    );
  });

  it("do not occur with the states of two deployments: each has the ID of its AccessState", () => {
    const stack = stackWith((scope) => {
      for (const id of ["one", "two"]) {
        new AccessState(scope, id, { http: { address: `https://state.example/${id}` } });
      }
    });
    expect(JSON.parse(Testing.synth(stack, true)).data.terraform_remote_state).toMatchObject({
      one: { config: { address: "https://state.example/one" } },
      two: { config: { address: "https://state.example/two" } },
    });
  });
});

describe("the stack of permissions that exceed one policy", () => {
  const FURTHER = "D8CloudProviderAWS-2-a1fb704f";
  const terraform = () => synth(`${SEVERAL_POLICIES}attachment: user-and-group\naccountId: "123456789012"`);

  it("names the further policy after its content, and does not protect it, because each change replaces it", () => {
    const { policy, "policy-2": further } = terraform().resource.aws_iam_policy ?? {};
    expect([policy?.name, further?.name]).toEqual(["D8CloudProviderAWS", FURTHER]);
    expect(further?.lifecycle).toEqual({ create_before_destroy: true, ignore_changes: ["description"] });
    expect(further?.policy).toBe("$" + "{data.aws_iam_policy_document.policy-2.json}");
  });

  it("changes the first policy only after the further one is attached to each principal", () => {
    const { policy, "policy-2": further } = terraform().resource.aws_iam_policy ?? {};
    expect(policy?.depends_on).toEqual([
      "aws_iam_user_policy_attachment.policy-attachment-2",
      "aws_iam_group_policy_attachment.policy-attachment-2",
    ]);
    expect(further).not.toHaveProperty("depends_on");
  });

  it("attaches a changed further policy before it detaches the former one", () => {
    const { aws_iam_user_policy_attachment: toUser, aws_iam_group_policy_attachment: toGroup } = terraform().resource;
    expect([toUser, toGroup].map((attachments) => attachments?.["policy-attachment-2"]?.lifecycle)).toEqual([
      { create_before_destroy: true },
      { create_before_destroy: true },
    ]);
  });

  it("attaches further policies from the last to the second one, to each principal", () => {
    const key = (index: number) => `"arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-0000000000${index}"`;
    const keys = Array.from({ length: 80 }, (_, index) => key(index + 10)).join();
    const settings = `policy: { mode: scoped }\nfeatures: [encrypted-volumes]\ncluster: { prefix: dev, kmsKeyArns: [${keys}] }\n`;
    const { resource } = synth(`region: eu-central-1\nbackend: { local: {} }\n${settings}attachment: user-and-group`);
    for (const type of ["aws_iam_user_policy_attachment", "aws_iam_group_policy_attachment"]) {
      const further = Object.entries(resource[type] ?? {}).filter(([name]) => /-\d$/.test(name));
      expect(further.length).toBeGreaterThan(2);
      expect(further.map(([, { depends_on }]) => depends_on)).toEqual([
        ...further.slice(1).map(([name]) => [`${type}.${name}`]),
        undefined,
      ]);
    }
  });

  it("outputs the ARNs of the further policies", () => {
    expect(terraform().output.additional_policy_arns?.value).toEqual(["$" + "{aws_iam_policy.policy-2.arn}"]);
  });

  it("imports the further policies with additionalPolicies", () => {
    const imported = synth(`${SEVERAL_POLICIES}accountId: "123456789012"\nimport: { policy: true, additionalPolicies: true }`);
    expect(imported.import).toEqual([
      { to: "aws_iam_policy.policy", id: "arn:aws:iam::123456789012:policy/D8CloudProviderAWS" },
      { to: "aws_iam_policy.policy-2", id: `arn:aws:iam::123456789012:policy/${FURTHER}` },
    ]);
  });
});
