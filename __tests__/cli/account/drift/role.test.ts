import { AwsError } from "../../../../src/cli/account/aws/operations";
import { nodePolicy } from "../../../../src/iam/node-role-permissions";
import { attached, driftAfter, EVERY_OBJECT, encoded, findings, inline, roleWith } from "../../../helpers/drift";

const EXTRA = "arn:aws:iam::123456789012:policy/Extra";
const READ = "arn:aws:iam::aws:policy/Read";
const RESTORE = "apply: Terraform restores it (docs/how-to/recover.md#manual-changes)";
const TRUST = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: "*" }] };
const trusting = (role: string) => ({ [`iam:GetRole ${role}`]: roleWith(TRUST) });
const isTrusting = `its trust policy is not the one for EC2: ${JSON.stringify(TRUST.Statement)}`;
const document = (role: string, actions: readonly string[]) => ({
  [`iam:GetRolePolicy ${role}`]: { PolicyDocument: encoded(nodePolicy(actions)) },
});
const denied = (action: string) => new AwsError(action, "AccessDenied", "no");

describe("drift of the node role", () => {
  it.each([
    [trusting("nodes"), `${isTrusting} -> ${RESTORE}`],
    [
      { "iam:ListAttachedRolePolicies nodes": attached(READ, EXTRA) },
      `the policy ${EXTRA} is attached -> aws iam detach-role-policy --role-name nodes --policy-arn ${EXTRA} -> if it is intended: add ${EXTRA} to nodeRole.managedPolicyArns in the settings of deckhouse, and apply`,
    ],
    [
      { "iam:ListRolePolicies nodes": inline("nodes", "in") },
      "it has the inline policy in -> aws iam delete-role-policy --role-name nodes --policy-name in",
    ],
    [document("nodes", ["s3:*"]), `its inline policy nodes is not the managed document -> ${RESTORE}`],
    [
      { "iam:GetRolePolicy nodes": denied("iam:GetRolePolicy") },
      "its inline policy nodes cannot be read: iam:GetRolePolicy: AccessDenied: no -> unknown",
    ],
  ])("finds %j with the remedy", async (answers, expected) => {
    expect(await findings(driftAfter(answers))).toEqual([`node role nodes: ${expected}`]);
  });

  it("applies an attachment that the settings have and the state lacks", async () => {
    const results = driftAfter({}, EVERY_OBJECT, (access) => ({
      ...access,
      nodeRole: access.nodeRole && { ...access.nodeRole, attached: [] },
    }));
    expect(await findings(results)).toEqual([
      `node role nodes: the policy ${READ} is attached -> apply: Terraform creates the attachment, which exists already`,
    ]);
  });

  it("imports a role that the state does not have", async () => {
    const results = driftAfter({}, EVERY_OBJECT, (access) => ({
      ...access,
      nodeRole: access.nodeRole && { ...access.nodeRole, managed: false },
    }));
    expect(await findings(results)).toEqual([
      "node role nodes: the role exists, and the state does not have it -> set import.nodeRole: true in the settings of deckhouse, and apply",
    ]);
  });
});

describe("drift of the role that DKP creates", () => {
  it.each([
    [
      trusting("dev-node"),
      `${isTrusting} -> aws iam update-assume-role-policy --role-name dev-node --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}'`,
    ],
    [
      { "iam:ListAttachedRolePolicies dev-node": attached(EXTRA) },
      `the policy ${EXTRA} is attached, and DKP attaches none -> aws iam detach-role-policy --role-name dev-node --policy-arn ${EXTRA}`,
    ],
    [
      { "iam:ListRolePolicies dev-node": inline("dev-node", "in") },
      "it has the inline policy in -> aws iam delete-role-policy --role-name dev-node --policy-name in",
    ],
    [
      document("dev-node", ["s3:GetObject", "iam:*"]),
      "its inline policy dev-node allows more than DKP writes: iam:* -> converge the base infrastructure (dhctl converge): DKP writes its own document -> if they are in additionalRolePolicies of the cluster: state them in cluster.additionalRolePolicies in the settings of deckhouse",
    ],
    [{ "iam:GetRole dev-node": denied("iam:GetRole") }, "the role cannot be read: iam:GetRole: AccessDenied: no -> unknown"],
  ])("finds %j with the remedy", async (answers, expected) => {
    expect(await findings(driftAfter(answers))).toEqual([`role dev-node of DKP: ${expected}`]);
  });

  it("accepts fewer actions than the settings have, and a role that does not exist yet", async () => {
    expect(await driftAfter(document("dev-node", []))).toEqual([]);
    const missing = ["GetRole", "ListAttachedRolePolicies", "ListRolePolicies", "GetRolePolicy"].map((call) => [
      `iam:${call} dev-node`,
      new AwsError(`iam:${call}`, "NoSuchEntity", "none"),
    ]);
    expect(await driftAfter(Object.fromEntries(missing))).toEqual([]);
  });
});
