import { ENCRYPTION_KEY } from "../helpers/pgp-keys";
import { deploymentOf, deploymentsOf, KEY_ID, MINIMAL, REGION } from "../helpers/settings-files";

describe("a settings file", () => {
  it("needs no more than a region and a backend", () => {
    expect(deploymentsOf({ "dev.yaml": MINIMAL })).toEqual([
      {
        stack: "dev",
        stated: new Set(["region", "backend", "backend.s3"]),
        additionalRolePolicies: [],
        policies: [{ number: 1, name: "D8CloudProviderAWS", statements: expect.anything() }],
        settings: expect.objectContaining({ region: "eu-central-1" }),
        region: "eu-central-1",
        state: { type: "s3", arguments: { bucket: "states", key: "dev/terraform.tfstate", encrypt: true, use_lockfile: true } },
        provider: { version: ">= 5.100.0, < 7.0.0" },
        user: { name: "deckhouse", path: "/", forceDestroy: false },
        policy: {
          name: "D8CloudProviderAWS",
          path: "/",
          description: "Deckhouse policy",
          mode: "documented",
          supplement: true,
        },
        attachment: "user",
        group: { name: "deckhouse", path: "/" },
        accessKeys: { primary: { status: "Active" }, secondary: { status: "absent" }, current: "primary" },
        outputs: { secret: true },
        cluster: {
          peeredVPCs: [],
          peerAccountIds: [],
          iamNodeRolePath: "/",
          formerIamNodeRoles: [],
          tags: {},
          disableDefaultSecurityGroup: false,
          bastion: false,
          kmsKeyArns: [],
          features: [],
        },
        amis: [],
        protect: true,
      },
    ]);
  });

  it("may state every setting", () => {
    const text = `
region: us-gov-west-1
backend: { gcs: { bucket: states, prefix: dkp } }
accountId: "012345678901"
provider: { version: "~> 6.1", profile: prod, assumeRoleArn: "arn:aws-us-gov:iam::012345678901:role/ci/apply" }
tags: { team: platform }
user:
  name: dkp
  path: /platform/
  permissionsBoundary: arn:aws-us-gov:iam::012345678901:policy/boundary
  forceDestroy: true
policy: { name: dkp-policy, path: /platform/, description: "", mode: documented, supplement: false }
attachment: user-and-group
group: { name: dkp, path: /platform/ }
nodeRole:
  name: nodes
  path: /apps/
  additionalActions: ["s3:GetObject"]
  managedPolicyArns: [arn:aws-us-gov:iam::aws:policy/AmazonSSMManagedInstanceCore]
  permissionsBoundary: arn:aws-us-gov:iam::012345678901:policy/boundary
accessKeys:
  primary: { status: Inactive }
  secondary: { status: Active, pgpKey: ${ENCRYPTION_KEY} }
  current: secondary
import: { user: true, policy: true, attachment: true, group: true, nodeRole: true, accessKeyId: ${KEY_ID} }
outputs: { secret: false }
cluster:
  prefix: prod
  layout: WithNAT
  existingVPCID: vpc-0123456789abcdef0
  peeredVPCs: [vpc-01234567]
  iamNodeRole: nodes
  additionalRolePolicies: ["s3:GetObject"]
  tags: { team: platform }
  imdsv2: true
  disableDefaultSecurityGroup: true
  withNAT: { bastionInstance: {} }
  amis: [ami-0123456789abcdef0]
  iamNodeRolePath: /apps/
  formerIamNodeRoles: [/apps/old-nodes]
  peerAccountIds: ["987654321098"]
features: [volume-snapshots, spot-instances]
protect: false
`;
    const { stated, ...deployment } = deploymentOf(text);
    expect([...stated]).toEqual(expect.arrayContaining(["region", "policy.supplement", "outputs.secret", "protect"]));
    expect(deployment).toEqual({
      stack: "dev",
      region: "us-gov-west-1",
      additionalRolePolicies: ["s3:GetObject"],
      policies: [{ number: 1, name: "dkp-policy", statements: expect.anything() }],
      settings: expect.objectContaining({ region: "us-gov-west-1" }),
      state: { type: "gcs", arguments: { bucket: "states", prefix: "dkp" } },
      accountId: "012345678901",
      provider: { version: "~> 6.1", profile: "prod", assumeRoleArn: "arn:aws-us-gov:iam::012345678901:role/ci/apply" },
      tags: { team: "platform" },
      user: {
        name: "dkp",
        path: "/platform/",
        permissionsBoundary: "arn:aws-us-gov:iam::012345678901:policy/boundary",
        forceDestroy: true,
      },
      policy: { name: "dkp-policy", path: "/platform/", description: "", mode: "documented", supplement: false },
      attachment: "user-and-group",
      group: { name: "dkp", path: "/platform/" },
      nodeRole: {
        name: "nodes",
        path: "/apps/",
        additionalActions: ["s3:GetObject"],
        managedPolicyArns: ["arn:aws-us-gov:iam::aws:policy/AmazonSSMManagedInstanceCore"],
        permissionsBoundary: "arn:aws-us-gov:iam::012345678901:policy/boundary",
      },
      accessKeys: {
        primary: { status: "Inactive" },
        secondary: { status: "Active", pgpKey: ENCRYPTION_KEY },
        current: "secondary",
      },
      import: {
        user: true,
        policy: true,
        additionalPolicies: false,
        attachment: true,
        group: true,
        nodeRole: true,
        accessKeyId: KEY_ID,
      },
      outputs: { secret: false },
      cluster: {
        prefix: "prod",
        layout: "WithNAT",
        existingVPCID: "vpc-0123456789abcdef0",
        peeredVPCs: ["vpc-01234567"],
        peerAccountIds: ["987654321098"],
        iamNodeRole: "nodes",
        iamNodeRolePath: "/apps/",
        formerIamNodeRoles: ["/apps/old-nodes"],
        tags: { team: "platform" },
        imdsv2: true,
        disableDefaultSecurityGroup: true,
        bastion: true,
        kmsKeyArns: [],
        features: ["volume-snapshots", "spot-instances"],
      },
      amis: ["ami-0123456789abcdef0"],
      protect: false,
    });
  });

  it("may be JSON, which is YAML", () => {
    const json = '{ "region": "eu-central-1", "backend": { "s3": { "bucket": "states" } } }';
    expect(deploymentOf(json)).toEqual(deploymentOf(MINIMAL));
  });

  it("may hold aliases", () => {
    const { user, policy } = deploymentOf(`${MINIMAL}user: { path: &path /platform/ }\npolicy: { path: *path }\n`);
    expect([user.path, policy.path]).toEqual(["/platform/", "/platform/"]);
  });

  it("may begin with a byte order mark and end its lines as Windows does", () => {
    expect(deploymentOf(`\uFEFF${MINIMAL.replaceAll("\n", "\r\n")}`)).toEqual(deploymentOf(MINIMAL));
  });

  it("may keep its state in Terraform's cloud, with nothing added", () => {
    const { state } = deploymentOf(`${REGION}cloud: { organization: acme, workspaces: { name: dkp } }\n`);
    expect(state).toEqual({ type: "cloud", arguments: { organization: "acme", workspaces: { name: "dkp" } } });
  });

  it.each([
    ["local: {}", { path: "terraform.dev.tfstate" }],
    ["local:", { path: "terraform.dev.tfstate" }],
    ["s3: { bucket: b, encrypt: false, use_lockfile: false }", { encrypt: false, use_lockfile: false }],
    ["s3: { bucket: b, key: k }", { key: "k", encrypt: true, use_lockfile: true }],
  ])("with backend { %s } has the arguments %j", (backend, expected) => {
    expect(deploymentOf(`${REGION}backend: { ${backend} }\n`).state.arguments).toMatchObject(expected);
  });

  it("gives each stack its own default key in a shared bucket", () => {
    const files = { "a.yaml": MINIMAL, "b.yaml": `${MINIMAL}user: { name: b }\npolicy: { name: b }\n` };
    expect(deploymentsOf(files).map(({ state }) => state.arguments.key)).toEqual(["a/terraform.tfstate", "b/terraform.tfstate"]);
  });

  it.each(["{ s3: {}, partial: true }", "{ partial: true, s3: {} }"])(
    "does not carry `partial` into the backend's type and arguments: %s",
    (backend) => {
      expect(deploymentOf(`${REGION}backend: ${backend}\n`).state).toEqual({
        type: "s3",
        arguments: { key: "dev/terraform.tfstate", encrypt: true, use_lockfile: true },
      });
    },
  );
});
