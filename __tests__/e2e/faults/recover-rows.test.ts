import { rmSync } from "node:fs";
import { join } from "node:path";
import { type JsonObject, listOf, objectOf } from "../../../src/text/json";
import { allowing } from "../support/local-aws";
import { write } from "../support/project";
import {
  attentionOf,
  dkpAccess,
  keysReport,
  shows,
  succeed,
  terraformOf,
} from "../support/recovery";
import { BUCKET } from "./flows";
import { isAccepted, type Lent, Life, STATE } from "./life";

const LOCK = `${STATE}.tflock`;
const FIRST = "first apply";

// The rows of docs/how-to/recover.md that no killed run leads to. Each test follows its row.

describe("a deployment whose state or account was changed", () => {
  let life: Life;

  beforeAll(async () => {
    life = await Life.start();
  });

  const plan = (lent: Lent) => terraformOf(lent).start("plan", "-detailed-exitcode");

  const isWhole = async (lent: Lent) => {
    expect(await plan(lent)).toMatchObject({ status: 0 });
    expect(lent.deniedAfter).toEqual([]);
    expect(lent.live && (await isAccepted(lent.aws, lent.live))).toBe(true);
    expect(attentionOf(await keysReport(lent))).toEqual([]);
  };

  it.each(["", '{"ID":"a'])("has a damaged lock (recover.md#damaged-lock): %j", async (content) => {
    const lent = await life.lend(FIRST);
    await lent.aws.s3("PUT", LOCK, content);
    const { status, output } = await plan(lent);
    expect({
      status,
      shown: shows(output, "damaged-lock"),
      id: /ID:\s+[0-9a-f-]{36}/.test(output),
    }).toEqual({
      status: 1,
      shown: true,
      id: false,
    });
    await lent.aws.s3("DELETE", LOCK);
    await isWhole(lent);
  });

  it("has a damaged state, and its earlier version is restored (recover.md#damaged-state)", async () => {
    const lent = await life.lend(FIRST);
    const listing = await (await lent.aws.s3("GET", `/${BUCKET}?versions`)).text();
    const [, version] =
      /<Key>deckhouse\/terraform\.tfstate<\/Key><VersionId>([^<]*)</.exec(listing) ?? [];
    await lent.aws.s3("PUT", STATE, "{}");
    expect(shows((await plan(lent)).output, "damaged-state")).toBe(true);
    expect(shows(dkpAccess(lent, "keys", "deckhouse").output, "damaged-state")).toBe(true);
    const source = { "x-amz-copy-source": `${STATE.slice(1)}?versionId=${version}` };
    expect((await lent.aws.s3("PUT", STATE, "", source)).status).toBe(200);
    await isWhole(lent);
  });

  it("has no bucket any more, and a copy of the state (recover.md#bucket-gone)", async () => {
    const lent = await life.lend(FIRST);
    const { folder } = terraformOf(lent);
    const copy = await succeed(terraformOf(lent), "state", "pull");
    const listing = await (await lent.aws.s3("GET", `/${BUCKET}?versions`)).text();
    for (const [, key, version] of listing.matchAll(/<Key>([^<]*)<\/Key><VersionId>([^<]*)</g)) {
      await lent.aws.s3("DELETE", `/${BUCKET}/${key}?versionId=${version}`);
    }
    expect((await lent.aws.s3("DELETE", `/${BUCKET}`)).status).toBe(204);
    expect(shows((await plan(lent)).output, "bucket-gone")).toBe(true);
    await lent.aws.createBucket(BUCKET);
    await succeed(terraformOf(lent), "init");
    write(folder, { "copy.tfstate": copy });
    await succeed(terraformOf(lent), "state", "push", "copy.tfstate");
    rmSync(join(folder, "copy.tfstate"));
    await isWhole(lent);
  });

  it("has lost the attachment of its policy in AWS, and an apply restores it (recover.md#manual-changes)", async () => {
    const lent = await life.lend(FIRST);
    const { AttachedPolicies: [attached] = [] } = await lent.aws
      .iam()
      .listAttachedUserPolicies({ UserName: "deckhouse" });
    await lent.aws
      .iam()
      .detachUserPolicy({ UserName: "deckhouse", PolicyArn: attached?.PolicyArn });
    expect(await plan(lent)).toMatchObject({ status: 2 });
    await succeed(terraformOf(lent), "apply", "-auto-approve");
    expect(await plan(lent)).toMatchObject({ status: 0 });
    expect(lent.live && (await isAccepted(lent.aws, lent.live))).toBe(true);
  });

  it("has a policy that an apply left over, and the next one deletes it (recover.md#left-over)", async () => {
    const lent = await life.lend(FIRST);
    const { Policy } = await lent.aws
      .iam()
      .createPolicy({ PolicyName: "former", PolicyDocument: allowing("s3:*") });
    const state = JSON.parse(await succeed(terraformOf(lent), "state", "pull")) as {
      serial: number;
      resources: JsonObject[];
    };
    const first = state.resources.find(
      ({ type, mode }) => type === "aws_iam_policy" && mode === "managed",
    );
    const [instance] = listOf(first?.instances).map(objectOf);
    const attributes = {
      ...objectOf(instance?.attributes),
      id: Policy?.Arn,
      arn: Policy?.Arn,
      name: "former",
    };
    const left = {
      ...first,
      name: "policy-2",
      instances: [{ ...instance, attributes, deposed: "d7f9a5c1" }],
    };
    const resources = [...state.resources, left];
    await lent.aws.s3(
      "PUT",
      STATE,
      JSON.stringify({ ...state, serial: state.serial + 1, resources }),
    );
    expect(shows(dkpAccess(lent, "drift", "deckhouse").output, "left-over")).toBe(true);
    expect(dkpAccess(lent, "plan", "deckhouse").output).toContain("(deposed");
    await succeed(terraformOf(lent), "apply", "-auto-approve");
    const { Policies = [] } = await lent.aws.iam().listPolicies({ Scope: "Local" });
    expect(Policies.map(({ PolicyName }) => PolicyName)).not.toContain("former");
    await isWhole(lent);
  });

  it("is throttled without end, and one Ctrl-C ends the run (recover.md#no-end)", async () => {
    const tries = Array.from(
      { length: 100 },
      (_, index) => `CreateAccessKey${index === 0 ? "" : ` ${index + 1}`}`,
    );
    const faults = Object.fromEntries(tries.map((call) => [call, "throttled" as const]));
    const survived = await life.survive("back from rotate", faults, tries[2]);
    expect(survived).toMatchObject({
      rows: [],
      unmanaged: [],
      deniedAfter: [],
      works: true,
      isUpToDate: true,
    });
    expect(survived.faulted.length).toBeLessThan(10);
  });

  it("has lost the state of every kind of object: it is imported, and the live key is never refused (recover.md#lost-state)", async () => {
    const lent = await life.lend("everything");
    const { aws, through: proxy, live, deniedAfter } = lent;
    expect((await aws.s3("DELETE", STATE)).status).toBe(204);
    expect(shows(dkpAccess(lent, "drift", "deckhouse").output, "lost-state")).toBe(true);
    const before = proxy.writes.length;
    const arn = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS-2";
    await succeed(terraformOf(lent), "import", "aws_iam_policy.policy-2", arn);
    const settings = `${lent.settings}import: { user: true, policy: true, nodeRole: true }
`;
    const terraform = terraformOf({ ...lent, settings });
    await succeed(terraform, "apply", "-auto-approve");
    expect(await terraform.start("plan", "-detailed-exitcode")).toMatchObject({ status: 0 });
    expect(attentionOf(await keysReport({ ...lent, settings }))).toEqual([]);
    expect(deniedAfter).toEqual([]);
    expect(live && (await isAccepted(aws, live))).toBe(true);
    // Their parts require no import: Terraform creates them again, which changes nothing in AWS.
    const writes = proxy.writes.slice(before);
    expect(writes).toEqual(expect.arrayContaining(["AttachUserPolicy", "PutRolePolicy"]));
    expect(
      writes.filter((call) => /^(Create|Delete(?!Lock)|Detach|Remove|UpdateAccessKey)/.test(call)),
    ).toEqual(["CreateAccessKey"]);
  });
});
