import { blocksOf, blockWith } from "../helpers/blocks";
import { LocalAws } from "./support/local-aws";
import { folder } from "./support/project";
import { mustSucceed, runIn } from "./support/terraform";

const UserName = "deckhouse";

/** With only the AWS CLI, as an administrator. */
describe("the commands of the documentation about keys", () => {
  let aws: LocalAws;
  const run = (commands: string) =>
    mustSucceed(
      runIn(
        folder(),
        { ...process.env, ...aws.environment(), AWS_DEFAULT_REGION: "eu-central-1" },
        "sh",
        "-euc",
        commands,
      ),
    );
  const ids = async () => (await aws.keysOf()).map(({ AccessKeyId }) => AccessKeyId);

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.iam().createUser({ UserName });
  });

  it("end a leaked key and its sessions, and create another one (docs/how-to/leak.md)", async () => {
    const leaked = await aws.createKey();
    const [deactivate = "", deny = "", replace = ""] = blocksOf("docs/how-to/leak.md").filter(
      (block) => block.includes("aws iam "),
    );
    const named = deactivate.replace(/(?<=^KEY=)\w+/m, leaked.accessKeyId);
    run(named);
    expect(await aws.accepts(leaked)).toBe(false);
    run(`${named}${deny}${replace}`);
    expect(await ids()).toHaveLength(1);
    expect(await ids()).not.toContain(leaked.accessKeyId);
    const { PolicyDocument = "" } = await aws
      .iam()
      .getUserPolicy({ UserName, PolicyName: "DenySessionsFromLeakedKey" });
    expect(decodeURIComponent(PolicyDocument)).toMatch(/"aws:TokenIssueTime": ?"20\d\d-.+Z"/);
  });

  it("delete the keys of a user that is retired (docs/how-to/change-and-retire.md)", async () => {
    const [id = ""] = await ids();
    const commands = blockWith("delete-access-key", "docs/how-to/change-and-retire.md");
    expect(run(commands.replace(/\bID\b/, id))).toContain(id);
    expect(await ids()).toEqual([]);
  });
});
