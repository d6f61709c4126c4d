import { deploymentWith, errorsWith } from "../../helpers/settings-files";

const ONLY = "takes only A-Z a-z 0-9 and _ + = , . @ -";

/** The errors of a cluster in one line, line 3. */
const errorsWithCluster = (fields: string) => errorsWith(`cluster: { ${fields} }\n`);
const clusterWith = (fields: string) => deploymentWith(`cluster: { ${fields} }\n`).cluster;

describe("cluster.prefix", () => {
  it.each(["a", "0", "dev", "dev-2", "a--b", "a".repeat(59)])("accepts %s", (prefix) => {
    expect(clusterWith(`prefix: "${prefix}"`).prefix).toBe(prefix);
  });

  it.each(["", "-dev", "dev-", "-", "Dev", "d_ev", "d.ev", "d ev", "dev\\n", "dév"])('rejects "%s"', (prefix) => {
    expect(errorsWithCluster(`prefix: "${prefix}"`)).toEqual([
      `line 3, cluster.prefix: "${prefix}" is not a DKP prefix: lower-case letters, digits and "-", a letter or digit at both ends`,
    ]);
  });

  it("rejects 60 characters, with which the node role's name would be too long", () => {
    const prefix = "a".repeat(60);
    expect(errorsWithCluster(`prefix: ${prefix}`)).toEqual([
      `line 3, cluster.prefix: "${prefix}" has 60 characters, at most 59 leave room for the role "${prefix}-node"; choose a shorter one`,
    ]);
  });
});

describe("cluster.layout", () => {
  it.each(["WithoutNAT", "WithNAT", "Standard"])("accepts %s", (layout) => {
    expect(clusterWith(`layout: ${layout}`).layout).toBe(layout);
  });

  it.each(["WithNat", "standard", ""])('rejects the unknown "%s"', (layout) => {
    expect(errorsWithCluster(`layout: "${layout}"`)).toEqual([
      `line 3, cluster.layout: "${layout}" is unknown; use "WithoutNAT", "WithNAT", "Standard"`,
    ]);
  });
});

describe("a VPC of the cluster", () => {
  it.each(["vpc-01234567", "vpc-0123456789abcdef0"])("may be %s", (vpc) => {
    expect(clusterWith(`existingVPCID: ${vpc}, peeredVPCs: [${vpc}]`)).toMatchObject({ existingVPCID: vpc, peeredVPCs: [vpc] });
  });

  it.each(["vpc-0123456", "vpc-0123456789abcdef01", "vpc-0123456G", "VPC-01234567", "subnet-01234567", "01234567", ""])(
    'is not "%s"',
    (vpc) => {
      const error = `"${vpc}" is not a VPC id, which reads vpc-0123456789abcdef0`;
      expect(errorsWithCluster(`existingVPCID: "${vpc}", peeredVPCs: [vpc-01234567, "${vpc}"]`)).toEqual([
        `line 3, cluster.existingVPCID: ${error}`,
        `line 3, cluster.peeredVPCs.1: ${error}`,
      ]);
    },
  );
});

describe("cluster.iamNodeRole", () => {
  it.each(["nodes", "A_b+c=d,e.f@g-h", "n".repeat(64)])("accepts %s", (role) => {
    expect(clusterWith(`iamNodeRole: "${role}"`).iamNodeRole).toBe(role);
  });

  it.each([
    ["o'brien", `"o'brien" has the character "'", an IAM role name ${ONLY}`],
    ["/apps/nodes", `"/apps/nodes" has the character "/", an IAM role name ${ONLY}`],
    ["*", `"*" has the character "*", an IAM role name ${ONLY}`],
    ["", '"" is empty, an IAM role name has 1 to 64 characters'],
    ["n".repeat(65), `"${"n".repeat(65)}" has 65 characters, an IAM role name has at most 64`],
  ])('rejects "%s"', (role, error) => {
    expect(errorsWithCluster(`iamNodeRole: "${role}"`)).toEqual([
      `line 3, cluster.iamNodeRole: ${error}; write the name without path`,
    ]);
  });
});

describe("cluster.iamNodeRolePath", () => {
  it.each(["/", "/apps/", "/a/b-c/"])("accepts %s", (path) => {
    expect(clusterWith(`iamNodeRolePath: "${path}"`).iamNodeRolePath).toBe(path);
  });

  // A wildcard would let the key pass the roles of other paths as well.
  it.each(["apps", "/apps", "apps/", "", "/a b/", "/*/", "/app?/"])('rejects "%s"', (path) => {
    expect(errorsWithCluster(`iamNodeRolePath: "${path}"`)).toEqual([
      `line 3, cluster.iamNodeRolePath: "${path}" is not an IAM path; write for example "/apps/"`,
    ]);
  });
});

describe("cluster.formerIamNodeRoles", () => {
  it("accepts roles with their paths", () => {
    const roles = ["/old-node", "/apps/old-node", `/a/b/${"n".repeat(64)}`];
    expect(clusterWith(`formerIamNodeRoles: ${JSON.stringify(roles)}`).formerIamNodeRoles).toEqual(roles);
  });

  it.each([
    "old-node",
    "apps/old-node",
    "/apps/",
    "/",
    "",
    "/o'brien",
    `/${"n".repeat(65)}`,
    "/*",
    "/*/old-node",
    "/app?/old-node",
  ])('rejects "%s"', (role) => {
    expect(errorsWithCluster(`formerIamNodeRoles: [/a, "${role}"]`)).toEqual([
      `line 3, cluster.formerIamNodeRoles.1: "${role}" is not a role with its path; write for example "/apps/old-node", or "/old-node" for one without`,
    ]);
  });
});

describe("cluster.peerAccountIds", () => {
  it("keep their leading zeros", () => {
    expect(clusterWith('peerAccountIds: ["012345678901"]').peerAccountIds).toEqual(["012345678901"]);
  });

  it.each([
    ['"12345678901"', '"12345678901" is not an AWS account id, which is 12 digits in quotes'],
    ['"*"', '"*" is not an AWS account id, which is 12 digits in quotes'],
    ["123456789012", "123456789012 is not a string; write one value in quotes"],
    ["", "is empty; write a value or remove it"],
  ])("reject %s", (id, error) => {
    expect(errorsWith(`cluster:\n  peerAccountIds:\n    - "111111111111"\n    - ${id}\n`)).toEqual([
      `line 6, cluster.peerAccountIds.1: ${error}`,
    ]);
  });

  it("are a list", () => {
    expect(errorsWithCluster('peerAccountIds: "123456789012"')).toEqual([
      'line 3, cluster.peerAccountIds: "123456789012" is not a list; write one item per line, each after a dash',
    ]);
  });
});

describe("cluster.additionalRolePolicies", () => {
  it("accept actions, wildcards included, and change nothing", () => {
    expect(clusterWith('additionalRolePolicies: ["s3:GetObject", "ec2:Describe*"]')).toEqual(clusterWith(""));
  });

  it.each(["s3", "s3:", ":GetObject", "*", "s3:Get Object", "s3:Get:Object"])('reject "%s"', (action) => {
    expect(errorsWithCluster(`additionalRolePolicies: ["${action}"]`)).toEqual([
      `line 3, cluster.additionalRolePolicies.0: "${action}" is not an action; write it as "s3:GetObject"`,
    ]);
  });

  it("are not empty, as in DKP", () => {
    expect(errorsWithCluster("additionalRolePolicies: []")).toEqual([
      "line 3, cluster.additionalRolePolicies: is empty; write an action or remove it",
    ]);
  });
});

describe("a bastion", () => {
  it.each([
    ["withNAT: { bastionInstance: {} }", true],
    ["withNAT: { bastionInstance: { zone: a } }", true],
    ["withNAT: {}", false],
    ["withNAT: { other: 1 }", false],
    ["", false],
  ])("is there with { %s }: %s", (fields, bastion) => {
    expect(clusterWith(fields).bastion).toBe(bastion);
  });
});

describe("the images of the nodes", () => {
  it("are those of amis", () => {
    expect(deploymentWith("cluster: { amis: [ami-0123456789abcdef0] }\n").amis).toEqual(["ami-0123456789abcdef0"]);
    expect(errorsWithCluster("amis: [Ubuntu 24.04]")).toEqual([
      'line 3, cluster.amis.0: "Ubuntu 24.04" is not an image id, which reads ami-0123456789abcdef0',
    ]);
  });
});

describe("a cluster", () => {
  it.each([
    ["tags: []", "tags: a list is not an object; write KEY: VALUE lines below it"],
    ["tags: [a]", "tags: a list is not an object; write KEY: VALUE lines below it"],
    ["tags: a", 'tags: "a" is not an object; write KEY: VALUE lines below it'],
    ["tags: { a: 5 }", "tags.a: 5 is not a string; write one value in quotes"],
    ["withNAT: [a]", "withNAT: a list is not an object; write KEY: VALUE lines below it"],
    ["withNAT: { bastionInstance: [] }", "withNAT.bastionInstance: a list is not an object; write KEY: VALUE lines below it"],
    ["withNAT: { bastionInstance: }", "withNAT.bastionInstance: is empty; write a value or remove it"],
    ["imdsv2: 'true'", 'imdsv2: "true" is not true or false'],
    ["disableDefaultSecurityGroup: 1", "disableDefaultSecurityGroup: 1 is not true or false"],
    ["layout: ", "layout: is empty; write a value or remove it"],
    ["configFile: ''", "configFile: is empty; write a value or remove it"],
    ["iamNoderole: a", 'iamNoderole: unknown setting, did you mean "iamNodeRole"?'],
    [
      "subnet: a",
      "subnet: unknown setting, known are configFile, prefix, layout, existingVPCID, peeredVPCs, iamNodeRole, additionalRolePolicies, tags, imdsv2, disableDefaultSecurityGroup, withNAT, amis, ... (19 in all)",
    ],
  ])("has its fields checked: %s", (fields, error) => {
    expect(errorsWithCluster(fields)).toEqual([`line 3, cluster.${error}`]);
  });

  it("has all its errors reported at once, each on its line", () => {
    expect(errorsWith("cluster:\n  prefix: Dev\n  layout: NAT\n  peeredVPCs:\n    - vpc-01234567\n    - vpc-x\n")).toEqual([
      'line 4, cluster.prefix: "Dev" is not a DKP prefix: lower-case letters, digits and "-", a letter or digit at both ends',
      'line 5, cluster.layout: "NAT" is unknown; use "WithoutNAT", "WithNAT", "Standard"',
      'line 8, cluster.peeredVPCs.1: "vpc-x" is not a VPC id, which reads vpc-0123456789abcdef0',
    ]);
  });
});

describe("cluster.dkpVersion", () => {
  it("is a release line", () => {
    expect(clusterWith('dkpVersion: "1.70"').dkpVersion).toBe("1.70");
    expect(clusterWith("prefix: dev").dkpVersion).toBeUndefined();
  });

  it.each([
    ['"1.65"', '"1.65"'],
    ['"1.078"', '"1.078"'],
    ['"1.77.3"', '"1.77.3"'],
    ["1.70", "1.7"],
  ])("rejects an unknown version: %s", (written, shown) => {
    expect(errorsWithCluster(`dkpVersion: ${written}`)).toEqual([
      `line 3, cluster.dkpVersion: ${shown} is not a version of DKP from 1.66 on; write for example "1.77" in quotes, or remove it for a policy that covers 1.70 to 1.77`,
    ]);
  });

  it.each(["1.66", "1.69", "1.77", "1.78", "1.99", "1.100"])("can be %s", (version) => {
    expect(clusterWith(`dkpVersion: "${version}"`).dkpVersion).toBe(version);
  });

  it("limits the prefix to 45 characters from 1.77 on", () => {
    const fields = (version: string, length: number) => `dkpVersion: "${version}", prefix: ${"a".repeat(length)}`;
    expect(clusterWith(fields("1.76", 59)).prefix).toHaveLength(59);
    expect(clusterWith(fields("1.77", 45)).prefix).toHaveLength(45);
    expect(errorsWithCluster(fields("1.77", 46))).toEqual([
      `line 3, cluster.prefix: "${"a".repeat(46)}" has 46 characters, DKP 1.77 allows 45; choose a shorter one`,
    ]);
  });
});

describe("cluster.imdsv2", () => {
  it.each([
    ["imdsv2: true", true],
    ["imdsv2: false", false],
    ["prefix: dev", undefined],
  ])("distinguishes true, false and absent: %s", (fields, imdsv2) => {
    expect(clusterWith(fields).imdsv2).toBe(imdsv2);
  });
});

describe("cluster.kmsKeyArns", () => {
  const KEY = "arn:aws:kms:eu-central-1:333333333333:key/01234567-89ab-cdef-0123-456789abcdef";
  const settings = (arn: string, features = "[encrypted-volumes]") =>
    `features: ${features}\ncluster:\n  kmsKeyArns:\n    - ${arn}\n`;

  it.each([KEY, "arn:aws:kms:eu-central-1:333333333333:key/mrk-0123456789abcdef0123456789abcdef"])(
    "contains keys of any account: %s",
    (arn) => {
      expect(deploymentWith(settings(arn)).cluster.kmsKeyArns).toEqual([arn]);
    },
  );

  it.each([[KEY.replace(/key.*/, "alias/ebs")], [KEY.replace(/key.*/, "key/*")], ["01234567-89ab-cdef-0123-456789abcdef"]])(
    "rejects what is not the ARN of a key: %s",
    (arn) => {
      expect(errorsWith(settings(`"${arn}"`))).toEqual([
        `line 6, cluster.kmsKeyArns.0: "${arn}" is not the ARN of a KMS key; write arn:aws:kms:REGION:ACCOUNT:key/KEY_ID, not an alias`,
      ]);
    },
  );

  it("rejects a key of another Region", () => {
    const arn = KEY.replace("eu-central-1", "eu-west-1");
    expect(errorsWith(settings(arn))).toEqual([
      `line 6, cluster.kmsKeyArns.0: "${arn}" is a key of another Region than eu-central-1; write an ARN that begins with arn:aws:kms:eu-central-1:`,
    ]);
  });

  it("rejects keys without the feature encrypted-volumes", () => {
    expect(errorsWith(settings(KEY, "[]"))).toEqual([
      'line 5, cluster.kmsKeyArns: has no effect without the feature encrypted-volumes; add "encrypted-volumes" to features, or remove kmsKeyArns',
    ]);
  });
});

describe("features", () => {
  const KNOWN =
    "drift-repair, encrypted-volumes, fast-snapshot-restore, instance-type-change, nlb-security-groups, nlb-target-group-attributes, spot-instances, volume-cloning, volume-snapshots";

  it("belong to the cluster", () => {
    const { cluster } = deploymentWith("features: [volume-snapshots, drift-repair]\n");
    expect(cluster.features).toEqual(["volume-snapshots", "drift-repair"]);
  });

  it.each([
    ["volume-snapshot", '"volume-snapshot" is no feature, did you mean "volume-snapshots"?'],
    ["spot_instances", '"spot_instances" is no feature, did you mean "spot-instances"?'],
    ["backup", `"backup" is no feature, known are ${KNOWN}`],
    ["toString", `"toString" is no feature, known are ${KNOWN}`],
    ["5", `5 is no feature, known are ${KNOWN}`],
    ["[spot-instances]", `a list is no feature, known are ${KNOWN}`],
    ["~", "is empty; write a value or remove it"],
  ])("that are unknown get the nearest name or the list: %s", (feature, error) => {
    expect(errorsWith(`features:\n  - drift-repair\n  - ${feature}\n`)).toEqual([`line 5, features.1: ${error}`]);
  });

  it.each([
    ["{}", "an object is not a list; write one item per line, each after a dash"],
    ["spot-instances", '"spot-instances" is not a list; write one item per line, each after a dash'],
    ["", "is empty; write a value or remove it"],
  ])("are a list, not %s", (value, error) => {
    expect(errorsWith(`features: ${value}\n`)).toEqual([`line 3, features: ${error}`]);
  });
});
