import { parse } from "yaml";
import { statementsOf } from "../../../src/cli/iam/deployer-permissions";
import { awsCliScript } from "../../../src/cli/review/aws-cli";
import { clusterConfiguration } from "../../../src/cli/review/cluster-configuration";
import { consoleGuide } from "../../../src/cli/review/console-guide";
import { stateAccess } from "../../../src/cli/review/state-permissions";
import type { BackendArguments } from "../../../src/terraform/state-location";
import { deployment } from "../../helpers/deployment";
import { reviewOf } from "../../helpers/reviewed";
import { unwrapped } from "../../helpers/unwrapped";

const TAGS = { yes: "no", n: "1e3", on: "0o17", "a\u202eb": "x\u200by", date: "2026-01-31", time: "12:30:45", "a: b": "# c" };

describe("the cluster configuration", () => {
  it.each(["1.1", "1.2"] as const)("keeps the strings of the settings, hidden characters escaped, in YAML %s", (version) => {
    const given = deployment("");
    const text = clusterConfiguration(reviewOf({ ...given, cluster: { ...given.cluster, tags: TAGS } }));
    expect(parse(text, { version })).toMatchObject({ tags: TAGS });
    expect(text).not.toMatch(/[\u202e\u200b]/);
  });
});

describe("console.md", () => {
  it.each([
    ["eu-central-1", "<https://console.aws.amazon.com/iam/>", "**AWS Regions**"],
    ["cn-north-1", "<https://console.amazonaws.cn/iam/>", "lists `cn-north-1`"],
    ["us-gov-west-1", "<https://console.amazonaws-us-gov.com/iam/>", "lists `us-gov-west-1`"],
    ["us-iso-east-1", "of your partition, `aws-iso`", "lists `us-iso-east-1`"],
  ])("opens the console of the partition of %s and checks the Region", (region, address, check) => {
    const guide = unwrapped(consoleGuide(reviewOf(`region: ${region}`)));
    expect(guide).toContain(address);
    expect(guide.split("\n## Region\n\n")[1]?.split("\n")[0]).toContain(check);
  });
});

const S3 = { bucket: "state", key: "dkp/terraform.tfstate", region: "eu-central-1" };

const access = (more: BackendArguments = {}) => stateAccess({ type: "s3", arguments: { ...S3, ...more } }, "eu-central-1");
const statements = (more: BackendArguments = {}) => statementsOf(access(more).grants);

describe("what the pipeline may do with the state in S3", () => {
  it("is the same through a VPC endpoint", () => {
    const endpoints = { s3: "https://bucket.vpce-1a2b3c4d.s3.eu-central-1.vpce.amazonaws.com" };
    expect(statements({ endpoints })).toEqual(statements());
  });
});

const script = (settings = "") => awsCliScript(reviewOf(settings));

const MINIMAL = "policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard }\n";

describe("aws-cli.sh", () => {
  it.each(["", MINIMAL, `attachment: user-and-group\nnodeRole: { name: nodes }\ntags: { a: b }\n${MINIMAL}`])(
    "has at most 120 lines, and console.md at most 80, for one policy: %j",
    (settings) => {
      expect(script(settings).split("\n").length).toBeLessThanOrEqual(120);
      expect(consoleGuide(reviewOf(settings)).split("\n").length).toBeLessThanOrEqual(80);
    },
  );
});
