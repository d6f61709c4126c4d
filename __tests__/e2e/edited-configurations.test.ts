import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CreateGroupCommand, PutGroupPolicyCommand } from "@aws-sdk/client-iam";
import { rows } from "../helpers/complete";
import { PROJECT } from "../helpers/project-root";
import { LocalAws } from "./support/local-aws";
import { Deployments, write } from "./support/project";
import { type Finished, jsonOf, runIn, type Terraform, terraformEnvironment } from "./support/terraform";

const BASE = `
region: eu-central-1
accountId: "123456789012"
backend: { local: {} }
protect: false
accessKeys: { primary: { status: Active }, secondary: { status: Active } }
nodeRole: { name: dkp-nodes, additionalActions: ["s3:GetObject"] }
`;
const STACK = "cdktf.out/stacks/deckhouse";

type Json = Readonly<Record<string, unknown>>;
interface Edit {
  /** Merged into `cdk.tf.json`; "DELETE" deletes. */
  readonly edit?: Json;
  /** Files beside it. */
  readonly files?: Readonly<Record<string, string>>;
  readonly plan?: readonly string[];
  readonly init?: true;
}

const resource = (type: string, name: string, fields: Json): Edit => ({ edit: { resource: { [type]: { [name]: fields } } } });
const removed = (type: string, name: string, block: Json): Edit => ({
  edit: { resource: { [type]: "DELETE" }, removed: [{ from: `${type}.${name}`, ...block }] },
});
const SECRET = `\${nonsensitive(aws_iam_access_key.user.secret)}`;
const policyOf = (...actions: string[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] });

/** Configurations that nobody wrote with settings. Terraform plans each of them; that any other byte counts is tested in saved-plan.test.ts. */
const EDITS: Readonly<Record<string, Edit>> = {
  // What runs or leaves beside the resources.
  "a command when a removed resource is deleted": removed("aws_iam_role_policy", "node", {
    lifecycle: { destroy: true },
    provisioner: [{ "local-exec": { when: "destroy", command: "env | grep -c AWS_ > ran" } }],
  }),
  "a second provider that is sent the secret": {
    edit: {
      provider: {
        aws: [
          { region: "eu-central-1", allowed_account_ids: ["123456789012"] },
          {
            alias: "other",
            region: "us-east-1",
            access_key: "AKIAIOSFODNN7EXAMPLE",
            secret_key: "x",
            skip_credentials_validation: true,
          },
        ],
      },
      data: { aws_iam_users: { x: { provider: "aws.other", path_prefix: `/x/\${sha1(aws_iam_access_key.user.secret)}/` } } },
    },
  },
  "a data source": { edit: { data: { aws_iam_users: { x: { path_prefix: "/x/" } } } } },
  "a check with a data source": {
    edit: {
      check: {
        x: {
          data: { aws_iam_users: { c: { path_prefix: "/x/" } } },
          assert: [{ condition: `\${length(data.aws_iam_users.c.arns) == 0}`, error_message: "x" }],
        },
      },
    },
  },
  "an ephemeral resource": { edit: { ephemeral: { aws_secretsmanager_random_password: { x: {} } } } },
  "a module": { edit: { module: { x: { source: "./x" } } }, files: { "x/main.tf": 'output "x" { value = 1 }\n' }, init: true },
  // Where it applies, and with which identity.
  "a role that the provider assumes": {
    edit: {
      provider: { aws: [{ region: "eu-central-1", assume_role: [{ role_arn: "arn:aws:iam::123456789012:role/other" }] }] },
    },
  },
  "another state": { edit: { terraform: { backend: { local: { path: "other.tfstate" } } } }, init: true },
  "an override": { files: { "override.tf.json": JSON.stringify({ resource: { aws_iam_user: { user: { path: "/x/" } } } }) } },
  // Where the secret goes.
  "an output with the secret": { edit: { output: { leak: { value: SECRET } } } },
  "a tag with the secret": resource("aws_iam_policy", "policy", { tags: { x: SECRET } }),
  // What is forgotten, moved or imported.
  "a forgotten attachment": removed("aws_iam_user_policy_attachment", "policy-attachment", { lifecycle: { destroy: false } }),
  "a moved address": { edit: { moved: [{ from: "aws_iam_user.former", to: "aws_iam_user.user" }] } },
  "an imported group with permissions of its own": {
    edit: { resource: { aws_iam_group: { x: { name: "admins" } } }, import: [{ to: "aws_iam_group.x", id: "admins" }] },
  },
  // What Terraform does differently with the same resources.
  "a resource that is counted": resource("aws_iam_role_policy", "node", { count: `\${1}` }),
  "changes that Terraform ignores": resource("aws_iam_user", "user", { lifecycle: { ignore_changes: ["tags", "path"] } }),
};

function merged(base: Json, edit: Json): Json {
  const result: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(edit)) {
    const isObject = typeof value === "object" && !Array.isArray(value);
    result[name] = isObject ? merged((result[name] ?? {}) as Json, value as Json) : value;
    if (value === "DELETE") {
      delete result[name];
    }
  }
  return result;
}

describe("diff --plan of a configuration that synth does not write", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;
  let environment: Record<string, string>;
  let configuration: string;
  let secrets: readonly string[];

  const diff = (file: string, ...args: readonly string[]): Finished =>
    runIn(
      deployments.path,
      environment,
      process.execPath,
      join(PROJECT, "bin/dkp-access"),
      "diff",
      "deckhouse",
      "--plan",
      file,
      ...args,
    );
  const plan = `${STACK}/plan`;

  beforeAll(async () => {
    aws = await LocalAws.start();
    environment = terraformEnvironment(aws);
    deployments = Deployments.of({ deckhouse: BASE });
    terraform = deployments.terraform("deckhouse", aws);
    terraform.init();
    terraform.apply();
    configuration = readFileSync(join(terraform.folder, "cdk.tf.json"), "utf8");
    secrets = [...terraform.state().matchAll(/"(?:secret|ses_smtp_password_v4)": "([^"]+)"/g)].map(([, secret = ""]) => secret);
    await aws.iam().send(new CreateGroupCommand({ GroupName: "admins" }));
    await aws.iam().send(new PutGroupPolicyCommand({ GroupName: "admins", PolicyName: "x", PolicyDocument: policyOf("*") }));
  });

  it.each(rows(Object.entries(EDITS), 4))("ends with 3 and shows no secret: %s", (_, { edit = {}, files = {}, init }) => {
    const edited = merged(JSON.parse(configuration) as Json, edit);
    write(terraform.folder, { "cdk.tf.json": JSON.stringify(edited, undefined, 2), ...files });
    if (init) {
      terraform.init("-reconfigure");
    }
    const planned = terraform.attempt("plan", "-out=plan", "-refresh=false");
    write(terraform.folder, { "cdk.tf.json": configuration });
    for (const name of Object.keys(files)) {
      rmSync(join(terraform.folder, name));
    }
    expect(planned).toEqual({ status: 0, output: expect.any(String) });
    const { status, output } = diff(plan);
    if (init) {
      terraform.init("-reconfigure");
    }
    expect({ status, output }).toEqual({ status: 3, output: expect.stringMatching(/configuration/i) });
    expect(secrets.filter((secret) => output.includes(secret))).toEqual([]);
    expect(secrets).toHaveLength(4);
  });

  it.each([
    ["nothing changes", [], 0],
    ["only a part is planned", ["-target=aws_iam_user.user"], 3],
    ["a key is replaced", ["-replace=aws_iam_access_key.user"], 3],
    ["all is destroyed", ["-destroy"], 3],
    // Its JSON does not say what it changes.
    ["only the state is refreshed", ["-refresh-only"], 1],
  ] as const)("judges the configuration of the settings by its plan: %s", (_, args, expected) => {
    terraform.run("plan", "-out=plan", ...args);
    const { status, output } = diff(plan);
    expect({ status, output }).toEqual({ status: expected, output: expect.any(String) });
  });

  it("never ends with 0 for a plan as JSON", () => {
    terraform.run("plan", "-out=plan");
    const shown = jsonOf(terraform.folder, environment, "terraform", "show", "-json", "plan");
    write(deployments.path, { "plan.json": JSON.stringify(shown) });
    const { status, output } = diff("plan.json");
    expect({ status, output }).toEqual({ status: 2, output: expect.stringMatching(/unverified/i) });
  });

  it("never ends with 0 for the plan of another stack", () => {
    deployments.change({
      other: BASE.replace("dkp-nodes", "other-nodes").concat("user: { name: other }\npolicy: { name: other }\n"),
    });
    const other = deployments.terraform("other", aws);
    other.init();
    other.run("plan", "-out=plan");
    expect(diff("cdktf.out/stacks/other/plan").status).toBe(3);
  });
});
