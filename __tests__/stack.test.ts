import { readFileSync } from "node:fs";
import { join } from "node:path";
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
import { parse } from "yaml";
import { AccessState } from "../src/constructs/access-state";
import { DeckhouseAccessStack } from "../src/stack";
import { OUTPUTS } from "../src/terraform/outputs";
import { deployment, SEVERAL_POLICIES } from "./helpers/deployment";
import pageActions from "./helpers/documented-actions.json";
import { ENCRYPTION_KEY } from "./helpers/pgp-keys";
import { PROJECT } from "./helpers/project-root";

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

interface Option {
  readonly what: string;
  readonly settings: string;
  readonly adds: readonly string[];
  readonly removes?: readonly string[];
}

/** What settings add to the contract, and what they take from it. */
const OPTIONS: readonly Option[] = parse(
  readFileSync(join(PROJECT, "__tests__/helpers/stack-contract.yaml"), "utf8")
    .replaceAll("ENCRYPTION_KEY", ENCRYPTION_KEY)
    .replaceAll("SEVERAL_POLICIES\\n", () => SEVERAL_POLICIES.replaceAll("\n", "\\n")),
);

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
    const outputs = ["", ...OPTIONS.map(({ settings }) => settings)].flatMap((settings) =>
      Object.entries(synth(settings).output),
    );
    const described = Object.fromEntries(outputs.map(([name, { description }]) => [name, description]));
    expect(described).toEqual(OUTPUTS);
  });

  it.each(OPTIONS)("has $what only if the settings state it", ({ settings, adds, removes = [] }) => {
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

it("the stack of the smallest settings allows exactly the actions of the DKP documentation, in the spelling of AWS, sorted", () => {
  const statements = synth().data.aws_iam_policy_document?.policy?.statement as { actions: string[] }[];
  const documented = statements[0]?.actions;
  expect(documented).toEqual([...new Set(pageActions.map((action) => action.replace("NATGateway", "NatGateway")))].sort());
  expect(documented).toHaveLength(125);
});

it.each([
  ["", [true, true, true, true]],
  ["protect: false", [false, false, false, undefined]],
])("key, policy, user and attachment are protected as the settings say: %j", (settings, expected) => {
  const { resource } = synth(settings);
  const types = ["aws_iam_access_key", "aws_iam_policy", "aws_iam_user", "aws_iam_user_policy_attachment"];
  expect(Object.keys(resource).sort()).toEqual(types);
  const objects = types.flatMap((type) => Object.values(resource[type] ?? {})) as { lifecycle: { prevent_destroy?: boolean } }[];
  expect(objects.map(({ lifecycle }) => lifecycle.prevent_destroy)).toEqual(expected);
});

it.each([
  ["", "yet unnamed"],
  ["iamNodeRole: dkp-nodes", "named"],
])("the node role may be passed to instances by the user, with its path, in mode scoped: %s", (iamNodeRole) => {
  const { data } = synth(
    `accountId: "123456789012"\npolicy: { mode: scoped }\ncluster: { prefix: dev, ${iamNodeRole} }\nnodeRole: { name: dkp-nodes, path: /dkp/ }`,
  );
  const statements = data.aws_iam_policy_document?.policy?.statement as { sid: string; resources: string[] }[];
  const resources = (sid: string) => statements.find((statement) => statement.sid === sid)?.resources;
  const role = "arn:aws:iam::123456789012:role/dkp/dkp-nodes";
  expect(resources("PassNodeRole")).toEqual(["arn:aws:iam::123456789012:role/dev-node", role]);
  expect(resources("OtherNodeRoles")).toEqual([role]);
});

describe("import", () => {
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

  it("attaches additional policies from the last to the second one, to each principal", () => {
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

  it("imports the additional policies with additionalPolicies", () => {
    const imported = synth(`${SEVERAL_POLICIES}accountId: "123456789012"\nimport: { policy: true, additionalPolicies: true }`);
    expect(imported.import).toEqual([
      { to: "aws_iam_policy.policy", id: "arn:aws:iam::123456789012:policy/D8CloudProviderAWS" },
      { to: "aws_iam_policy.policy-2", id: `arn:aws:iam::123456789012:policy/${FURTHER}` },
    ]);
  });
});
