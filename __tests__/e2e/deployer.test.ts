import { deployerPolicies } from "../../packages/cli/src/review/deployer-policy-files";
import { deployment } from "../helpers/deployment";
import { isAllowed, type Request } from "../helpers/simulator";
import {
  type Done,
  document,
  failingGrants,
  type Grant,
  grantsOf,
  isFor,
  Pipeline,
  type Step,
  without,
} from "./support/deployer";
import { allowing, LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import { ended } from "./support/terraform";

const ACCOUNT = "arn:aws:iam::123456789012";
const KMS_KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-96ef-1234567890ab";
const HARMLESS = allowing("sts:GetCallerIdentity");

const APPLY = ["apply", "-auto-approve"];
const DESTROY = ["destroy", "-auto-approve"];

const PLAIN =
  "region: eu-central-1\nprotect: false\nbackend: { s3: { bucket: state, region: eu-central-1, use_path_style: true } }\n";

const WITH_ROLE = `${PLAIN}nodeRole: { name: plain-nodes }\n`;

const full = (more: string, mode = "documented") => `region: eu-central-1
protect: false
accountId: "123456789012"
backend: { s3: { bucket: state, key: dkp/full.tfstate, region: eu-central-1, use_path_style: true, dynamodb_table: locks, kms_key_id: "${KMS_KEY}" } }
user: { name: full, path: /dkp/, permissionsBoundary: "${ACCOUNT}:policy/Boundary" }
policy: { name: Full, path: /dkp/, mode: ${mode} }
cluster: { prefix: dev }
nodeRole: { name: full-nodes, path: /dkp/, managedPolicyArns: ["${ACCOUNT}:policy/Logs"], permissionsBoundary: "${ACCOUNT}:policy/Boundary" }
${more}`;

async function fillVersions(aws: LocalAws) {
  for (let version = 2; version <= 5; version += 1) {
    const PolicyArn = `${ACCOUNT}:policy/D8CloudProviderAWS`;
    await aws.iam().createPolicyVersion({ PolicyArn, PolicyDocument: HARMLESS });
  }
}

const trusting = (AWS: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS }, Action: "sts:AssumeRole" }],
  });

/**
 * Lets another account assume a role, and gives it the description and session duration that it may
 * have before an import.
 */
async function changeRole(aws: LocalAws, RoleName: string) {
  await aws.iam().updateRole({ RoleName, Description: "EC2 instances", MaxSessionDuration: 7200 });
  await aws.iam().updateAssumeRolePolicy({
    RoleName,
    PolicyDocument: trusting("arn:aws:iam::999999999999:root"),
  });
}

/**
 * Terraform removes and restores: boundaries and tags of other people, the oldest policy version,
 * the role.
 */
async function limitOutside(aws: LocalAws) {
  await fillVersions(aws);
  await changeRole(aws, "plain-nodes");
  // The console writes the description of an access key into a tag of its user.
  const Tags = [{ Key: "AKIAIOSFODNN7EXAMPLE", Value: "DKP" }];
  await aws.iam().tagUser({ UserName: "deckhouse", Tags });
  await aws.iam().tagPolicy({ PolicyArn: `${ACCOUNT}:policy/D8CloudProviderAWS`, Tags });
  await aws.iam().tagRole({ RoleName: "plain-nodes", Tags });
  const PermissionsBoundary = `${ACCOUNT}:policy/Logs`;
  await aws.iam().putUserPermissionsBoundary({ UserName: "deckhouse", PermissionsBoundary });
  await aws.iam().putRolePermissionsBoundary({ RoleName: "plain-nodes", PermissionsBoundary });
}

/** Terraform restores the boundaries and the role. */
async function changeOutside(aws: LocalAws) {
  await changeRole(aws, "full-nodes");
  await aws.iam().deleteUserPermissionsBoundary({ UserName: "full" });
  await aws.iam().deleteRolePermissionsBoundary({ RoleName: "full-nodes" });
}

interface Scenario {
  readonly name: string;
  readonly settings: string;
  readonly steps: readonly Step[];
}

const PLAIN_SCENARIO = {
  name: "the plain deployment",
  settings: WITH_ROLE,
  steps: [
    { command: ["init"] },
    { command: ["plan"] },
    { command: APPLY },
    {
      command: APPLY,
      settings: `${WITH_ROLE}features: [volume-snapshots]\n`,
      meanwhile: limitOutside,
    },
    { command: DESTROY },
  ],
};

const FULL_SCENARIO = {
  name: "a deployment with everything",
  settings: full("tags: { team: platform }\n"),
  steps: [
    { command: ["init"] },
    { command: APPLY },
    {
      command: APPLY,
      settings: full(`tags: { owner: platform }\n`, "scoped"),
      meanwhile: changeOutside,
    },
    { command: DESTROY },
  ],
};

function onlyPolicy({ settings }: Pick<Scenario, "settings">) {
  const [only, ...more] = deployerPolicies(deployment(settings)).policies;
  if (only === undefined || more.length > 0) {
    throw new Error("these settings make more than one policy");
  }
  return { text: JSON.stringify(only.document), grants: grantsOf(only.statements) };
}

const nameOf = ({ sid, action }: Grant) => `${sid} ${action}`;
const namesOf = (all: readonly Grant[]) => all.map(nameOf).sort();

describe.each([PLAIN_SCENARIO, FULL_SCENARIO])(
  "with only deployer-policy.json, $name",
  (scenario) => {
    const { text, grants } = onlyPolicy(scenario);
    // Only the program reads the last uses. An import has a test of its own.
    const done: Done[] = [];
    let aws: LocalAws;
    let pipeline: Pipeline;

    beforeAll(async () => {
      aws = await LocalAws.start();
      await aws.createBucket("state");
      await aws.createLockTable("locks");
      await aws.iam().createPolicy({ PolicyName: "Logs", PolicyDocument: HARMLESS });
      pipeline = await Pipeline.with(aws);
      await pipeline.allow(text);
    });

    const asked = () => done.flatMap(({ decisions }) => decisions);
    // `init` ignores some denied calls; every later step repeats its calls.
    const firstAsked = (grant: Grant) =>
      done.find(
        ({ step, decisions }) =>
          step !== scenario.steps[0] && decisions.some((call) => isFor(grant, call)),
      );

    it("is initialized, planned, applied, updated and destroyed", async () => {
      const deployments = Deployments.of(scenario.settings);
      for (const step of scenario.steps) {
        done.push(await pipeline.do(step, deployments));
      }
      expect(asked().filter(({ allowed }) => !allowed)).toEqual([]);
    });

    it("makes only allowed calls, and uses every allowed action", async () => {
      const refused = async (policyText: string, calls: readonly Request[]) => {
        const answers = await Promise.all(
          calls.map(async (call) => ({
            call,
            allowed: await isAllowed(document(policyText), call),
          })),
        );
        return answers.filter(({ allowed }) => !allowed).map(({ call }) => call);
      };
      expect(await refused(text, asked())).toEqual([]);
      for (const grant of grants) {
        const calls = asked().filter((call) => isFor(grant, call));
        expect([grant.action, (await refused(without(text, [grant]), calls)).length]).toEqual([
          grant.action,
          calls.length || "never called",
        ]);
      }
    });

    it("is planned with only planner-policy.json, which uses every action and applies nothing", async () => {
      const update = done.find(({ step }) => step.settings !== undefined);
      if (update === undefined) {
        throw new Error("no step changes the settings");
      }
      const only = JSON.stringify(deployerPolicies(deployment(scenario.settings)).planner);
      const redo = (...command: readonly string[]) =>
        pipeline.redo({ ...update, step: { command } }, only);
      const plan = await redo("plan", "-lock=false", "-detailed-exitcode");
      expect(plan).toMatchObject({ status: 2, output: expect.stringMatching(/Plan: \d+ to add/) });
      const uncalled = grants.filter(
        (grant) => grant.plan === true && !plan.decisions.some((call) => isFor(grant, call)),
      );
      expect({ refused: plan.decisions.filter(({ allowed }) => !allowed), uncalled }).toEqual({
        refused: [],
        uncalled: [],
      });
      const apply = await redo("apply", "-auto-approve", "-lock=false");
      expect(apply).toMatchObject(ended(1, "AccessDenied"));
      const written = apply.decisions.filter(
        ({ allowed, action }) => allowed && !/:(Get|List|Describe)|kms:Decrypt/.test(action),
      );
      expect(written).toEqual([]);
    });

    it("fails when any action is removed", async () => {
      const shownBefore =
        scenario === PLAIN_SCENARIO ? [] : namesOf(onlyPolicy(PLAIN_SCENARIO).grants);
      const wanted = grants.filter((grant) => !shownBefore.includes(nameOf(grant)));
      const proven = await Promise.all(
        done.map((step) => {
          const asks = wanted.filter((grant) => firstAsked(grant) === step);
          return failingGrants((policyText) => pipeline.redo(step, policyText), text, asks);
        }),
      );
      expect(namesOf(proven.flat())).toEqual(namesOf(wanted));
    });
  },
);

describe("with its policies", () => {
  let aws: LocalAws;
  let pipeline: Pipeline;

  beforeEach(async () => {
    aws = await LocalAws.start();
    await aws.createBucket("state");
    pipeline = await Pipeline.with(aws);
  });

  it("a pipeline that assumes a role uses only the state, and the role does the rest", async () => {
    const settings = `${PLAIN}provider: { assumeRoleArn: "${ACCOUNT}:role/deployer" }\n`;
    const [own, role] = deployerPolicies(deployment(settings)).policies;
    await pipeline.allow(JSON.stringify(own?.document));
    await aws.iam().createRole({
      RoleName: "deployer",
      AssumeRolePolicyDocument: trusting(`${ACCOUNT}:user/pipeline`),
    });
    await aws.iam().putRolePolicy({
      RoleName: "deployer",
      PolicyName: "p",
      PolicyDocument: JSON.stringify(role?.document),
    });
    const deployments = Deployments.of(settings);
    await pipeline.do({ command: ["init"] }, deployments);
    const { decisions } = await pipeline.do({ command: APPLY }, deployments);
    expect(decisions.map(({ action }) => action)).toEqual(
      expect.arrayContaining(["sts:AssumeRole", "iam:CreateAccessKey"]),
    );
  });
});
