import { readSettings } from "../../../src/settings/read-settings";
import { settingsWarnings } from "../../../src/settings/settings-notes";
import { deploymentOf, deploymentWith, errorsOf, errorsWith, REGION } from "../../helpers/settings-files";

// Values that AWS or Terraform would reject in the middle of an apply.

describe("policy.path", () => {
  it.each(["/team#1/", "/a!b~/", "///", "/a//b/", "/all*/"])("rejects %s, which CreatePolicy rejects", (path) => {
    expect(errorsWith(`policy: { path: "${path}" }\n`)).toEqual([
      `line 3, policy.path: "${path}" is not the path of a policy, which takes only A-Z a-z 0-9 and . , + @ = _ - with single "/" between; choose another`,
    ]);
  });

  it.each(["/", "/a/", "/a.b,c+d@e=f_g-h/i/", `/${"a".repeat(510)}/`])("accepts %s", (path) => {
    expect(deploymentWith(`policy: { path: "${path}" }\n`).policy.path).toBe(path);
  });
});

describe("nodeRole", () => {
  const actions = (count: number) =>
    `nodeRole: { name: n, additionalActions: [${Array.from({ length: count }, (_, index) => `s3:Get${"A".repeat(20)}${index}`).join(", ")}] }\n`;

  it("rejects more actions than an inline policy holds", () => {
    expect(errorsWith(actions(400))).toEqual([
      "line 3, nodeRole.additionalActions: requires an inline policy of 12816 characters, IAM allows 10240 per role; use wildcards, or a policy of your own in nodeRole.managedPolicyArns",
    ]);
    expect(deploymentWith(actions(300)).nodeRole?.additionalActions).toHaveLength(300);
  });

  it.each(["/aws-reserved/", "/aws-service-role/ec2.amazonaws.com/"])(
    "rejects the path %s, where only AWS creates roles",
    (path) => {
      expect(errorsWith(`nodeRole: { name: n, path: "${path}" }\n`)).toEqual([
        `line 3, nodeRole.path: "${path}" is reserved: only AWS creates roles below /aws-reserved/ and /aws-service-role/; choose another path`,
      ]);
    },
  );

  const policies = (count: number) =>
    `nodeRole: { name: n, managedPolicyArns: [${Array.from({ length: count }, (_, index) => `"arn:aws:iam::aws:policy/P${index}"`).join(", ")}] }\n`;

  it("rejects more managed policies than a role can ever have", () => {
    expect(errorsWith(policies(26))).toEqual([
      "line 3, nodeRole.managedPolicyArns: has 26 policies, a role can have at most 25; put their statements together",
    ]);
  });

  it("warns about more managed policies than an account allows by default", () => {
    expect(settingsWarnings(deploymentWith(policies(11)))).toEqual([
      'nodeRole.managedPolicyArns: has 11 policies, an account allows 10 per role by default; raise the quota "Managed policies per role" before the apply',
    ]);
    expect(settingsWarnings(deploymentWith(policies(10)))).toEqual([]);
  });
});

describe("an ARN", () => {
  it("of a role has a name of at most 64 characters", () => {
    const arn = (length: number) => `arn:aws:iam::123456789012:role/${"a".repeat(length)}`;
    expect(errorsWith(`provider: { assumeRoleArn: "${arn(65)}" }\n`)).toEqual([
      `line 3, provider.assumeRoleArn: "${arn(65).slice(0, 79)}... (96 characters) is not the ARN of an IAM role, which reads arn:aws:iam::123456789012:role/NAME`,
    ]);
    expect(deploymentWith(`provider: { assumeRoleArn: "${arn(64)}" }\n`).provider.assumeRoleArn).toBe(arn(64));
  });
});

const S3_PATH =
  'is not the path of an S3 object as Terraform takes it: no "/" at either end, and no "//"; write for example "dev/terraform.tfstate"';
const AWS_NAME = "is not a name that AWS takes: letters, digits and . _ - only; write the name itself, without wildcards";
const ROLE_ARN = "is not the ARN of an IAM role, which reads arn:aws:iam::123456789012:role/NAME";
const KMS_KEY = "is not a KMS key: its id, its ARN or an alias, without wildcards";

describe("an argument of the s3 backend", () => {
  it.each([
    ['key: "/a"', `key: "/a" ${S3_PATH}`],
    ['key: "a/"', `key: "a/" ${S3_PATH}`],
    ['key: "a//b"', `key: "a//b" ${S3_PATH}`],
    ['workspace_key_prefix: "/a"', `workspace_key_prefix: "/a" ${S3_PATH}`],
    ['dynamodb_table: "*"', `dynamodb_table: "*" ${AWS_NAME}`],
    ['role_arn: "arn:aws:iam::123456789012:role/*"', `role_arn: "arn:aws:iam::123456789012:role/*" ${ROLE_ARN}`],
    ["assume_role: { role_arn: x }", `assume_role.role_arn: "x" ${ROLE_ARN}`],
    [
      'kms_key_id: "arn:aws:kms:eu-central-1:123456789012:key/*"',
      `kms_key_id: "arn:aws:kms:eu-central-1:123456789012:key/*" ${KMS_KEY}`,
    ],
    ["encrypt: perhaps", 'encrypt: "perhaps" is not true or false'],
    ["max_retries: many", 'max_retries: "many" is not a number'],
    ["kms_key_id: { a: b }", "kms_key_id: an object is not a single value; write it in quotes"],
    [
      "allowed_account_ids: '123456789012'",
      'allowed_account_ids: "123456789012" is not a list of single values; write one per line, each after a dash',
    ],
    ["assume_role_tags: [a]", "assume_role_tags: a list is not an object of single values; write KEY: VALUE lines below it"],
  ])("is rejected when Terraform rejects it: %s", (argument, error) => {
    expect(errorsOf(`${REGION}backend: { s3: { bucket: b, ${argument} } }\n`)).toEqual([`line 2, backend.s3.${error}`]);
  });

  it.each([
    ["{ a: b }", "an object is not a single value; write it in quotes"],
    ['"*"', `"*" ${AWS_NAME}`],
  ])("is rejected when it names no bucket: %s", (bucket, error) => {
    expect(errorsOf(`${REGION}backend: { s3: { bucket: ${bucket} } }\n`)).toEqual([`line 2, backend.s3.bucket: ${error}`]);
  });

  it.each([
    "encrypt: 'true'",
    "encrypt: false",
    "max_retries: 5",
    "max_retries: '5'",
    "kms_key_id: alias/state",
    "kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab",
    "kms_key_id: mrk-1234abcd12ab34cd56ef1234567890ab",
    "kms_key_id: 'arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab'",
    "dynamodb_table: Locks_1",
    "assume_role: { role_arn: 'arn:aws:iam::123456789012:role/team/state', tags: { a: b } }",
    "allowed_account_ids: ['123456789012']",
    "http_proxy: 'http://proxy:3128'",
    "http_proxy: 'proxy:3128'",
  ])("is accepted: %s", (argument) => {
    const { state } = deploymentOf(`${REGION}backend: { s3: { bucket: My_bucket.1, ${argument} } }\n`);
    expect(state.arguments).toHaveProperty(argument.split(":")[0] ?? "");
  });
});

describe("backend.local.path", () => {
  const errors = (path: string) =>
    readSettings({
      source: "dev.yaml",
      stack: "dev",
      value: { region: "eu-central-1", backend: { local: { path } } },
      context: { outputFolder: "cdktf.out", settingsFolder: "deployments" },
    }).errors;

  it.each(["deployments", "./deployments/", "cdktf.out/../deployments", "."])("rejects the folder %s", (path) => {
    expect(errors(path)).toEqual([
      {
        path: ["backend", "local", "path"],
        line: undefined,
        message: `"${path}" is the folder deployments or one above it; write the path of a file`,
      },
    ]);
  });

  it.each(["deployments/dev.tfstate", "states/dev.tfstate", "../dev.tfstate"])("accepts the file %s", (path) => {
    expect(errors(path)).toEqual([]);
  });
});

const NOT_MET = 'is met by no version; write for example ">= 5.100.0, < 7.0.0"';
const NO_CONSTRAINT = 'is not a version constraint; write for example ">= 5.100.0, < 7.0.0"';

describe("provider.version", () => {
  it.each([
    [">= 7, < 6", NOT_MET],
    ["= 5.1.0, != 5.1", NOT_MET],
    ["~> 5.1, ~> 6", NOT_MET],
    ["> 5.1.0, < 5.1.1", NOT_MET],
    ["< 0", NOT_MET],
    ["~> 99999999999999999999", NO_CONSTRAINT],
    [">= 5,", NO_CONSTRAINT],
    ["latest", NO_CONSTRAINT],
  ])("rejects %s", (version, error) => {
    expect(errorsWith(`provider: { version: "${version}" }\n`)).toEqual([`line 3, provider.version: "${version}" ${error}`]);
  });

  it.each(["~> 6.0", "5.100.0", " >=5.1 , != 5.2.0,!=5.2.1", "> 5.1.0, < 5.1.2", "<= 0", "~> 5.100.1, != 5.100.1"])(
    "accepts %s",
    (version) => {
      expect(deploymentWith(`provider: { version: "${version}" }\n`).provider.version).toBe(version);
    },
  );
});

describe("a region that AWS does not have", () => {
  it.each([
    ["eu-cental-1", 'did you mean "eu-central-1"?'],
    ["eu-centrall-1", 'did you mean "eu-central-1"?'],
    ["us-gov-wst-1", 'did you mean "us-gov-west-1"?'],
  ])("is accepted with a warning that names the nearest: %s", (region, hint) => {
    expect(settingsWarnings(deploymentOf(`region: ${region}\nbackend: { local: {} }\n`))).toEqual([
      `region: "${region}" is not a region that AWS is known to have, ${hint}`,
    ]);
  });
});
