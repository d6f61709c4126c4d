import type { IamKey } from "../../../../src/cli/account/aws/user-keys";
import { leakReportText } from "../../../../src/cli/account/keys/leak-report";
import { leakSteps } from "../../../../src/cli/account/keys/leak-steps";
import type { StateKey } from "../../../../src/terraform/state-file";
import { deployment } from "../../../helpers/deployment";
import { ENCRYPTION_KEY } from "../../../helpers/pgp-keys";

const A: StateKey = { slot: "primary", id: "AKIAA", status: "Active", tainted: false, secret: "secret" };
const B: StateKey = { ...A, slot: "secondary", id: "AKIAB" };
const iamKey = ({ id }: { readonly id: string }, status = "Active"): IamKey => ({ id, status });

interface Live {
  readonly keys?: readonly StateKey[];
  readonly exposed?: StateKey;
  readonly iam?: readonly IamKey[];
  readonly account?: string;
}

/** The steps for settings, the keys of the state, and those of IAM. */
function stepsFor(
  settings: string,
  leaked: readonly string[],
  { keys = [A], exposed, iam, account = "123456789012" }: Live = {},
) {
  const state = {
    keys,
    exposed: { id: exposed?.id, slot: exposed?.slot },
    user: { name: "deckhouse", arn: "arn:aws:iam::123456789012:user/deckhouse" },
    tainted: [],
  };
  const sources = {
    folder: "cdktf.out/stacks/deckhouse",
    state,
    iam: { account, exists: true, keys: iam ?? keys.map((key) => iamKey(key)) },
    now: new Date("2026-11-01T00:00:00Z"),
  };
  return leakSteps(deployment(settings), sources, leaked, "terraform");
}

const APPLY = ["npx dkp-access synth", "terraform -chdir=cdktf.out/stacks/deckhouse apply"];
const edits = ({ steps }: ReturnType<typeof stepsFor>) =>
  steps.map((step) => step.edits.map(({ setting, value }) => `${setting}: ${value}`));
const titles = ({ steps }: ReturnType<typeof stepsFor>) => steps.map(({ title }) => title);
/** The commands that create a key, or keep the leaked one inactive. */
const thirdStep = ({ steps }: ReturnType<typeof stepsFor>) => steps[2]?.commands;

const BOTH = "accessKeys: { secondary: { status: Active } }";

describe("the steps after a leak", () => {
  it("deactivate the key and deny its sessions first, then replace it in one apply", () => {
    const result = stepsFor("", [], { exposed: A });
    expect(titles(result)).toEqual([
      "Deactivate the key",
      "Deny the sessions of the key",
      "Create a new key for DKP",
      "Give the new key to DKP",
      "Find what the attacker created",
      "Clean up, 36 hours after step 2",
    ]);
    expect(result.steps[0]?.commands).toEqual([
      "aws iam update-access-key --user-name deckhouse --access-key-id AKIAA --status Inactive",
    ]);
    expect(result.steps[1]?.commands).toEqual([
      "now=$(date -u +%Y-%m-%dT%H:%M:%SZ)",
      'aws iam put-user-policy --user-name deckhouse --policy-name DenySessionsFromLeakedKey --policy-document "{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Effect\\":\\"Deny\\",\\"Action\\":\\"*\\",\\"Resource\\":\\"*\\",\\"Condition\\":{\\"DateLessThan\\":{\\"aws:TokenIssueTime\\":\\"$now\\"}}}]}"',
    ]);
    expect(edits(result)).toEqual([
      [],
      [],
      ["accessKeys.secondary.status: Active", "accessKeys.current: secondary", "accessKeys.primary.status: Inactive"],
      [],
      [],
      ["accessKeys.primary.status: absent"],
    ]);
    expect(thirdStep(result)).toEqual(APPLY);
    expect(result.steps[5]?.commands).toEqual([
      ...APPLY,
      "aws iam delete-user-policy --user-name deckhouse --policy-name DenySessionsFromLeakedKey",
      "npx dkp-access keys deckhouse",
    ]);
  });

  it("keep the new secret encrypted if the leaked one was", () => {
    const result = stepsFor(`accessKeys: { primary: { pgpKey: ${ENCRYPTION_KEY} } }`, [], { exposed: A });
    expect(edits(result)[2]).toContain(
      "accessKeys.secondary.pgpKey: the value of accessKeys.primary.pgpKey, or another public key",
    );
  });

  it("change nothing for DKP if the key in the other slot leaked", () => {
    const result = stepsFor(BOTH, ["AKIAB"], { keys: [A, B], exposed: A });
    expect(titles(result)).not.toContain("Give the new key to DKP");
    expect(edits(result)[2]).toEqual(["accessKeys.secondary.status: Inactive"]);
  });

  it("use the key in the other slot if only the current one leaked", () => {
    const result = stepsFor(BOTH, ["AKIAA"], { keys: [A, B], exposed: A });
    expect(edits(result)[2]).toEqual(["accessKeys.current: secondary", "accessKeys.primary.status: Inactive"]);
    expect(result.steps[2]?.notes).toContain("AKIAB becomes the key of DKP: only if it has not leaked too");
  });

  it("delete the other key before the apply if both leaked", () => {
    const result = stepsFor(BOTH, ["AKIAA", "AKIAB"], { keys: [A, B], exposed: A });
    expect(result.steps[0]?.commands).toHaveLength(2);
    expect(thirdStep(result)).toEqual(["aws iam delete-access-key --user-name deckhouse --access-key-id AKIAB", ...APPLY]);
  });

  it("make room for the new key if a leaked key is not in the state", () => {
    const result = stepsFor("", ["AKIAA", "AKIAX"], { exposed: A, iam: [iamKey(A), { id: "AKIAX", status: "Active" }] });
    expect(thirdStep(result)).toEqual(["aws iam delete-access-key --user-name deckhouse --access-key-id AKIAX", ...APPLY]);
  });

  it("never delete a key that has not leaked", () => {
    const result = stepsFor("", ["AKIAA"], { exposed: A, iam: [iamKey(A), { id: "AKIAX", status: "Active" }] });
    expect(JSON.stringify(result)).not.toContain("AKIAX --");
    expect(result.steps.flatMap(({ commands }) => commands).join()).not.toContain("delete-access-key");
    expect(result.steps[2]?.notes.join()).toContain("delete it first, if nothing uses it");
  });

  it("leave the settings alone if the leaked key is not in the state", () => {
    const result = stepsFor("", ["AKIAX"], { exposed: A, iam: [iamKey(A), { id: "AKIAX", status: "Active" }] });
    expect(titles(result)[2]).toBe("DKP keeps its key");
    expect(edits(result).flat()).toEqual([]);
    expect(result.steps.at(-1)?.commands[0]).toBe("aws iam delete-access-key --user-name deckhouse --access-key-id AKIAX");
  });

  it("create the key with the AWS CLI if Terraform manages none", () => {
    const result = stepsFor("accessKeys: none", ["AKIAX"], { keys: [], iam: [{ id: "AKIAX", status: "Active" }] });
    expect(thirdStep(result)).toEqual(["aws iam create-access-key --user-name deckhouse"]);
    expect(edits(result).flat()).toEqual([]);
  });

  it("deny the sessions of a key that is deleted already", () => {
    const result = stepsFor("", ["AKIAGONE"], { exposed: A });
    expect(result.steps[0]?.commands).toEqual([]);
    expect(result.steps[0]?.notes[0]).toBe("IAM has no key AKIAGONE of this user: it is deleted already; its sessions remain");
    expect(result.steps[1]?.commands).toHaveLength(2);
  });

  it("are not printed for the credentials of another account, or if the key is unknown", () => {
    expect(() => stepsFor("", [], { exposed: A, account: "210987654321" })).toThrow(
      "deckhouse: the state's user belongs to account 123456789012, and the credentials to account 210987654321",
    );
    expect(() => stepsFor("", [], { iam: [iamKey(A)] })).toThrow(
      "deckhouse: the state does not show which key DKP has; name the leaked one: --key AKIAA",
    );
  });
});

describe("the steps as text", () => {
  it("shows what changes in which file, and indents what to type", () => {
    const text = leakReportText(stepsFor("", [], { exposed: A }), "deployments");
    expect(text).toContain("leaked: AKIAA (primary, Active, exposed by the outputs)");
    expect(text).toContain("   deployments/deckhouse.yaml: accessKeys.current: secondary\n");
    expect(text).toContain("\n    npx dkp-access hand-over deckhouse --out FILE\n");
  });
});
