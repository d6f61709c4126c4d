import { symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { folderForEach } from "../helpers/folder";
import { deploymentsOf, errorsOf, KEY_ID, MINIMAL, messageOf, SECRET_KEY } from "../helpers/settings-files";

const CLUSTER = `apiVersion: deckhouse.io/v1
kind: ClusterConfiguration
clusterType: Cloud
cloud:
  provider: AWS
  prefix: dev
`;

/** Begins on line 8 of a file in which it stands behind CLUSTER. */
const AWS = `apiVersion: deckhouse.io/v1
kind: AWSClusterConfiguration
layout: WithNAT
vpcNetworkCIDR: 10.241.0.0/16
sshPublicKey: ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC
provider:
  providerAccessKeyId: ${KEY_ID}
  providerSecretAccessKey: ${SECRET_KEY}
  region: eu-central-1
`;

const globalModule = (settings: string) => `apiVersion: deckhouse.io/v1alpha1
kind: ModuleConfig
metadata: { name: global }
spec: { version: 2, settings: ${settings} }
`;

const documents = (...texts: readonly string[]) => texts.join("---\n");
const GOOD = documents(CLUSTER, AWS);

/** The settings name files relative to the project's root, which is where Terraform and the tests run. */
const home = process.cwd();
const { at, write } = folderForEach();
beforeEach(() => process.chdir(at()));
afterEach(() => process.chdir(home));

/** Settings that name an installation file with this text. */
function settingsWith(config: string, beside = ""): string {
  write({ "config.yml": config });
  return `${MINIMAL}cluster: { configFile: config.yml${beside} }\n`;
}

const clusterOf = (settings: string) => deploymentsOf({ "dev.yaml": settings })[0]?.cluster;
const errorsOfConfig = (config: string) => errorsOf(settingsWith(config));
const AT = "line 3, cluster.configFile: ";

describe("DKP's installation file", () => {
  it.each(["../config.yml", "/etc/config.yml", "link/config.yml"])("lies inside the project, not at %s", (path) => {
    symlinkSync(tmpdir(), "link");
    expect(errorsOf(`${MINIMAL}cluster: { configFile: ${path} }\n`)).toEqual([
      `${AT}"${path}" is outside the project; copy the file into the project, without its credentials`,
    ]);
  });

  it("says the same as the fields written out", () => {
    const config = documents(
      CLUSTER,
      `${AWS.replace("vpcNetworkCIDR: 10.241.0.0/16", "existingVPCID: vpc-0123456789abcdef0")}
peeredVPCs: [vpc-01234567]
iamNodeRole: nodes
additionalRolePolicies: ["s3:GetObject"]
tags: { team: platform }
imdsv2: true
disableDefaultSecurityGroup: true
withNAT:
  bastionInstance: { instanceClass: { instanceType: m5.large, ami: ami-1 } }
masterNodeGroup: { replicas: 1, instanceClass: { ami: ami-0 } }
nodeGroups: [{ name: a, instanceClass: { ami: ami-0 } }, { name: b, instanceClass: { ami: ami-2 } }, { name: c }]
`,
      globalModule("{ prefix: dev, modules: { publicDomainTemplate: '%s.example.com' } }"),
      "apiVersion: deckhouse.io/v1\nkind: InitConfiguration\ndeckhouse: { registryDockerCfg: hunter2 }\n",
      "kind: ModuleConfig\nmetadata: { name: monitoring }\nspec: { settings: { prefix: other } }\n",
      "kind: StaticClusterConfiguration\nlayout: Other\ncloud: { prefix: other }\n",
      "# nothing\n",
      "- a list\n",
      "a text\n",
    );
    const written = `${MINIMAL}cluster:
  prefix: dev
  layout: WithNAT
  existingVPCID: vpc-0123456789abcdef0
  peeredVPCs: [vpc-01234567]
  iamNodeRole: nodes
  additionalRolePolicies: ["s3:GetObject"]
  tags: { team: platform }
  imdsv2: true
  disableDefaultSecurityGroup: true
  withNAT: { bastionInstance: {} }
`;
    expect(clusterOf(settingsWith(config))).toEqual(clusterOf(written));
    expect(deploymentsOf({ "dev.yaml": settingsWith(config) })[0]?.amis).toEqual(["ami-0", "ami-2", "ami-1"]);
  });

  it.each([
    ["ClusterConfiguration", GOOD],
    ["the module `global`", documents(AWS, globalModule("{ prefix: dev }"))],
    ["both, where they agree", documents(CLUSTER, AWS, globalModule("{ prefix: dev }"))],
    [
      "ClusterConfiguration, where `global` has no settings",
      documents(CLUSTER, AWS, "kind: ModuleConfig\nmetadata: { name: global }\n"),
    ],
    ["ClusterConfiguration, where `global` has empty settings", documents(CLUSTER, AWS, globalModule(""))],
  ])("gives the prefix from %s", (_, config) => {
    expect(clusterOf(settingsWith(config))?.prefix).toBe("dev");
  });

  it.each([
    ["no ClusterConfiguration", AWS],
    ["a `cloud` without prefix", documents(CLUSTER.replace("  prefix: dev\n", ""), AWS)],
  ])("may lack the prefix, which then comes from the settings: %s", (_, config) => {
    expect(clusterOf(settingsWith(config, ", prefix: prod"))?.prefix).toBe("prod");
  });

  it("may be beside the same prefix and beside what DKP has no field for", () => {
    const beside = ', prefix: dev, iamNodeRolePath: /apps/, formerIamNodeRoles: [/old], peerAccountIds: ["123456789012"]';
    expect(clusterOf(settingsWith(GOOD, beside))).toMatchObject({
      prefix: "dev",
      layout: "WithNAT",
      iamNodeRolePath: "/apps/",
      formerIamNodeRoles: ["/old"],
      peerAccountIds: ["123456789012"],
    });
  });

  it("counts for the modes of the policy", () => {
    expect(clusterOf(`${settingsWith(GOOD)}policy: { mode: minimal }\n`)?.layout).toBe("WithNAT");
    expect(errorsOf(`${settingsWith(AWS)}policy: { mode: scoped }\n`)).toEqual([
      'line 3, cluster.prefix: missing: policy.mode "scoped" limits the key to the role <prefix>-node; write the cloud.prefix of the cluster',
    ]);
  });

  it("may be of Windows, with a byte order mark", () => {
    expect(clusterOf(settingsWith(`\uFEFF${GOOD.replaceAll("\n", "\r\n")}`))).toEqual(clusterOf(settingsWith(GOOD)));
  });

  it("may hold deeply nested documents of others", () => {
    const deep = `kind: CustomResourceDefinition\nspec: ${"[".repeat(40)}${"]".repeat(40)}\n`;
    expect(clusterOf(settingsWith(documents(GOOD, deep)))?.prefix).toBe("dev");
  });
});

describe("DKP's installation file is rejected", () => {
  it.each([
    ["is empty", "", "no"],
    ["is no list of documents", "hello\n", "no"],
    ["has no such document", CLUSTER, "no"],
    ["has two", documents(CLUSTER, AWS, AWS), "2"],
  ])("where it does not hold one AWSClusterConfiguration: %s", (_, config, count) => {
    expect(errorsOfConfig(config)).toEqual([
      `${AT}"config.yml" holds ${count} documents of kind AWSClusterConfiguration, one is required`,
    ]);
  });

  it("where the prefix of `global` is wrong, with its own line", () => {
    expect(errorsOfConfig(documents(AWS, globalModule("{ prefix: Dev }")))).toEqual([
      `${AT}config.yml, line 14, spec.settings.prefix: "Dev" is not a DKP prefix: lower-case letters, digits and "-", a letter or digit at both ends`,
    ]);
  });

  it("where it states two prefixes", () => {
    expect(errorsOfConfig(documents(CLUSTER, AWS, globalModule("{ prefix: prod }")))).toEqual([
      `${AT}"config.yml" has the prefixes "dev" and "prod"; make them agree`,
    ]);
  });
});

describe("settings beside DKP's installation file", () => {
  it("are not compared with it where they have errors of their own", () => {
    const settings = settingsWith(GOOD);
    expect(errorsOf(settings.replace("eu-central-1", "Europe"))).toEqual([
      'line 1, region: "Europe" does not have the shape of an AWS Region; write one such as "eu-central-1" or "us-gov-west-1"',
    ]);
    expect(errorsOf(settings.replace(/^.*\n/, ""))).toEqual([
      'region: missing; write the Region DKP will run in, for example "eu-central-1"',
    ]);
  });

  it("may not name it by a secret", () => {
    expect(errorsOf(`${MINIMAL}cluster: { configFile: "${SECRET_KEY}" }\n`)).toEqual([
      `${AT}looks like an AWS secret access key (not shown) and settings are committed; remove it`,
    ]);
  });
});

describe("the credentials in DKP's installation file", () => {
  const secrets = [KEY_ID, SECRET_KEY, "hunter2"];
  const config = `${GOOD}${documents("", "kind: InitConfiguration\ndeckhouse: { registryDockerCfg: hunter2 }\n")}`;

  it("do not get into the deployment", () => {
    const text = JSON.stringify(deploymentsOf({ "dev.yaml": settingsWith(config) }));
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });

  // The messages are in inputs.txt, which shows no secret either.
  it.each([
    ["the secret twice", config.replace("  region", `  providerSecretAccessKey: ${SECRET_KEY}\n  region`)],
    ["two such documents", documents(config, config)],
  ])("are not shown in a message about it: %s", (_, invalid) => {
    const message = messageOf({ "dev.yaml": settingsWith(invalid) });
    expect(message).toContain("cluster.configFile: ");
    expect(secrets.filter((secret) => message.includes(secret))).toEqual([]);
  });
});
