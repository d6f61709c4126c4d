import { readState } from "../../packages/cli/src/terraform/state-file";
import { MODES } from "../../src/iam/policy-statements";
import { LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import { DKP_ACCESS, jsonOf, runIn, type Terraform } from "./support/terraform";

const CLUSTER =
  "cluster: { prefix: dev, layout: WithNAT, withNAT: { bastionInstance: {} }, tags: { team: platform }, imdsv2: true }\nfeatures: [volume-snapshots]\n";
const SETTINGS = `region: eu-central-1\nbackend: { local: {} }\n${CLUSTER}`;

describe("the policy as AWS stores it", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of(SETTINGS);
    terraform = deployments.terraform(aws);
    terraform.init();
  });

  const ALLOWED_NETWORKS =
    'user: { allowedNetworks: { cidrs: [203.0.113.0/24, "2001:db8::/32"], vpcs: [vpc-0123456789abcdef0, vpc-0123456789abcdef1], vpcEndpoints: [vpce-0123456789abcdef0] } }\n';

  it.each([...MODES, "scoped, account unknown until the plan", "minimal, with allowed networks"])(
    "is what `dkp-access policy` prints: mode %s",
    async (name) => {
      const [mode = ""] = name.split(",");
      const account = name === mode ? "accountId: '123456789012'\n" : "";
      deployments.change(
        `${SETTINGS}${account}policy: { mode: ${mode} }\n${name.includes("networks") ? ALLOWED_NETWORKS : ""}`,
      );
      terraform.apply();
      expect(terraform.isUpToDate()).toBe(true);
      const { current } = readState(terraform.state()).resources;
      const managed = current
        .filter(({ address }) => address.startsWith("aws_iam_policy."))
        .map(({ attributes }) => attributes);
      const stored = await Promise.all(managed.map(({ arn }) => aws.policyDocument(String(arn))));
      const printed = jsonOf(
        deployments.path,
        { PATH: process.env.PATH ?? "" },
        ...DKP_ACCESS,
        ...["policy", "deckhouse", "--format", "json"],
      );
      const { policies } = printed as {
        readonly policies: readonly { readonly policy: unknown }[];
      };
      const expected = policies.map(({ policy }) =>
        JSON.stringify(policy).replaceAll("ACCOUNT_ID", "123456789012"),
      );
      expect(expected).toHaveLength(mode === "documented" ? 1 : 2);
      // Exactly, order included, because a reviewer compares both.
      expect(stored.map((document) => JSON.stringify(JSON.parse(document)))).toEqual(expected);
      expect(managed.map(({ policy }) => policy)).toEqual(expected);
    },
  );

  // The row of docs/how-to/recover.md, for a denied call of DKP (recover.md#denied-call).
  it("explains what the AWS CLI prints of a denied call, until the settings have what the call requires", async () => {
    const account = "accountId: '123456789012'\npolicy: { mode: minimal }\n";
    const settings = SETTINGS.replace("volume-snapshots", "volume-cloning") + account;
    const call = () => {
      const key = {
        accessKeyId: terraform.output("access_key_id"),
        secretAccessKey: terraform.output("secret_access_key"),
      };
      const environment = { PATH: process.env.PATH ?? "", ...aws.environment(key) };
      return runIn(
        deployments.path,
        environment,
        "aws",
        "--region",
        "eu-central-1",
        "ec2",
        "describe-snapshots",
      );
    };
    const explained = (message: string) => {
      const command = [...DKP_ACCESS, "policy", "deckhouse", "--explain", message] as const;
      return runIn(deployments.path, { PATH: process.env.PATH ?? "" }, ...command).output;
    };
    deployments.change(settings);
    terraform.apply();
    const denied = call();
    expect(denied.status).not.toBe(0);
    expect(explained(denied.output)).toContain(
      "not in the policy: the policy does not allow ec2:DescribeSnapshots, which DKP calls only with features: [volume-snapshots]",
    );
    deployments.change(settings.replace("volume-cloning", "volume-snapshots"));
    terraform.apply();
    expect(call().status).toBe(0);
    expect(explained(denied.output)).toContain(
      "allowed: the policy allows ec2:DescribeSnapshots; statement Read: *\n",
    );
  });
});
