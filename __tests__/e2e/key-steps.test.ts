import { DeleteAccessKeyCommand, ListAccessKeysCommand, PutUserPolicyCommand, UpdateAccessKeyCommand } from "@aws-sdk/client-iam";
import { stringify } from "yaml";
import { Scenario } from "./support/key-scenario";
import { type Credentials, LocalAws } from "./support/local-aws";
import { Deployments, removeFolders } from "./support/project";

const BUCKET = "keys-state";
const STATE = "deckhouse/terraform.tfstate";
const BASE = { region: "eu-central-1", backend: { s3: { bucket: BUCKET, region: "eu-central-1" } } };
const USER = "deckhouse";

const BOTH = { secondary: { status: "Active" } };
const MOVED = { ...BOTH, current: "secondary" };
const RETIRED = { ...MOVED, primary: { status: "Inactive" } };

describe("the steps that dkp-access keys prints", () => {
  let origin: LocalAws;
  let deployments: Deployments;
  const copies: LocalAws[] = [];
  /** Accounts with one key A; with A exposed and a second key B; with B exposed and A retired. */
  let oneKey: LocalAws;
  let twoKeys: LocalAws;
  let retired: LocalAws;
  let a: Credentials;
  let b: Credentials;

  const scenarioOf = async (account: LocalAws): Promise<Scenario> => {
    const aws = await account.copy();
    copies.push(aws);
    return new Scenario(aws, deployments, deployments.terraform("deckhouse", aws), BASE);
  };
  /** Versions of the state, the newest first. */
  const versions = async (aws: LocalAws) => {
    const listing = await (await aws.s3("GET", `/${BUCKET}?versions`)).text();
    return [...listing.matchAll(/<Key>([^<]*)<\/Key><VersionId>([^<]*)</g)]
      .filter(([, key]) => key === STATE)
      .map(([, , id = ""]) => id);
  };
  /** Restores an earlier version of the state as docs/how-to/keys.md describes. */
  const restore = async (aws: LocalAws, version = "") => {
    const source = { "x-amz-copy-source": `${BUCKET}/${STATE}?versionId=${version}` };
    expect((await aws.s3("PUT", `/${BUCKET}/${STATE}`, "", source)).status).toBe(200);
  };

  beforeAll(async () => {
    origin = await LocalAws.start();
    await origin.createBucket(BUCKET);
    const versioning =
      '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>';
    expect((await origin.s3("PUT", `/${BUCKET}?versioning`, versioning)).status).toBe(200);
    deployments = Deployments.of({ deckhouse: stringify(BASE) });
    const terraform = deployments.terraform("deckhouse", origin);
    terraform.init("-backend-config=use_path_style=true");
    const scenario = new Scenario(origin, deployments, terraform, BASE);
    a = scenario.apply();
    oneKey = await origin.copy();
    scenario.apply(BOTH);
    twoKeys = await origin.copy();
    b = scenario.apply(RETIRED);
    retired = origin;
  });

  afterAll(async () => {
    for (const copy of [...copies, oneKey, twoKeys]) {
      await copy.stop();
    }
    await origin.stop();
    removeFolders();
  });

  it("keeps the exposed key in a rotation whose settings were changed before the applies", async () => {
    const scenario = (await scenarioOf(twoKeys)).write(RETIRED);
    const ahead = scenario.keys();
    expect(ahead.errors).toEqual([
      `accessKeys.current: the settings of deckhouse select secondary, and the outputs expose primary: the next apply switches the outputs from ${a.accessKeyId} (primary) to ${b.accessKeyId} (secondary)`,
      `the next apply deactivates ${a.accessKeyId} (primary), the key that the outputs expose; do not apply these settings`,
    ]);
    scenario.follow(ahead);
    expect(await scenario.works(a)).toEqual([true]);
    scenario.follow(scenario.keys());
    expect(scenario.terraform.key()).toEqual(b);
    expect(await scenario.works(a, b)).toEqual([true, true]);
    expect(scenario.keys().next).toEqual({
      edits: [],
      why: expect.stringMatching(/^wait: .* was created or last used within the last 24 hours/),
      after: [],
    });
    scenario.follow(scenario.keys(true));
    expect(await scenario.works(a, b)).toEqual([false, true]);
    scenario.follow(scenario.keys(true));
    expect(await scenario.works(b)).toEqual([true]);
  });

  it("keeps the exposed key when the settings are from before the rotation", async () => {
    const scenario = (await scenarioOf(retired)).write();
    const late = scenario.keys();
    expect(late.errors).toContain(
      `the next apply deletes ${b.accessKeyId} (secondary), the key that the outputs expose; do not apply these settings`,
    );
    // The retired key would become active again. The user must decide that first, so nothing is applied.
    expect(late.next.after).toEqual([]);
    scenario.follow(late);
    expect(await scenario.works(b)).toEqual([true]);
  });

  it("imports the live key when the state is from before the rotation (recover.md#old-state)", async () => {
    const scenario = (await scenarioOf(retired)).write(MOVED);
    await scenario.aws.iam().send(new UpdateAccessKeyCommand({ UserName: USER, AccessKeyId: a.accessKeyId, Status: "Active" }));
    const all = await versions(scenario.aws);
    expect(all).toHaveLength(3);
    await restore(scenario.aws, all.at(-1));
    const old = scenario.keys();
    expect(old.errors[0]).toContain(`${b.accessKeyId} (Active, created `);
    expect(old.errors[0]).toContain(
      "the state is older than the account or was partly lost; do not delete or deactivate it, and do not apply",
    );
    expect(JSON.stringify(old)).not.toMatch(/delete-access-key|first delete/);
    scenario.follow(old);
    scenario.follow(scenario.keys());
    expect(scenario.terraform.output("access_key_id")).toBe(b.accessKeyId);
    expect(await scenario.works(b)).toEqual([true]);
    await restore(scenario.aws, all[0]);
    expect(scenario.write(RETIRED).keys().next.why).not.toContain("restore");
  });

  it("imports the exposed key that is missing from the state", async () => {
    const scenario = (await scenarioOf(retired)).write(RETIRED);
    scenario.terraform.run("state", "rm", "aws_iam_access_key.user-secondary");
    const partly = scenario.keys();
    expect(partly.errors[0]).toBe(
      `the outputs expose ${b.accessKeyId} (secondary), and the state has no such key: it was partly lost or edited; do not apply; see docs/how-to/recover.md#old-state`,
    );
    scenario.follow(partly);
    expect(scenario.keys().errors).toEqual([]);
    expect(scenario.terraform.plannedActions()).toEqual({});
    expect(await scenario.works(b)).toEqual([true]);
  });

  it("imports both keys when the state was lost within a rotation", async () => {
    const scenario = (await scenarioOf(twoKeys)).write(BOTH);
    expect((await scenario.aws.s3("DELETE", `/${BUCKET}/${STATE}`)).status).toBe(204);
    const lost = scenario.keys();
    expect(lost.errors).toEqual([expect.stringMatching(/^the state has no user, and IAM has the user deckhouse with AKIA/)]);
    scenario.follow(lost);
    const { errors } = scenario.keys();
    expect(errors).toEqual([]);
    expect(await scenario.works(a, b)).toEqual([true, true]);
  });

  const cutOff = async (scenario: Scenario, leaked: Credentials) => {
    const iam = scenario.aws.iam();
    const session = await scenario.aws.session(leaked);
    await iam.send(new UpdateAccessKeyCommand({ UserName: USER, AccessKeyId: leaked.accessKeyId, Status: "Inactive" }));
    expect(await scenario.works(leaked, session)).toEqual([false, true]);
    const now = new Date(Date.now() + 2000).toISOString().replace(/\.\d+/, "");
    const Statement = [
      { Effect: "Deny", Action: "*", Resource: "*", Condition: { DateLessThan: { "aws:TokenIssueTime": now } } },
    ];
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    await iam.send(new PutUserPolicyCommand({ UserName: USER, PolicyName: "DenySessionsFromLeakedKey", PolicyDocument }));
    expect(await scenario.works(leaked, session)).toEqual([false, false]);
    return session;
  };

  it("never activates a leaked key or its sessions again, with one key", async () => {
    const scenario = (await scenarioOf(oneKey)).write();
    const session = await cutOff(scenario, a);
    const leak = scenario.keys();
    expect(leak.errors).toEqual([
      `primary: ${a.accessKeyId}, which the outputs expose, is Inactive in IAM and Active in the settings: any apply re-activates it. If it has leaked, do not apply these settings: make these edits in one change and apply once: accessKeys.secondary.status: Active; accessKeys.current: secondary; accessKeys.primary.status: Inactive (review/deckhouse/REVIEW.md, "After a leak"). If it was deactivated by mistake, apply`,
    ]);
    expect({ edits: leak.next.edits, after: leak.next.after }).toEqual({ edits: [], after: [] });
    await scenario.aws.calls();
    const now = scenario.apply(RETIRED);
    expect((await scenario.aws.changes()).filter((action) => action.endsWith("AccessKey"))).toEqual(["CreateAccessKey"]);
    expect(await scenario.works(a, session, now)).toEqual([false, false, true]);
    scenario.follow(scenario.keys(true));
    const { AccessKeyMetadata = [] } = await scenario.aws.iam().send(new ListAccessKeysCommand({ UserName: USER }));
    expect(AccessKeyMetadata.map(({ AccessKeyId }) => AccessKeyId)).toEqual([now.accessKeyId]);
    expect(await scenario.works(a, session, now)).toEqual([false, false, true]);
  });

  it("never activates two leaked keys again", async () => {
    const scenario = (await scenarioOf(retired)).write(RETIRED);
    const session = await cutOff(scenario, b);
    await scenario.aws.iam().send(new DeleteAccessKeyCommand({ UserName: USER, AccessKeyId: a.accessKeyId }));
    await scenario.aws.calls();
    const now = scenario.apply({ primary: { status: "Active" }, current: "primary", secondary: { status: "Inactive" } });
    expect((await scenario.aws.changes()).filter((action) => action.endsWith("AccessKey"))).toEqual(["CreateAccessKey"]);
    expect(await scenario.works(a, b, session, now)).toEqual([false, false, false, true]);
  });

  it("reports a deleted key as an outage until DKP has the new one (recover.md#deleted-key)", async () => {
    const scenario = (await scenarioOf(oneKey)).write();
    await scenario.aws.iam().send(new DeleteAccessKeyCommand({ UserName: USER, AccessKeyId: a.accessKeyId }));
    const outage = scenario.keys();
    expect(outage.errors).toEqual([
      `primary: ${a.accessKeyId}, which the outputs expose, does not exist in IAM: it was deleted outside Terraform. DKP has no working key until the next apply has created a new one, and DKP has that one; see docs/how-to/recover.md#deleted-key`,
    ]);
    expect(outage.next.after).toEqual(["apply", "give the new key to DKP: npx dkp-access hand-over deckhouse --out FILE"]);
    scenario.follow(outage);
    const now = scenario.terraform.key();
    expect(scenario.keys().notes).toEqual([
      `primary: AWS reports no use of ${now.accessKeyId} yet. Unless DKP has it, give the new key to DKP: npx dkp-access hand-over deckhouse --out FILE`,
    ]);
    expect(await scenario.works(now)).toEqual([true]);
  });

  it("keeps the slot of a retired key absent that was deleted outside Terraform", async () => {
    const scenario = (await scenarioOf(retired)).write(RETIRED);
    await scenario.aws.iam().send(new DeleteAccessKeyCommand({ UserName: USER, AccessKeyId: a.accessKeyId }));
    const gone = scenario.keys();
    expect(gone.next.edits).toEqual([{ setting: "accessKeys.primary.status", value: "absent" }]);
    await scenario.aws.calls();
    scenario.follow(gone);
    expect(await scenario.aws.changes()).toEqual([]);
    expect(await scenario.works(b)).toEqual([true]);
  });
});
