import { stateAccess } from "../../../src/cli/review/state-permissions";
import { statementsOf } from "../../../src/iam/deployer-permissions";
import type { BackendArguments } from "../../../src/terraform/state-location";

const S3 = { bucket: "state", key: "dkp/terraform.tfstate", region: "eu-central-1" };
const KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-96ef-1234567890ab";
const ROLE = "arn:aws:iam::123456789012:role/state";

const access = (more: BackendArguments = {}) => stateAccess({ type: "s3", arguments: { ...S3, ...more } }, "eu-central-1");
const statements = (more: BackendArguments = {}) => statementsOf(access(more).grants);
const statement = (sid: string, more: BackendArguments = {}) => statements(more).find((each) => each.sid === sid);

describe("what the pipeline may do with the state in S3", () => {
  it("is: list its name, read and write it, and no other object", () => {
    expect(statements()).toEqual([
      {
        sid: "ListState",
        actions: ["s3:ListBucket"],
        resources: ["arn:aws:s3:::state"],
        conditions: [{ test: "StringEquals", variable: "s3:prefix", values: ["env:/", "dkp/terraform.tfstate"] }],
      },
      {
        sid: "State",
        actions: ["s3:GetObject", "s3:PutObject"],
        resources: ["arn:aws:s3:::state/dkp/terraform.tfstate"],
        conditions: [],
      },
    ]);
  });

  it("includes the lock file, which is deleted when the lock is off", () => {
    expect(statement("StateLock", { use_lockfile: true })).toEqual({
      sid: "StateLock",
      actions: ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
      resources: ["arn:aws:s3:::state/dkp/terraform.tfstate.tflock"],
      conditions: [],
    });
    expect(statement("StateLock", { use_lockfile: false })).toBeUndefined();
  });

  it("looks for workspaces where the backend keeps them", () => {
    expect(statement("ListState", { workspace_key_prefix: "workspaces" })?.conditions[0]?.values).toEqual([
      "workspaces/",
      "dkp/terraform.tfstate",
    ]);
  });

  it("takes the wildcards of a key for characters", () => {
    expect(statement("State", { key: "a*b" })?.resources).toEqual([`arn:aws:s3:::state/a\${*}b`]);
  });

  it("includes, in a DynamoDB table that others lock in too, the two items of this state", () => {
    expect(statement("StateLockTable", { dynamodb_table: "locks" })).toEqual({
      sid: "StateLockTable",
      actions: ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"],
      resources: ["arn:aws:dynamodb:eu-central-1:*:table/locks"],
      conditions: [
        {
          test: "ForAllValues:StringEquals",
          variable: "dynamodb:LeadingKeys",
          values: ["state/dkp/terraform.tfstate", "state/dkp/terraform.tfstate-md5"],
        },
      ],
    });
  });

  it("includes the KMS key, through S3 only", () => {
    expect(statement("StateKey", { kms_key_id: KEY })).toEqual({
      sid: "StateKey",
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: [KEY],
      conditions: [{ test: "StringEquals", variable: "kms:ViaService", values: ["s3.eu-central-1.amazonaws.com"] }],
    });
  });

  it("has the same suffix of S3 in China", () => {
    const inChina = { kms_key_id: KEY.replace("arn:aws:", "arn:aws-cn:"), region: "cn-north-1" };
    expect(statement("StateKey", inChina)?.conditions).toEqual([
      { test: "StringEquals", variable: "kms:ViaService", values: ["s3.cn-north-1.amazonaws.com"] },
    ]);
  });

  it("says that a KMS key which is no ARN is missing", () => {
    expect(access({ kms_key_id: "alias/state" })).toMatchObject({
      notes: [expect.stringMatching(/^backend\.s3\.kms_key_id is no key's ARN/)],
    });
    expect(statement("StateKey", { kms_key_id: "alias/state" })).toBeUndefined();
  });

  it("includes the ACL where the backend sets one", () => {
    expect(statement("State", { acl: "bucket-owner-full-control" })?.actions).toContain("s3:PutObjectAcl");
  });

  it("is in the partition of the backend's region, or of the deployment's", () => {
    expect(statement("State", { region: "cn-north-1" })?.resources).toEqual(["arn:aws-cn:s3:::state/dkp/terraform.tfstate"]);
    const { region, ...elsewhere } = S3;
    const inChina = stateAccess({ type: "s3", arguments: elsewhere }, "cn-north-1");
    expect(inChina.grants[0]?.resources).toEqual(["arn:aws-cn:s3:::state"]);
  });

  it.each([
    ["in assume_role", { assume_role: { role_arn: ROLE } }, ["sts:AssumeRole"]],
    ["in the older argument", { role_arn: ROLE, assume_role_tags: { a: "b" } }, ["sts:AssumeRole", "sts:TagSession"]],
    [
      "with a source identity",
      { assume_role: { role_arn: ROLE, source_identity: "ci" } },
      ["sts:AssumeRole", "sts:SetSourceIdentity"],
    ],
    ["with a web identity, for which nothing is needed", { assume_role_with_web_identity: { role_arn: ROLE } }, []],
  ])("is the role's that the backend takes, %s", (_, more, actions) => {
    const { role } = access(more);
    expect(role?.arn).toBe(ROLE);
    expect(Object.keys(role?.actions ?? {})).toEqual(actions);
  });

  it.each([
    ["another backend", { type: "gcs", arguments: { bucket: "b" } }, /in the backend gcs: what reaches it is not IAM's/],
    [
      "a bucket that only terraform init receives",
      { type: "s3", arguments: { key: "k" } },
      /backend\.s3\.bucket is given to terraform init/,
    ],
    [
      "a store that only speaks S3",
      { type: "s3", arguments: { ...S3, endpoints: { s3: "https://minio.example.com" } } },
      /speaks S3 and is not AWS/,
    ],
  ])("is nothing with %s, and a note says so", (_, location, note) => {
    expect(stateAccess(location, "eu-central-1")).toEqual({ grants: [], notes: [expect.stringMatching(note)] });
  });

  it("is the same through a VPC endpoint", () => {
    const endpoints = { s3: "https://bucket.vpce-1a2b3c4d.s3.eu-central-1.vpce.amazonaws.com" };
    expect(statements({ endpoints })).toEqual(statements());
  });
});
