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

const ROLE_ARN = "is not the ARN of an IAM role, which reads arn:aws:iam::123456789012:role/NAME";

describe("the role of the s3 backend", () => {
  it.each([
    ['role_arn: "arn:aws:iam::123456789012:role/*"', `role_arn: "arn:aws:iam::123456789012:role/*" ${ROLE_ARN}`],
    ["assume_role: { role_arn: x }", `assume_role.role_arn: "x" ${ROLE_ARN}`],
  ])("is one role, because the policy of the pipeline names it: %s", (argument, error) => {
    expect(errorsOf(`${REGION}backend: { s3: { bucket: b, ${argument} } }\n`)).toEqual([`line 2, backend.s3.${error}`]);
  });

  it("may have a path and tags", () => {
    const role = { role_arn: "arn:aws:iam::123456789012:role/team/state", tags: { a: "b" } };
    const { state } = deploymentOf(`${REGION}backend: { s3: { bucket: b, assume_role: ${JSON.stringify(role)} } }\n`);
    expect(state.arguments.assume_role).toEqual(role);
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

const NOT_MET = 'excludes every version that works, which are 5.100.0 and newer; write for example ">= 5.100.0, < 7.0.0"';
const NO_CONSTRAINT = 'is not a version constraint; write for example ">= 5.100.0, < 7.0.0"';

describe("provider.version", () => {
  it.each([
    [">= 7, < 6", NOT_MET],
    ["= 5.1.0, != 5.1", NOT_MET],
    ["~> 5.1, ~> 6", NOT_MET],
    ["> 5.1.0, < 5.1.1", NOT_MET],
    ["< 0", NOT_MET],
    ["~> 4.0", NOT_MET],
    ["~> 5.99.0", NOT_MET],
    ["5.99.0", NOT_MET],
    ["<= 5.99", NOT_MET],
    ["~> 99999999999999999999", NO_CONSTRAINT],
    [">= 5,", NO_CONSTRAINT],
    ["latest", NO_CONSTRAINT],
  ])("rejects %s", (version, error) => {
    expect(errorsWith(`provider: { version: "${version}" }\n`)).toEqual([`line 3, provider.version: "${version}" ${error}`]);
  });

  it.each(["~> 6.0", "5.100.0", " >=5.1 , != 5.2.0,!=5.2.1", "~> 5.1", "~> 5", "<= 5.100", "~> 5.100.1, != 5.100.1"])(
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

describe("a backend of S3 that AWS does not have", () => {
  const warnings = (s3: string) => settingsWarnings(deploymentOf(`${REGION}backend: { s3: { ${s3} } }\n`));

  it.each([
    [
      "bucket: b, region: eu-cental-1",
      'backend.s3.region: "eu-cental-1" is not a region that AWS is known to have, did you mean "eu-central-1"?',
    ],
    [
      "bucket: 'arn:aws:s3:::my-state', region: eu-central-1",
      'backend.s3.bucket: "arn:aws:s3:::my-state" is an ARN, and Terraform takes the name; write "my-state"',
    ],
    [
      "bucket: My-State, region: eu-central-1",
      'backend.s3.bucket: "My-State" has capital letters, which no bucket of AWS has; write "my-state"',
    ],
  ])("is accepted with a warning that has the right value: %s", (s3, warning) => {
    expect(warnings(s3)).toEqual([warning]);
  });

  it("has no warning otherwise", () => {
    expect(warnings("bucket: my-state, region: eu-central-1")).toEqual([]);
  });
});
