import { parse, stringify } from "yaml";
import { removeFolders } from "../support/project";
import { keysReport, shows, succeed, terraformOf } from "../support/recovery";
import { BUCKET, flowNamed } from "./flows";
import { isAccepted, type Lent, Life } from "./life";

const STATE = `/${BUCKET}/deckhouse/terraform.tfstate`;

type Tree = Record<string, unknown>;

/** The settings after the edits that `dkp-access keys` prints. */
function edited(settings: string, edits: readonly { readonly setting: string; readonly value: string }[]): string {
  const root = parse(settings) as Tree;
  for (const { setting, value } of edits) {
    const path = setting.split(".");
    const last = path.pop() ?? "";
    let target = root;
    for (const name of path) {
      target[name] ??= {};
      target = target[name] as Tree;
    }
    target[last] = parse(value);
  }
  return stringify(root);
}

describe("a deployment with every kind of object whose state is lost", () => {
  let life: Life;

  beforeAll(async () => {
    life = await Life.start();
  });

  afterAll(async () => {
    await life.stop();
    removeFolders();
  });

  const apply = async (scene: Lent["scene"], settings: string) => {
    const terraform = terraformOf({ ...scene, settings });
    await succeed(terraform, "apply", "-auto-approve");
    return terraform;
  };

  it("is imported as dkp-access keys prints, and the live key is never refused (recover.md#lost-state)", () =>
    life.lend("everything", async ({ scene, proxy, live, deniedAfter }) => {
      expect((await scene.aws.s3("DELETE", STATE, "", {}, scene.credentials)).status).toBe(204);
      const lost = keysReport(scene);
      expect(shows(lost.errors.join("\n"), "lost-state")).toBe(true);
      expect(lost.errors.join("\n")).toContain("see docs/how-to/recover.md#lost-state");
      const { user, ...parts } = (parse(edited("{}", lost.next.edits)) as { import: Tree }).import;
      expect({ user, parts: Object.keys(parts).sort() }).toEqual({
        user: true,
        parts: ["accessKeyId", "additionalPolicies", "attachment", "group", "nodeRole", "policy"],
      });

      const importing = edited(scene.settings, lost.next.edits);
      await apply(scene, importing);
      const [, secondary = ""] = /import aws_iam_access_key\.user-secondary (AKIA\w+)/.exec(lost.next.after.join("\n")) ?? [];
      const { settings } = flowNamed("everything");
      await succeed(terraformOf({ ...scene, settings }), "import", "aws_iam_access_key.user-secondary", secondary);
      const terraform = await apply(scene, settings);
      expect(await terraform.start("plan", "-detailed-exitcode")).toMatchObject({ status: 0 });
      expect(keysReport(scene)).toMatchObject({ errors: [], unmanaged: [] });
      expect(deniedAfter).toEqual([]);
      expect(live && (await isAccepted(scene.aws, live))).toBe(true);
      // Their parts require no import: Terraform creates them again, which changes nothing in AWS.
      expect(proxy.writes).toEqual(expect.arrayContaining(["AddUserToGroup", "AttachGroupPolicy", "PutRolePolicy"]));
      expect(proxy.writes.filter((call) => /^(Create|Delete(?!Lock)|Detach|Remove|UpdateAccessKey)/.test(call))).toEqual([]);
    }));
});
