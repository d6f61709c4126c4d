import { AwsError } from "../../../../src/cli/account/aws/operations";
import { SEVERAL_POLICIES } from "../../../helpers/deployment";
import { driftAfter, EVERY_OBJECT, encoded, findings } from "../../../helpers/drift";

const ARN = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS";
const allow = (Action: string | readonly string[]) => ({ Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
const version = (document: object) => ({
  "iam:GetPolicy": { Policy: { DefaultVersionId: "v4" } },
  [`iam:GetPolicyVersion ${ARN}`]: { PolicyVersion: { Document: encoded(document) } },
});

describe("drift of a policy", () => {
  it("finds another document, names the actions that were not reviewed, and restores the generated document first", async () => {
    const [result, ...others] = await driftAfter(version(allow(["iam:CreateUser", "ec2:RunInstances"])));
    expect(others).toEqual([]);
    expect(result).toEqual({
      verdict: "found",
      object: "policy D8CloudProviderAWS",
      found: "its default version v4 is not the generated document",
      risk: "the access key has actions that were not reviewed: iam:CreateUser",
      remedies: [
        `apply: Terraform restores it (docs/how-to/recover.md#manual-changes); then aws iam delete-policy-version --policy-arn ${ARN} --version-id v4`,
      ],
    });
  });

  it("finds a document with fewer actions", async () => {
    expect(await driftAfter(version(allow("ec2:RunInstances")))).toMatchObject([
      { risk: "the access key has other permissions than the reviewed ones" },
    ]);
  });

  it.each([
    ["user", "eve", { PolicyUsers: [{ UserName: "deckhouse" }, { UserName: "eve" }] }],
    ["group", "admins", { PolicyGroups: [{ GroupName: "admins" }] }],
    ["role", "ci", { PolicyRoles: [{ RoleName: "ci" }] }],
  ])("finds another %s that uses it", async (kind, name, principals) => {
    expect(await findings(driftAfter({ "iam:ListEntitiesForPolicy": principals }))).toEqual([
      `policy D8CloudProviderAWS: the ${kind} ${name} uses it -> aws iam detach-${kind}-policy --${kind}-name ${name} --policy-arn ${ARN}`,
    ]);
  });

  it("leaves an attachment to an own principal to that principal", async () => {
    const principals = {
      PolicyGroups: [{ GroupName: "dkp" }],
      PolicyRoles: [{ RoleName: "nodes" }, { RoleName: "dev-node" }],
    };
    expect(await driftAfter({ "iam:ListEntitiesForPolicy": principals })).toEqual([]);
  });

  it("imports every policy that the state does not have", async () => {
    const results = driftAfter({}, SEVERAL_POLICIES, (access) => ({
      ...access,
      policies: access.policies.map((policy) => ({ ...policy, managed: false })),
    }));
    const remedies = ["import.policy", "import.additionalPolicies"];
    expect(await findings(results)).toEqual(
      remedies.map(
        (setting, index) =>
          `policy D8CloudProviderAWS${index === 0 ? "" : "-2-a1fb704f"}: the policy exists, and the state does not have it -> set ${setting}: true in the settings of deckhouse, and apply`,
      ),
    );
  });

  it("reports a policy that cannot be read as unknown", async () => {
    const denied = { "iam:GetPolicy": new AwsError("iam:GetPolicy", "AccessDenied", "no") };
    expect(await findings(driftAfter(denied, EVERY_OBJECT))).toEqual([
      "policy D8CloudProviderAWS: its default version cannot be read: iam:GetPolicy: AccessDenied: no -> unknown",
    ]);
  });
});
