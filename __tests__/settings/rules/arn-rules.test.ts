import { deploymentOf, deploymentWith, errorsOf, errorsWith } from "../../helpers/settings-files";

describe("provider.version", () => {
  it.each([">= 5.100.0, < 7.0.0", "~> 6.0", "5.100.0", "= 6.1.0", "!= 6.2.0,>=6", ">=6"])('accepts "%s"', (version) => {
    expect(deploymentWith(`provider: { version: "${version}" }\n`).provider.version).toBe(version);
  });

  it.each(["latest", ">> 5", "=> 5", "^6.0.0", "6.x", "~> 6.0,", "", ">= 5.100.0 < 7.0.0", "6.0.0.0"])(
    'rejects the malformed "%s"',
    (version) => {
      expect(errorsWith(`provider: { version: "${version}" }\n`)).toEqual([
        `line 3, provider.version: "${version}" is not a version constraint; write for example ">= 5.100.0, < 7.0.0"`,
      ]);
    },
  );
});

describe.each([
  { field: "permissionsBoundary", owner: "user", kind: "policy", other: "role" },
  { field: "assumeRoleArn", owner: "provider", kind: "role", other: "policy" },
])("$owner.$field", ({ field, owner, kind, other }) => {
  const setting = (arn: string) => `${owner}: { ${field}: "${arn}" }\n`;
  const taken = (arn: string) => ({ [owner]: { [field]: arn } });

  it.each(["name", "path/to/name", "PlatformBoundaryForDeckhouseCloudUsers01"])(`accepts the ARN of the ${kind} %s`, (name) => {
    const arn = `arn:aws:iam::123456789012:${kind}/${name}`;
    expect(deploymentWith(setting(arn))).toMatchObject(taken(arn));
  });

  it("accepts an ARN of the account that accountId names", () => {
    const arn = `arn:aws:iam::123456789012:${kind}/name`;
    expect(deploymentWith(`accountId: "123456789012"\n${setting(arn)}`)).toMatchObject(taken(arn));
  });

  it.each([
    "name",
    `arn:aws:iam::123456789012:${other}/name`,
    `arn:aws:iam::123456789012:${kind}`,
    `arn:aws:iam::123456789012:${kind}/`,
    `arn:aws:iam::12345678901:${kind}/name`,
    `arn:aws:iam:eu-central-1:123456789012:${kind}/name`,
    `arn:aws:s3::123456789012:${kind}/name`,
    `arn:aws:iam::123456789012:${kind}/na me`,
    `arn:aws:iam::123456789012:${kind}/name\\n`,
    "",
  ])(`rejects "%s", which is no ARN of a ${kind}`, (arn) => {
    expect(errorsWith(setting(arn))).toEqual([
      `line 3, ${owner}.${field}: "${arn}" is not the ARN of an IAM ${kind}, which reads arn:aws:iam::123456789012:${kind}/NAME`,
    ]);
  });

  it.each([
    ["eu-central-1", "aws", "aws-cn"],
    ["us-gov-west-1", "aws-us-gov", "aws"],
    ["cn-north-1", "aws-cn", "aws"],
    ["us-iso-east-1", "aws-iso", "aws-iso-b"],
    ["us-isob-east-1", "aws-iso-b", "aws-iso"],
    ["eu-isoe-west-1", "aws-iso-e", "aws-iso"],
    ["us-isof-south-1", "aws-iso-f", "aws-iso"],
    ["eusc-de-east-1", "aws-eusc", "aws"],
  ])("rejects, in region %s of partition %s, an ARN of %s", (region, partition, wrong) => {
    const arn = `arn:${wrong}:iam::123456789012:${kind}/name`;
    expect(errorsOf(`region: ${region}\nbackend: { s3: { bucket: b } }\n${setting(arn)}`)).toEqual([
      `line 3, ${owner}.${field}: "${arn}" is of another partition than region ${region}; write an ARN that begins with arn:${partition}:`,
    ]);
  });

  it("accepts, in a region of another partition, an ARN of that partition", () => {
    const arn = `arn:aws-cn:iam::123456789012:${kind}/name`;
    expect(deploymentOf(`region: cn-north-1\nbackend: { s3: { bucket: b } }\n${setting(arn)}`)).toMatchObject(taken(arn));
  });

  it("rejects an ARN of another account than accountId", () => {
    expect(errorsWith(`accountId: "111111111111"\n${setting(`arn:aws:iam::222222222222:${kind}/name`)}`)).toEqual([
      `line 4, ${owner}.${field}: "arn:aws:iam::222222222222:${kind}/name" is of account 222222222222, accountId is 111111111111; make them agree`,
    ]);
  });
});

describe("a policy that AWS manages", () => {
  it("may be a boundary, whatever the account", () => {
    const arn = "arn:aws:iam::aws:policy/PowerUserAccess";
    const { user } = deploymentWith(`accountId: "111111111111"\nuser: { permissionsBoundary: "${arn}" }\n`);
    expect(user.permissionsBoundary).toBe(arn);
  });

  it("must be of the region's partition as well", () => {
    expect(
      errorsOf(
        'region: cn-north-1\nbackend: { s3: { bucket: b } }\nuser: { permissionsBoundary: "arn:aws:iam::aws:policy/PowerUserAccess" }\n',
      ),
    ).toEqual([
      'line 3, user.permissionsBoundary: "arn:aws:iam::aws:policy/PowerUserAccess" is of another partition than region cn-north-1; write an ARN that begins with arn:aws-cn:',
    ]);
  });

  it("rejects a role that AWS manages: AWS manages policies only", () => {
    expect(errorsWith('provider: { assumeRoleArn: "arn:aws:iam::aws:role/apply" }\n')).toEqual([
      'line 3, provider.assumeRoleArn: "arn:aws:iam::aws:role/apply" is not the ARN of an IAM role, which reads arn:aws:iam::123456789012:role/NAME',
    ]);
  });
});

describe("rules between fields", () => {
  it("wait until the fields are right by themselves", () => {
    expect(
      errorsOf(
        'region: Europe\nbackend: { s3: { bucket: b } }\naccountId: "12345"\nuser: { permissionsBoundary: "arn:aws-cn:iam::222222222222:policy/x" }\n',
      ),
    ).toEqual([
      'line 1, region: "Europe" does not have the shape of an AWS region; write one such as "eu-central-1" or "us-gov-west-1"',
      'line 3, accountId: "12345" has 5 digits, an AWS account id has 12',
    ]);
  });
});

describe("a permissions boundary", () => {
  const AT = "line 3, user.permissionsBoundary: ";
  const boundary = (arn: string, more = "") => errorsWith(`user: { permissionsBoundary: "${arn}" }\n${more}`);
  const rejected = (arn: string) =>
    `"${arn}" is a policy of this deployment, and whoever applies the deployment can change it; write the ARN of a policy that only your administrators can change`;

  it.each([
    ["the account is unknown", "arn:aws:iam::123456789012:policy/D8CloudProviderAWS", ""],
    ["the account is known", "arn:aws:iam::123456789012:policy/D8CloudProviderAWS", 'accountId: "123456789012"'],
    ["it differs in case, which IAM ignores", "arn:aws:iam::123456789012:policy/d8cloudprovideraws", ""],
    ["it is a further policy", "arn:aws:iam::123456789012:policy/D8CloudProviderAWS-2", ""],
    ["it has a path", "arn:aws:iam::123456789012:policy/a/b/P", "policy: { path: /a/b/, name: P }"],
  ])("of the user can't be the deployment's own policy: %s", (_, arn, more) => {
    expect(boundary(arn, more)).toEqual([`${AT}${rejected(arn)}`]);
  });

  it("of the node role can't be the deployment's own policy", () => {
    const arn = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS";
    expect(errorsWith(`nodeRole: { name: n, permissionsBoundary: "${arn}" }`)).toEqual([
      `line 3, nodeRole.permissionsBoundary: ${rejected(arn)}`,
    ]);
  });

  it("in another partition is reported with both rules", () => {
    const arn = "arn:aws-cn:iam::123456789012:policy/D8CloudProviderAWS";
    expect(boundary(arn)).toEqual([
      `${AT}"${arn}" is of another partition than region eu-central-1; write an ARN that begins with arn:aws:`,
      `${AT}${rejected(arn)}`,
    ]);
  });

  it.each([
    "arn:aws:iam::123456789012:policy/D8CloudProviderAWS-boundary",
    "arn:aws:iam::123456789012:policy/D8CloudProviderAWSX",
    "arn:aws:iam::aws:policy/D8CloudProviderAWS",
    "arn:aws:iam::123456789012:policy/other/Boundary",
  ])("can be %s", (arn) => {
    expect(deploymentWith(`user: { permissionsBoundary: "${arn}" }`).user.permissionsBoundary).toBe(arn);
  });
});
