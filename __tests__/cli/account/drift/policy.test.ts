import { SEVERAL_POLICIES } from "../../../helpers/deployment";
import { driftAfter, EVERY_OBJECT, findings } from "../../../helpers/drift";

const ARN = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS";
const allow = (Action: string | readonly string[]) => ({ Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
const version = (document: object) => ({ version: { value: { id: "v4", document: { ...document } } } });

describe("drift of a policy", () => {
  it("finds another document, names the actions that were not reviewed, and restores the generated document first", () => {
    const [result, ...others] = driftAfter({ policies: [version(allow(["iam:CreateUser", "ec2:RunInstances"]))] });
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

  it("finds a document with fewer actions", () => {
    expect(driftAfter({ policies: [version(allow("ec2:RunInstances"))] })).toMatchObject([
      { risk: "the access key has other permissions than the reviewed ones" },
    ]);
  });

  it.each([
    ["user", "eve", "aws iam detach-user-policy --user-name eve"],
    ["group", "admins", "aws iam detach-group-policy --group-name admins"],
    ["role", "ci", "aws iam detach-role-policy --role-name ci"],
  ] as const)("finds another %s that uses it", (kind, name, remedy) => {
    const principals = {
      value: [
        { kind: "user" as const, name: "deckhouse" },
        { kind, name },
      ],
    };
    expect(findings(driftAfter({ policies: [{ principals }] }))).toEqual([
      `policy D8CloudProviderAWS: the ${kind} ${name} uses it -> ${remedy} --policy-arn ${ARN}`,
    ]);
  });

  it("leaves an attachment to an own principal to that principal", () => {
    const principals = {
      value: [
        { kind: "group" as const, name: "dkp" },
        { kind: "role" as const, name: "nodes" },
        { kind: "role" as const, name: "dev-node" },
      ],
    };
    expect(driftAfter({ policies: [{ principals }] })).toEqual([]);
  });

  it("imports every policy that the state does not have", () => {
    const results = driftAfter({}, SEVERAL_POLICIES, (access) => ({
      ...access,
      policies: access.policies.map((policy) => ({ ...policy, managed: false })),
    }));
    const remedies = ["import.policy", "import.additionalPolicies"];
    expect(findings(results)).toEqual(
      remedies.map(
        (setting, index) =>
          `policy D8CloudProviderAWS${index === 0 ? "" : "-2-a1fb704f"}: the policy exists, and the state does not have it -> set ${setting}: true in the settings of deckhouse, and apply`,
      ),
    );
  });

  it("reports a policy that cannot be read as unknown", () => {
    expect(findings(driftAfter({ policies: [{ version: { unread: "no" } }] }, EVERY_OBJECT))).toEqual([
      "policy D8CloudProviderAWS: its default version cannot be read: no -> unknown",
    ]);
  });
});
