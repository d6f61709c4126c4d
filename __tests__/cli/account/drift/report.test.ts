import { AwsError } from "../../../../src/cli/account/aws/operations";
import { type DriftState, driftReport, driftReportText } from "../../../../src/cli/account/drift/report";
import { deployment } from "../../../helpers/deployment";
import { ACCOUNT, accountWith } from "../../../helpers/drift";

const IDENTITY = { "sts:GetCallerIdentity": { Account: ACCOUNT } };
const EMPTY: DriftState = { value: [] };
const NO_STATE: DriftState = { unread: "the stack is not synthesized" };
const stateOf = (arn: string): DriftState => ({
  value: [{ address: "aws_iam_user.user", tainted: false, attributes: { name: "deckhouse", arn } }],
});

describe("driftReport", () => {
  it("finds nothing in an empty account, and notes what it did not compare", async () => {
    expect(await driftReport(deployment(), EMPTY, accountWith(IDENTITY))).toEqual({
      stack: "deckhouse",
      account: ACCOUNT,
      managedBy: "state",
      results: [],
      notes: [
        "cluster.prefix is not set: the role <prefix>-node of DKP is not compared",
        "the user deckhouse does not exist",
        "the policy D8CloudProviderAWS does not exist",
      ],
    });
  });

  it("notes that keys are not compared, and which objects of every kind do not exist", async () => {
    const settings =
      "{ accessKeys: none, attachment: group, group: { name: g }, nodeRole: { name: n }, cluster: { prefix: dev } }";
    expect((await driftReport(deployment(settings), EMPTY, accountWith(IDENTITY))).notes).toEqual([
      "accessKeys is none: access keys are managed outside Terraform and not compared",
      "the user deckhouse does not exist",
      "the group g does not exist",
      "the policy D8CloudProviderAWS does not exist",
      "the node role n does not exist",
      "the role dev-node of DKP does not exist",
    ]);
  });

  it("reports an unknown result, not a clean account, if neither a state nor the user exists", async () => {
    const { managedBy, results, notes } = await driftReport(deployment(), NO_STATE, accountWith(IDENTITY));
    expect({ managedBy, results }).toEqual({
      managedBy: "settings",
      results: [
        {
          verdict: "unknown",
          object: "user deckhouse",
          found: "it does not exist in this account; check the credentials, or set accountId",
        },
      ],
    });
    expect(notes[0]).toBe(
      "no state is reachable, so what the settings describe counts as managed by Terraform: the stack is not synthesized",
    );
  });

  it("prints no command without a state: what is attached may be the only policy that DKP has", async () => {
    const attached = { AttachedPolicies: [{ PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/Former` }] };
    const answers = {
      ...IDENTITY,
      "iam:GetUser": { User: {} },
      "iam:ListAttachedUserPolicies": attached,
      "iam:ListAccessKeys": { AccessKeyMetadata: ["AKIAA", "AKIAB"].map((AccessKeyId) => ({ AccessKeyId, Status: "Active" })) },
      "iam:ListUserPolicies": { PolicyNames: ["inline"] },
    };
    const { results } = await driftReport(deployment(), NO_STATE, accountWith(answers));
    const remedies = results.flatMap((result) => (result.verdict === "found" ? result.remedies : []));
    expect(remedies).toEqual(
      Array(3).fill("remove nothing: make the state readable (terraform init), and run npx dkp-access drift deckhouse again"),
    );
  });

  it("reports an unknown result if AWS returns no account", async () => {
    const { results } = await driftReport(deployment(), EMPTY, accountWith({ "sts:GetCallerIdentity": {} }));
    expect(results).toEqual([
      { verdict: "unknown", object: "account", found: "nothing was read: AWS does not return the account of the credentials" },
    ]);
  });

  it("reports an unknown result if AWS does not return the account", async () => {
    const error = new AwsError("sts:GetCallerIdentity", "ExpiredToken", "expired");
    const report = await driftReport(deployment(), EMPTY, accountWith({ "sts:GetCallerIdentity": error }));
    expect(driftReportText(report)).toBe(
      `deckhouse: what exists beside what Terraform manages according to the state
unknown  account: nothing was read: sts:GetCallerIdentity: ExpiredToken: expired
found: 0, unknown: 1
`,
    );
  });

  it.each([
    ["accountId is 111111111111", 'accountId: "111111111111"', EMPTY],
    ["the state's user belongs to 111111111111", "", stateOf("arn:aws:iam::111111111111:user/deckhouse")],
  ])("rejects credentials of another account: %s", async (reason, settings, state) => {
    await expect(driftReport(deployment(settings), state, accountWith(IDENTITY))).rejects.toThrow(
      `deckhouse: the credentials belong to account ${ACCOUNT}, and ${reason}; use credentials of 111111111111`,
    );
  });

  it("prints each finding with its risk and remedies, and what is unknown", async () => {
    const answers = {
      ...IDENTITY,
      "iam:GetUser": { User: {} },
      "iam:ListUserPolicies": { PolicyNames: ["line\nbreak"] },
      "iam:GetLoginProfile": new AwsError("iam:GetLoginProfile", "AccessDenied", "no"),
    };
    const report = await driftReport(deployment(), stateOf(`arn:aws:iam::${ACCOUNT}:user/deckhouse`), accountWith(answers));
    expect(driftReportText(report)).toBe(
      `deckhouse: what exists in account ${ACCOUNT} beside what Terraform manages according to the state
found    user deckhouse: it has the inline policy line\\nbreak
         risk: the access key has its permissions too
         -> aws iam delete-user-policy --user-name deckhouse --policy-name 'line\\nbreak'
unknown  user deckhouse: its login profile cannot be read: iam:GetLoginProfile: AccessDenied: no
note: cluster.prefix is not set: the role <prefix>-node of DKP is not compared
note: the policy D8CloudProviderAWS does not exist
found: 1, unknown: 1
`,
    );
  });
});
