import { rmSync } from "node:fs";
import { join } from "node:path";
import { parse, parseDocument } from "yaml";
import type { Step } from "../../../src/cli/account/keys/next-step";
import { write } from "../support/project";
import { attentionOf, dkpAccess, keysReport, shows, succeed, terraformOf } from "../support/recovery";
import { BUCKET } from "./flows";
import { isAccepted, type Lent, Life } from "./life";

/** The settings after the edits that `dkp-access keys` prints. */
function edited(settings: string, edits: Step["edits"]): string {
  const document = parseDocument(settings);
  for (const { setting, value } of edits) {
    document.setIn(setting.split("."), value ?? null);
  }
  return document.toString();
}

const STATE = `/${BUCKET}/deckhouse/terraform.tfstate`;
const LOCK = `${STATE}.tflock`;
const IN_REGION =
  '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>';
const FIRST = "first apply";

// The rows of docs/how-to/recover.md that no killed run leads to. Each test follows its row.

describe("a deployment whose state or account was changed", () => {
  let life: Life;

  beforeAll(async () => {
    life = await Life.start();
  });

  const plan = ({ scene }: Lent) => terraformOf(scene).start("plan", "-detailed-exitcode");
  const s3 = ({ scene }: Lent, method: string, path: string, body = "", headers = {}) =>
    scene.aws.s3(method, path, body, headers, scene.credentials);

  /** The last plan has no changes, and AWS accepted the exposed key throughout. */
  const isWhole = async (lent: Lent) => {
    expect(await plan(lent)).toMatchObject({ status: 0 });
    expect(lent.deniedAfter).toEqual([]);
    expect(lent.live && (await isAccepted(lent.scene.aws, lent.live))).toBe(true);
    expect(attentionOf(keysReport(lent.scene))).toEqual([]);
  };

  it.each(["", '{"ID":"a'])("has a damaged lock (recover.md#damaged-lock): %j", (content) =>
    life.lend(FIRST, async (lent) => {
      await s3(lent, "PUT", LOCK, content);
      const { status, output } = await plan(lent);
      expect({ status, shown: shows(output, "damaged-lock"), id: /ID:\s+[0-9a-f-]{36}/.test(output) }).toEqual({
        status: 1,
        shown: true,
        id: false,
      });
      await s3(lent, "DELETE", LOCK);
      await isWhole(lent);
    }),
  );

  it("has a damaged state, and its earlier version is restored (recover.md#damaged-state)", () =>
    life.lend(FIRST, async (lent) => {
      const listing = await (await s3(lent, "GET", `/${BUCKET}?versions`)).text();
      const [, version] = /<Key>deckhouse\/terraform\.tfstate<\/Key><VersionId>([^<]*)</.exec(listing) ?? [];
      await s3(lent, "PUT", STATE, "{}");
      expect(shows((await plan(lent)).output, "damaged-state")).toBe(true);
      expect(shows(dkpAccess(lent.scene, "keys", "deckhouse").output, "damaged-state")).toBe(true);
      const source = { "x-amz-copy-source": `${STATE.slice(1)}?versionId=${version}` };
      expect((await s3(lent, "PUT", STATE, "", source)).status).toBe(200);
      await isWhole(lent);
    }));

  it("has no bucket any more, and a copy of the state (recover.md#bucket-gone)", () =>
    life.lend(FIRST, async (lent) => {
      const { folder } = terraformOf(lent.scene);
      const copy = await succeed(terraformOf(lent.scene), "state", "pull");
      const listing = await (await s3(lent, "GET", `/${BUCKET}?versions`)).text();
      for (const [, key, version] of listing.matchAll(/<Key>([^<]*)<\/Key><VersionId>([^<]*)</g)) {
        await s3(lent, "DELETE", `/${BUCKET}/${key}?versionId=${version}`);
      }
      expect((await s3(lent, "DELETE", `/${BUCKET}`)).status).toBe(204);
      expect(shows((await plan(lent)).output, "bucket-gone")).toBe(true);
      expect((await s3(lent, "PUT", `/${BUCKET}`, IN_REGION)).status).toBe(200);
      await succeed(terraformOf(lent.scene), "init");
      write(folder, { "copy.tfstate": copy });
      await succeed(terraformOf(lent.scene), "state", "push", "copy.tfstate");
      rmSync(join(folder, "copy.tfstate"));
      await isWhole(lent);
    }));

  it("is throttled without end, and one Ctrl-C ends the run (recover.md#no-end)", async () => {
    const tries = Array.from({ length: 100 }, (_, index) => `CreateAccessKey${index === 0 ? "" : ` ${index + 1}`}`);
    const faults = Object.fromEntries(tries.map((call) => [call, "throttled" as const]));
    const survived = await life.survive("rotation, step 1", faults, tries[2]);
    expect(survived).toMatchObject({ rows: [], unmanaged: [], deniedAfter: [], works: true, isUpToDate: true });
    expect(survived.faulted.length).toBeLessThan(10);
  });

  it("has lost the state of every kind of object: it is imported as dkp-access keys prints, and the live key is never refused (recover.md#lost-state)", () =>
    life.lend("everything", async ({ scene, proxy, live, deniedAfter }) => {
      expect((await scene.aws.s3("DELETE", STATE, "", {}, scene.credentials)).status).toBe(204);
      const { findings, next } = keysReport(scene);
      expect(shows(findings.map(({ text }) => text).join("\n"), "lost-state")).toBe(true);
      expect(next.why).toBe("apply");
      expect(next.instead.at(-1)).toMatchObject({ if: expect.stringContaining("the user deckhouse"), do: { do: "restore" } });
      expect(Object.keys(parse(edited("{}", next.edits)).import).sort()).toEqual(["group", "nodeRole", "policy", "user"]);
      const arn = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS-2";
      expect(next.actions[0]).toEqual({ do: "import", address: "aws_iam_policy.policy-2", arn });
      const before = proxy.writes.length;
      await succeed(terraformOf(scene), "import", "aws_iam_policy.policy-2", arn);
      const settings = edited(scene.settings, next.edits);
      const terraform = terraformOf({ ...scene, settings });
      await succeed(terraform, "apply", "-auto-approve");
      expect(await terraform.start("plan", "-detailed-exitcode")).toMatchObject({ status: 0 });
      expect(attentionOf(keysReport({ ...scene, settings }))).toEqual(["key-unmanaged"]);
      expect(deniedAfter).toEqual([]);
      expect(live && (await isAccepted(scene.aws, live))).toBe(true);
      // Their parts require no import: Terraform creates them again, which changes nothing in AWS.
      const writes = proxy.writes.slice(before);
      expect(writes).toEqual(expect.arrayContaining(["AddUserToGroup", "AttachGroupPolicy", "PutRolePolicy"]));
      expect(writes.filter((call) => /^(Create|Delete(?!Lock)|Detach|Remove|UpdateAccessKey)/.test(call))).toEqual([
        "CreateAccessKey",
      ]);
    }));
});
