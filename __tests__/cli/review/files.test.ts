import { parse } from "yaml";
import { clusterConfiguration } from "../../../src/cli/review/cluster-configuration";
import { deployerPolicies } from "../../../src/cli/review/deployer-policy-files";
import { deployment } from "../../helpers/deployment";
import { packFilesOf, reviewOf } from "../../helpers/reviewed";

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

it("the pipeline may do the same with the state in S3 through a VPC endpoint", () => {
  const endpoints = { s3: "https://bucket.vpce-1a2b3c4d.s3.eu-central-1.vpce.amazonaws.com" };
  const policies = (more: string) => deployerPolicies(deployment(`backend: { s3: { bucket: b, region: eu-central-1${more} } }`));
  expect(policies(`, endpoints: ${JSON.stringify(endpoints)}`)).toEqual(policies(""));
});

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
