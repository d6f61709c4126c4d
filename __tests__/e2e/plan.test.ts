import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { LocalAws } from "./support/local-aws";
import { programs } from "./support/programs";
import { folder, write } from "./support/project";
import { type Finished, runIn, terraformEnvironment } from "./support/terraform";

const BUCKET = "plan-state";
const SETTINGS = `region: eu-central-1
backend: { s3: { bucket: ${BUCKET}, region: eu-central-1, use_path_style: true } }
attachment: group
protect: false
`;
/** What is to be applied: a second key. Its change summary has only notes. */
const ROTATION = `${SETTINGS}accessKeys: { secondary: { status: Active } }\n`;
const STATE = `/${BUCKET}/deckhouse/terraform.tfstate`;
const STACK = "cdktf.out/stacks/deckhouse";

/** A project with one deployment, and the AWS that it is applied to. */
interface World {
  readonly aws: LocalAws;
  readonly project: string;
  readonly environment: Record<string, string>;
}

const dkpAccess = ({ project, environment }: World, ...args: readonly string[]): Finished =>
  runIn(project, environment, process.execPath, join(PROJECT, "bin/dkp-access"), ...args);

const settings = ({ project }: World, text: string) => write(project, { "deployments/deckhouse.yaml": text });

/** Changes the state in the backend. */
async function editState({ aws }: World, edit: (state: string) => string): Promise<void> {
  const state = await (await aws.s3("GET", STATE)).text();
  expect(edit(state)).not.toBe(state);
  await aws.s3("PUT", STATE, edit(state));
}

/** The digest that plan prints. */
function planned(world: World): string {
  const { output } = dkpAccess(world, "plan", "deckhouse", "--digest-file", "digest");
  const digest = readFileSync(join(world.project, "digest"), "utf8").trim();
  expect(output).toContain(`dkp-access apply deckhouse --approved ${digest}`);
  return digest;
}

const REFUSED = "nothing is applied: the plan is not the approved one";

interface Row {
  readonly what: string;
  /** What happens between the approval and the apply. */
  readonly happens: (world: World) => unknown;
  readonly variables?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly message: string;
}

const ROWS: readonly Row[] = [
  { what: "nothing has changed", happens: () => {}, status: 0, message: "Apply complete! Resources: 1 added" },
  {
    what: "the settings are others",
    happens: (world) => settings(world, `${ROTATION}tags: { team: other }\n`),
    status: 3,
    message: REFUSED,
  },
  {
    what: "a membership was removed in IAM",
    happens: ({ aws }) => aws.iam().removeUserFromGroup({ GroupName: "deckhouse", UserName: "deckhouse" }),
    status: 3,
    message: REFUSED,
  },
  {
    what: "the policy was broadened in IAM",
    happens: async ({ aws }) => {
      const PolicyArn = "arn:aws:iam::000000000000:policy/deckhouse";
      const PolicyDocument = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
      await aws.iam().createPolicyVersion({ PolicyArn, PolicyDocument, SetAsDefault: true });
    },
    status: 3,
    message: REFUSED,
  },
  {
    what: "the state is gone",
    happens: ({ aws }) => aws.s3("DELETE", STATE),
    status: 3,
    message: REFUSED,
  },
  {
    what: "the policy is forged in the state",
    happens: (world) => editState(world, (state) => state.replaceAll("iam:CreateServiceLinkedRole", "*")),
    status: 3,
    message: REFUSED,
  },
  {
    what: "the state has the key of somebody else",
    happens: (world) => editState(world, (state) => state.replaceAll(/AKIA|LKIA/g, "AKIAEVIL")),
    status: 3,
    message: REFUSED,
  },
  {
    what: "the state has another user",
    happens: (world) => editState(world, (state) => state.replaceAll('"name": "deckhouse"', '"name": "admin"')),
    status: 3,
    message: REFUSED,
  },
  {
    what: "the folder is initialized for another backend",
    happens: ({ project }) => {
      const backend = { type: "local", config: { path: "elsewhere.tfstate", workspace_dir: null }, hash: 1 };
      write(project, { [`${STACK}/.terraform/terraform.tfstate`]: JSON.stringify({ version: 3, backend }) });
    },
    status: 0,
    message: "note: the folder was initialized for local (path elsewhere.tfstate)",
  },
  {
    what: "another workspace is selected",
    happens: ({ project }) => write(project, { [`${STACK}/.terraform/environment`]: "other" }),
    status: 1,
    message: "environment: selects the workspace other, and the settings default; delete the file",
  },
  {
    what: "TF_WORKSPACE selects another workspace",
    happens: () => {},
    variables: { TF_WORKSPACE: "other" },
    status: 1,
    message: "TF_WORKSPACE: selects the workspace other, and the settings default; unset it",
  },
  {
    what: "TF_CLI_ARGS_plan has -target",
    happens: () => {},
    variables: { TF_CLI_ARGS_plan: "-lock-timeout=1m -target=aws_iam_user.user" },
    status: 1,
    message: "TF_CLI_ARGS_plan: the argument -target can change what is planned",
  },
  {
    what: "TF_CLI_ARGS_init has another backend",
    happens: () => {},
    variables: { TF_CLI_ARGS_init: "-backend-config=key=other" },
    status: 1,
    message: "TF_CLI_ARGS_init: the argument -backend-config can change what is planned; set backend.partial: true",
  },
  {
    what: "a state could not be written",
    happens: ({ project }) => write(project, { [`${STACK}/errored.tfstate`]: "{}" }),
    status: 1,
    message: "state push errored.tfstate: ",
  },
];

describe.each(programs())("with $name", ({ path }) => {
  let origin: World;
  let digest: string;

  /** A copy of the project and of the account, so that rows do not depend on each other. */
  const copy = async (variables: Readonly<Record<string, string>> = {}): Promise<World> => {
    const [project, aws] = [folder(), await origin.aws.copy()];
    cpSync(origin.project, project, { recursive: true, verbatimSymlinks: true });
    return { project, aws, environment: { ...terraformEnvironment(aws), TERRAFORM_BINARY_NAME: path, ...variables } };
  };

  beforeAll(async () => {
    const aws = await LocalAws.start();
    await aws.createBucket(BUCKET);
    const environment = { ...terraformEnvironment(aws), TERRAFORM_BINARY_NAME: path };
    origin = { aws, project: folder({ "cdktf.json": "{}" }), environment };
    settings(origin, SETTINGS);
    const { status, output } = dkpAccess(origin, "plan");
    expect({ status, output }).toEqual({ status: 2, output: expect.stringContaining("Plan: 6 to add") });
    const first = dkpAccess(origin, "apply", "--approved", planned(origin), "--accept", "2");
    expect(first).toEqual({ status: 0, output: expect.stringContaining("Apply complete! Resources: 6 added") });
    settings(origin, ROTATION);
    digest = planned(origin);
  });

  it("gives two plans of one situation one digest, and leaves no plan", () => {
    expect(planned(origin)).toBe(digest);
    expect(readdirSync(join(origin.project, STACK)).sort()).toEqual([
      ".terraform",
      ".terraform.lock.hcl",
      "cdk.tf.json",
      "versions.tf",
    ]);
  });

  it.each(ROWS)("apply --approved ends with $status when $what", async ({ happens, variables, status, message }) => {
    const world = await copy(variables);
    await happens(world);
    await world.aws.changes();
    const result = dkpAccess(world, "apply", "deckhouse", "--approved", digest);
    expect(result).toEqual({ status, output: expect.stringContaining(message) });
    expect(await world.aws.changes()).toEqual(status === 0 ? ["CreateAccessKey"] : []);
  });
});

describe("dkp-access plan", () => {
  it("is a draft", () => {
    expect(existsSync(PROJECT)).toBe(true);
  });
});
