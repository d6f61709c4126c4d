import { parse } from "yaml";
import { clusterConfiguration } from "../../../src/cli/review/cluster-configuration";
import { deployment } from "../../helpers/deployment";

const TAGS = { yes: "no", n: "1e3", on: "0o17", "a\u202eb": "x\u200by", date: "2026-01-31", time: "12:30:45", "a: b": "# c" };

describe("the cluster configuration", () => {
  it("contains the fields that follow from the deployment, and comments", () => {
    const settings =
      "cluster: { prefix: dev, layout: WithoutNAT, peeredVPCs: [vpc-0123456789abcdef0], tags: { team: a }, imdsv2: false }";
    expect(clusterConfiguration(deployment(settings))).toBe(
      [
        "# The fields that follow from the deployment deckhouse.",
        "# dkp-access hand-over deckhouse prints the provider block with the key.",
        '# Set in the ClusterConfiguration: cloud.prefix: "dev"',
        "apiVersion: deckhouse.io/v1",
        "kind: AWSClusterConfiguration",
        "provider:",
        "  providerAccessKeyId: ACCESS_KEY_ID",
        "  providerSecretAccessKey: SECRET_ACCESS_KEY",
        "  region: eu-central-1",
        "layout: WithoutNAT",
        "peeredVPCs: [vpc-0123456789abcdef0]",
        "tags: {team: a}",
        "imdsv2: false",
        "",
      ].join("\n"),
    );
  });

  it.each(["1.1", "1.2"] as const)("keeps the strings of the settings, hidden characters escaped, in YAML %s", (version) => {
    const given = deployment("");
    const text = clusterConfiguration({ ...given, cluster: { ...given.cluster, tags: TAGS } });
    expect(parse(text, { version })).toMatchObject({ tags: TAGS });
    expect(text).not.toMatch(/[\u202e\u200b]/);
  });
});
