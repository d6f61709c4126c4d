import { rootCertificates } from "node:tls";
import {
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateServiceSpecificCredentialCommand,
  CreateVirtualMFADeviceCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteUserPermissionsBoundaryCommand,
  EnableMFADeviceCommand,
  type IAMClient,
  PutUserPolicyCommand,
  UploadSigningCertificateCommand,
  UploadSSHPublicKeyCommand,
} from "@aws-sdk/client-iam";
import type { Grant } from "../../src/iam/deployer";
import type { PolicyDocument } from "../../src/iam/policy-document";
import { deployerPolicies } from "../../src/review/pack/deployer-policy";
import { deployment } from "../helpers/deployment";
import { isAllowed, type Request } from "../iam/simulator";
import { LocalAws } from "./support/local-aws";
import { type Done, Pipeline, type Step } from "./support/pipeline";
import { Deployments, removeFolders } from "./support/project";

const ACCOUNT = "arn:aws:iam::123456789012";
const KMS_KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-96ef-1234567890ab";
const HARMLESS = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "sts:GetCallerIdentity", Resource: "*" }],
});

const APPLY = ["apply", "-auto-approve"];
const DESTROY = ["destroy", "-auto-approve"];
const ROTATION = "accessKeys: { primary: { status: Inactive }, secondary: { status: Active }, current: secondary }\n";

const PLAIN =
  "region: eu-central-1\nprotect: false\nbackend: { s3: { bucket: state, region: eu-central-1, use_path_style: true } }\n";

const FULL = `region: eu-central-1
protect: false
accountId: "123456789012"
backend: { s3: { bucket: state, key: dkp/full.tfstate, region: eu-central-1, use_path_style: true, dynamodb_table: locks, kms_key_id: "${KMS_KEY}" } }
user: { name: full, path: /dkp/, permissionsBoundary: "${ACCOUNT}:policy/Boundary", forceDestroy: true }
policy: { name: Full, path: /dkp/ }
attachment: user-and-group
group: { name: full, path: /dkp/ }
nodeRole: { name: full-nodes, path: /dkp/, managedPolicyArns: ["${ACCOUNT}:policy/Logs"], permissionsBoundary: "${ACCOUNT}:policy/Boundary" }
`;

/** The five versions that AWS keeps of a policy; the next one takes the place of the oldest. */
async function fillVersions(aws: LocalAws): Promise<void> {
  for (let version = 2; version <= 5; version += 1) {
    const PolicyArn = `${ACCOUNT}:policy/D8CloudProviderAWS`;
    await aws.iam().send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: HARMLESS }));
  }
}

async function takeBoundariesOff(aws: LocalAws): Promise<void> {
  await aws.iam().send(new DeleteUserPermissionsBoundaryCommand({ UserName: "full" }));
  await aws.iam().send(new DeleteRolePermissionsBoundaryCommand({ RoleName: "full-nodes" }));
}

/** All that IAM can hang on a user. */
async function hangOnUser(aws: LocalAws): Promise<void> {
  const iam = aws.iam();
  const UserName = "full";
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "inline", PolicyDocument: HARMLESS }));
  await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: await policy(iam, "Foreign") }));
  await iam.send(new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody: "ssh-rsa AAAA" }));
  await iam.send(new UploadSigningCertificateCommand({ UserName, CertificateBody: rootCertificates[0] }));
  await iam.send(new CreateServiceSpecificCredentialCommand({ UserName, ServiceName: "codecommit.amazonaws.com" }));
  const { VirtualMFADevice } = await iam.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: "phone" }));
  const codes = { AuthenticationCode1: "123456", AuthenticationCode2: "654321" };
  await iam.send(new EnableMFADeviceCommand({ UserName, SerialNumber: VirtualMFADevice?.SerialNumber, ...codes }));
}

async function policy(iam: IAMClient, PolicyName: string): Promise<string | undefined> {
  return (await iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument: HARMLESS }))).Policy?.Arn;
}

const SCENARIOS: readonly { readonly name: string; readonly settings: string; readonly steps: readonly Step[] }[] = [
  {
    name: "the plain deployment",
    settings: PLAIN,
    steps: [
      { command: ["init"] },
      { command: ["plan"] },
      { command: APPLY },
      { command: APPLY, settings: `${PLAIN}policy: { supplement: false }\n${ROTATION}`, meanwhile: fillVersions },
      { command: DESTROY },
    ],
  },
  {
    name: "a deployment with everything",
    settings: `${FULL}tags: { team: platform }\n`,
    steps: [
      { command: ["init"] },
      { command: APPLY },
      { command: APPLY, settings: `${FULL}tags: { owner: platform }\n`, meanwhile: takeBoundariesOff },
      { command: DESTROY, meanwhile: hangOnUser },
    ],
  },
];

describe.each(SCENARIOS)("with deployer-policy.json and nothing else, $name", ({ settings, steps }) => {
  const { policies } = deployerPolicies(deployment(settings));
  const { text = "", grants = [] } = policies[0] ?? {};
  const done: Done[] = [];
  let aws: LocalAws;
  let pipeline: Pipeline;

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.makeBucket("state");
    await aws.makeLockTable("locks");
    await policy(aws.iam(), "Logs");
    pipeline = await Pipeline.with(aws);
    await pipeline.allow(text);
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  it("is initialized, planned, applied, updated and destroyed", async () => {
    const deployments = Deployments.of({ deckhouse: settings });
    for (const step of steps) {
      done.push(await pipeline.do(step, deployments));
    }
    expect(done.flatMap(({ decisions }) => decisions).filter(({ allowed }) => !allowed)).toEqual([]);
  });

  it("makes only calls that IAM's own rules allow", async () => {
    const asked = done.flatMap(({ decisions }) => decisions);
    const answers = await Promise.all(asked.map(async (call) => ({ call, allowed: await isAllowed(document(text), call) })));
    expect(answers.filter(({ allowed }) => !allowed)).toEqual([]);
  });

  it("fails when any one action is taken out", async () => {
    const firstAsked = (grant: Grant) => done.find(({ decisions }) => decisions.some((call) => isFor(grant, call)));
    const proven = await Promise.all(
      done.map((step) =>
        failingGrants(
          (policyText) => pipeline.redo(step, policyText),
          text,
          grants.filter((grant) => firstAsked(grant) === step),
        ),
      ),
    );
    const sorted = (all: readonly Grant[]) => all.map(({ sid, action }) => `${sid} ${action}`).sort();
    expect(sorted(proven.flat())).toEqual(sorted(grants));
  });
});

const document = (text: string) => JSON.parse(text) as PolicyDocument;

/** Whether a grant is the one that a call is allowed by. */
function isFor({ action, resources }: Grant, call: Request): boolean {
  return call.action === action && resources.some((pattern) => like(pattern).test(call.resource));
}

function like(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll(/[.+?^$()[\]{}|\\]/g, "\\$&").replaceAll("*", ".*")}$`);
}

/**
 * The grants without which a step fails, each shown by an error of Terraform that names the refused action.
 * To save runs several are left out at once: a call that is refused and named is refused as well when it is the only one.
 * What another error hid is tried again. S3 does not name actions, so its grants are tried one by one.
 */
async function failingGrants(
  redo: (policy: string) => ReturnType<Pipeline["redo"]>,
  whole: string,
  grants: readonly Grant[],
): Promise<readonly Grant[]> {
  const named = grants.filter(({ action }) => /^(iam|dynamodb):/.test(action));
  const unnamed = grants.filter((grant) => !named.includes(grant));
  const proven: Grant[] = [];
  for (let open = named; open.length > 0; ) {
    const { status, output } = await redo(without(whole, open));
    const refused = open.filter(({ action }) => status === 1 && errorsIn(output).some((error) => names(error, action)));
    if (refused.length === 0) {
      break;
    }
    proven.push(...refused);
    open = open.filter((grant) => !refused.includes(grant));
  }
  for (const grant of unnamed) {
    const { status, output } = await redo(without(whole, [grant]));
    if (status === 1 && errorsIn(output).some((error) => /AccessDenied|Forbidden|StatusCode: 403/.test(error))) {
      proven.push(grant);
    }
  }
  return proven;
}

function without(text: string, left: readonly Grant[]): string {
  const { Statement, ...rest } = document(text);
  const remaining = Statement.map((statement) => ({
    ...statement,
    Action: [statement.Action]
      .flat()
      .filter((action) => !left.some((grant) => grant.sid === statement.Sid && grant.action === action)),
  }));
  return JSON.stringify({ ...rest, Statement: remaining.filter(({ Action }) => Action.length > 0) });
}

/** Terraform's errors, without its warnings. */
function errorsIn(output: string): readonly string[] {
  return output.split(/^(?=(?:Error|Warning): )/m).filter((part) => part.startsWith("Error: "));
}

function names(error: string, action: string): boolean {
  return new RegExp(`not authorized to perform:\\s+${action}\\b`).test(error);
}
