import { parse, stringify } from "yaml";
import type { Step } from "../../../src/cli/account/keys/next-step";
import { attentionOf, keysReport, shows, succeed, terraformOf } from "../support/recovery";
import { BUCKET } from "./flows";
import { isAccepted, type Lent, Life } from "./life";

const STATE = `/${BUCKET}/deckhouse/terraform.tfstate`;

type Tree = Record<string, unknown>;

/** The settings after the edits that `dkp-access keys` prints. */
function edited(settings: string, edits: Step["edits"]): string {
  const root = parse(settings) as Tree;
  for (const { setting, value } of edits) {
    const path = setting.split(".");
    const last = path.pop() ?? "";
    let target = root;
    for (const name of path) {
      target[name] ??= {};
      target = target[name] as Tree;
    }
    target[last] = value ?? null;
  }
  return stringify(root);
}

describe("a deployment with every kind of object whose state is lost", () => {
  let life: Life;

  beforeAll(async () => {
    life = await Life.start();
  });

  const apply = async (scene: Lent["scene"], settings: string) => {
    const terraform = terraformOf({ ...scene, settings });
    await succeed(terraform, "apply", "-auto-approve");
    return terraform;
  };

  it("is imported as dkp-access keys prints, and the live key is never refused (recover.md#lost-state)", () =>
    life.lend("everything", async ({ scene, proxy, live, deniedAfter }) => {
      expect((await scene.aws.s3("DELETE", STATE, "", {}, scene.credentials)).status).toBe(204);
      const both = keysReport(scene);
      expect(shows(both.findings.map(({ text }) => text).join("\n"), "lost-state")).toBe(true);
      expect(both.next).toMatchObject({ why: "which-key", restore: { keys: [] } });
      // A person looks up which of the two keys DKP has, and that one is imported.
      const answer = both.next.askKey?.[live?.accessKeyId ?? ""];
      expect(answer).toMatchObject({ why: "import-key" });
      const edits = answer?.edits ?? [];
      const parts = (parse(edited("{}", edits)) as { import: Tree }).import;
      expect(Object.keys(parts).sort()).toEqual([
        "accessKeyId",
        "additionalPolicies",
        "attachment",
        "group",
        "nodeRole",
        "policy",
        "user",
      ]);
      const before = proxy.writes.length;
      const settings = edited(scene.settings, edits);
      const terraform = await apply(scene, settings);
      expect(await terraform.start("plan", "-detailed-exitcode")).toMatchObject({ status: 0 });
      expect(attentionOf(keysReport({ ...scene, settings }))).toEqual(["key-unmanaged"]);
      expect(deniedAfter).toEqual([]);
      expect(live && (await isAccepted(scene.aws, live))).toBe(true);
      // Their parts require no import: Terraform creates them again, which changes nothing in AWS.
      const writes = proxy.writes.slice(before);
      expect(writes).toEqual(expect.arrayContaining(["AddUserToGroup", "AttachGroupPolicy", "PutRolePolicy"]));
      expect(writes.filter((call) => /^(Create|Delete(?!Lock)|Detach|Remove|UpdateAccessKey)/.test(call))).toEqual([]);
    }));
});
