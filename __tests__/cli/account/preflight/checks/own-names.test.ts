import {
  type ExistingObject,
  judgeOwnNames,
  type OwnNames,
  ownObjects,
} from "../../../../../src/cli/account/preflight/checks/own-names";
import { deployment } from "../../../../helpers/deployment";

const SETTINGS = `region: eu-central-1
backend: { local: {} }
user: { name: dkp }
policy: { name: dkp }
`;
const arn = (resource: string) => `arn:aws:iam::123456789012:${resource}`;
const USER: ExistingObject = { arn: arn("user/dkp"), path: "/", created: new Date("2025-02-03T04:05:06Z"), tags: [], keys: [] };
const POLICY: ExistingObject = {
  arn: arn("policy/dkp"),
  path: "/",
  tags: [{ Key: "team", Value: "a" }],
  use: "attached to 1 principal",
};

/** The findings for objects by kind and name; an object that is not in the list does not exist. */
const findings = (
  existing: Readonly<Record<string, ExistingObject>>,
  { more = "", state = { value: [] } }: { readonly more?: string; readonly state?: OwnNames["state"] } = {},
) => {
  const settings = deployment(`${SETTINGS}${more}`);
  const objects = ownObjects(settings).map((object) => ({ ...object, existing: existing[`${object.kind} ${object.name}`] }));
  return judgeOwnNames({ objects, state, imports: settings.import });
};

const WITH_SECOND_POLICY = ["dkp", "dkp-2"].map((name) => ({
  kind: "policy" as const,
  name,
  path: "/",
  setting: "policy" as const,
  imports: name === "dkp" ? ("policy" as const) : ("additionalPolicies" as const),
  address: name === "dkp" ? "aws_iam_policy.policy" : "aws_iam_policy.policy-2",
}));

describe("the deployment's own names", () => {
  it("are free", () => {
    expect(findings({})).toEqual([{ verdict: "ok", found: "user dkp, policy dkp: do not exist yet" }]);
  });

  it("fail with whose they are and the import block for all of them", () => {
    const otherwise = (setting: string) => `; otherwise choose another ${setting}.name`;
    const block = "if it is to be this deployment's, set import: { user: true, policy: true }";
    expect(findings({ "user dkp": USER, "policy dkp": POLICY })).toEqual([
      {
        verdict: "failed",
        found: `user dkp exists (${USER.arn}, created 2025-02-03, no tags, no access keys), and the state does not manage it: the apply would fail with EntityAlreadyExists (docs/how-to/recover.md#half-made)`,
        remedy: `${block}${otherwise("user")}`,
      },
      {
        verdict: "failed",
        found: `policy dkp exists (${POLICY.arn}, tags team=a, attached to 1 principal), and the state does not manage it: the apply would fail with EntityAlreadyExists (docs/how-to/recover.md#half-made)`,
        remedy: `${block}${otherwise("policy")}`,
      },
    ]);
  });

  it("keep what import names already", () => {
    const [, user] = findings({ "user dkp": USER }, { more: "import: { accessKeyId: AKIA0123456789ABCDEF }\n" });
    expect(user?.remedy).toMatch(/set import: { accessKeyId: AKIA0123456789ABCDEF, user: true };/);
  });

  it("ask for the key that DKP uses where the user has two", () => {
    const [, user] = findings({ "user dkp": { ...USER, keys: ["AKIA1", "AKIA2"] } });
    expect(user?.remedy).toContain("with accessKeyId the key that DKP uses: the user has 2 keys, and IAM allows no third one");
  });

  it("pass where import names them", () => {
    const [, user] = findings({ "user dkp": USER }, { more: "import: { user: true }\n" });
    expect(user).toEqual({ verdict: "ok", found: expect.stringMatching(/, and the next apply imports it \(import\.user\)$/) });
  });

  it("fail where import names a policy under another path", () => {
    const policy = { ...POLICY, arn: arn("policy/team/dkp"), path: "/team/" };
    const [, finding] = findings({ "policy dkp": policy }, { more: "import: { policy: true }\n" });
    expect(finding).toEqual({
      verdict: "failed",
      found: expect.stringMatching(/, and import\.policy is set with policy\.path: \/, where it does not exist$/),
      remedy: "set policy.path: /team/; otherwise choose another policy.name",
    });
  });

  it("fail where import names an object that does not exist", () => {
    expect(findings({}, { more: "import: { policy: true }\n" })).toEqual([
      { verdict: "ok", found: "user dkp: does not exist yet" },
      {
        verdict: "failed",
        found: "policy dkp does not exist, and import.policy is set: the plan would fail",
        remedy: "remove import.policy, or correct policy.name and policy.path",
      },
    ]);
  });

  it("pass where the state manages them", () => {
    const state = { value: [{ address: "aws_iam_user.user", tainted: false, attributes: { name: "dkp", arn: USER.arn } }] };
    expect(findings({ "user dkp": USER }, { state })).toContainEqual({
      verdict: "ok",
      found: "user dkp exists, and the state manages it",
    });
  });

  it("fail without an import where the state has another object at the address", () => {
    const state = {
      value: [{ address: "aws_iam_user.user", tainted: false, attributes: { name: "old", arn: arn("user/old") } }],
    };
    expect(findings({ "user dkp": USER }, { state })).toContainEqual({
      verdict: "failed",
      found: expect.stringMatching(/, and the state does not manage it: aws_iam_user\.user is old$/),
      remedy: "choose another user.name; an object cannot be imported where the state has one",
    });
  });

  it("are unknown without a readable state", () => {
    expect(findings({ "user dkp": USER }, { state: { unread: "why" } })).toContainEqual({
      verdict: "unknown",
      found: expect.stringMatching(/is unknown, because no state is readable: why$/),
      remedy: expect.stringContaining("set import: { user: true }"),
    });
  });

  it("are not imported where only some of the further policies exist", () => {
    const third = { ...WITH_SECOND_POLICY[1], name: "dkp-3", address: "aws_iam_policy.policy-3" };
    const objects = [...WITH_SECOND_POLICY, third].map((object) => ({
      ...(object as (typeof WITH_SECOND_POLICY)[number]),
      existing: object.name === "dkp-3" ? undefined : POLICY,
    }));
    const [, first, second] = judgeOwnNames({ objects, state: { value: [] }, imports: undefined });
    expect(first?.remedy).toBe(
      "if it is to be this deployment's, set import: { policy: true }; otherwise choose another policy.name",
    );
    expect(second?.remedy).toBe(
      "delete it if it is left over: import.additionalPolicies imports all or none, and policy dkp-3 does not exist; otherwise choose another policy.name",
    );
  });
});
