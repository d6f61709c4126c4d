import { parse } from "yaml";
import { statementsOf } from "../../../src/cli/iam/deployer-permissions";
import { clusterConfiguration } from "../../../src/cli/review/cluster-configuration";
import { stateAccess } from "../../../src/cli/review/state-permissions";
import type { BackendArguments } from "../../../src/terraform/state-location";
import { deployment } from "../../helpers/deployment";
import { packFilesOf, reviewOf } from "../../helpers/reviewed";
import { unwrapped } from "../../helpers/unwrapped";

const TAGS = { yes: "no", n: "1e3", on: "0o17", "a\u202eb": "x\u200by", date: "2026-01-31", time: "12:30:45", "a: b": "# c" };

it.each(["1.1", "1.2"] as const)(
  "the cluster configuration keeps the strings of the settings, hidden characters escaped, in YAML %s",
  (version) => {
    const given = deployment("");
    const text = clusterConfiguration(reviewOf({ ...given, cluster: { ...given.cluster, tags: TAGS } }));
    expect(parse(text, { version })).toMatchObject({ tags: TAGS });
    expect(text).not.toMatch(/[\u202e\u200b]/);
  },
);

it.each([
  ["eu-central-1", "<https://console.aws.amazon.com/iam/>", "**AWS Regions**"],
  ["cn-north-1", "<https://console.amazonaws.cn/iam/>", "lists `cn-north-1`"],
  ["us-gov-west-1", "<https://console.amazonaws-us-gov.com/iam/>", "lists `us-gov-west-1`"],
  ["us-iso-east-1", "of your partition, `aws-iso`", "lists `us-iso-east-1`"],
])("console.md opens the console of the partition of %s and checks the Region", (region, address, check) => {
  const guide = unwrapped(packFilesOf(`region: ${region}`)["console.md"] ?? "");
  expect(guide).toContain(address);
  expect(guide.split("\n## Region\n\n")[1]?.split("\n")[0]).toContain(check);
});

it.each(["https://bucket.vpce-1a2b3c4d.s3.eu-central-1.vpce.amazonaws.com", "http://s3.eu-central-1.amazonaws.com"])(
  "the pipeline may do the same with the state in S3 through another endpoint: %s",
  (s3) => {
    const endpoints = { s3 };
    const statements = (more: BackendArguments) => {
      const arguments_ = { bucket: "state", key: "dkp/terraform.tfstate", region: "eu-central-1", ...more };
      return statementsOf(stateAccess({ type: "s3", arguments: arguments_ }, "eu-central-1").grants);
    };
    expect(statements({ endpoints })).toEqual(statements({}));
  },
);

const MINIMAL = "policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard }\n";

describe("aws-cli.sh", () => {
  it.each(["", MINIMAL, `attachment: user-and-group\nnodeRole: { name: nodes }\ntags: { a: b }\n${MINIMAL}`])(
    "has at most 120 lines, and console.md at most 80, for one policy: %j",
    (settings) => {
      const { "aws-cli.sh": script, "console.md": guide } = packFilesOf(settings);
      expect(script?.split("\n").length).toBeLessThanOrEqual(120);
      expect(guide?.split("\n").length).toBeLessThanOrEqual(80);
    },
  );
});
