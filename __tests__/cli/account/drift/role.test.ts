import { nodePolicy } from "../../../../src/iam/node-role-permissions";
import { driftAfter, EVERY_OBJECT, findings } from "../../../helpers/drift";

const EXTRA = "arn:aws:iam::123456789012:policy/Extra";
const READ = "arn:aws:iam::aws:policy/Read";
const RESTORE = "apply: Terraform restores it (docs/how-to/recover.md#manual-changes)";
const TRUST = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: "*" }] };
const trusting = { role: { value: { trust: TRUST, boundary: undefined } } };
const isTrusting = `its trust policy is not the one for EC2: ${JSON.stringify(TRUST.Statement)}`;
const document = (actions: readonly string[]) => ({ document: { value: { ...nodePolicy(actions) } } });

describe("drift of the node role", () => {
  it.each([
    [trusting, `${isTrusting} -> ${RESTORE}`],
    [
      { attached: { value: [READ, EXTRA] } },
      `the policy ${EXTRA} is attached -> aws iam detach-role-policy --role-name nodes --policy-arn ${EXTRA} -> if it is intended: add ${EXTRA} to nodeRole.managedPolicyArns in the settings of deckhouse, and apply`,
    ],
    [
      { inline: { value: ["nodes", "in"] } },
      "it has the inline policy in -> aws iam delete-role-policy --role-name nodes --policy-name in",
    ],
    [document(["s3:*"]), `its inline policy nodes is not the managed document -> ${RESTORE}`],
    [{ document: { unread: "no" } }, "its inline policy nodes cannot be read: no -> unknown"],
  ])("finds %j with the remedy", (nodeRole, expected) => {
    expect(findings(driftAfter({ nodeRole }))).toEqual([`node role nodes: ${expected}`]);
  });

  it("applies an attachment that the settings have and the state lacks", () => {
    const results = driftAfter({}, EVERY_OBJECT, (access) => ({
      ...access,
      nodeRole: access.nodeRole && { ...access.nodeRole, attached: [] },
    }));
    expect(findings(results)).toEqual([
      `node role nodes: the policy ${READ} is attached -> apply: Terraform creates the attachment, which exists already`,
    ]);
  });

  it("imports a role that the state does not have", () => {
    const results = driftAfter({}, EVERY_OBJECT, (access) => ({
      ...access,
      nodeRole: access.nodeRole && { ...access.nodeRole, managed: false },
    }));
    expect(findings(results)).toEqual([
      "node role nodes: the role exists, and the state does not have it -> set import.nodeRole: true in the settings of deckhouse, and apply",
    ]);
  });
});

describe("drift of the role that DKP creates", () => {
  it.each([
    [
      trusting,
      `${isTrusting} -> aws iam update-assume-role-policy --role-name dev-node --policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}'`,
    ],
    [
      { attached: { value: [EXTRA] } },
      `the policy ${EXTRA} is attached, and DKP attaches none -> aws iam detach-role-policy --role-name dev-node --policy-arn ${EXTRA}`,
    ],
    [
      { inline: { value: ["dev-node", "in"] } },
      "it has the inline policy in -> aws iam delete-role-policy --role-name dev-node --policy-name in",
    ],
    [
      document(["s3:GetObject", "iam:*"]),
      "its inline policy dev-node allows more than DKP writes: iam:* -> converge the base infrastructure (dhctl converge): DKP writes its own document -> if they are in additionalRolePolicies of the cluster: state them in cluster.additionalRolePolicies in the settings of deckhouse",
    ],
    [{ role: { unread: "no" } }, "the role cannot be read: no -> unknown"],
  ])("finds %j with the remedy", (dkpRole, expected) => {
    expect(findings(driftAfter({ dkpRole }))).toEqual([`role dev-node of DKP: ${expected}`]);
  });

  it("accepts fewer actions than the settings have, and a role that does not exist yet", () => {
    expect(driftAfter({ dkpRole: document([]) })).toEqual([]);
    const missing = { role: { value: undefined }, inline: { value: [] }, document: { value: undefined } };
    expect(driftAfter({ dkpRole: missing })).toEqual([]);
  });
});
