import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { providerBlock } from "../../../../src/cli/account/hand-over/provider-block";
import { terraformCli } from "../../../../src/terraform/terraform-cli";
import { deployment } from "../../../helpers/deployment";

describe("hand-over", () => {
  const OUTPUTS = { access_key_id: "AKIAA", access_key_slot: "primary", secret_access_key: "s" };
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hand-over-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** The block for settings, from a Terraform that prints these outputs and the state of a user. */
  const handOver = async (settings: string, { user = "deckhouse", account = "123456789012" } = {}) => {
    const outputs = Object.fromEntries(Object.entries(OUTPUTS).map(([name, value]) => [name, { value }]));
    const attributes = { name: user, arn: `arn:aws:iam::${account}:user/${user}` };
    const resources = [{ mode: "managed", type: "aws_iam_user", name: "user", instances: [{ attributes }] }];
    const program = join(folder, "terraform");
    const print = (value: object) => `echo '${JSON.stringify(value)}'`;
    writeFileSync(program, `#!/bin/sh\ncase $1 in output) ${print(outputs)};; *) ${print({ version: 4, resources })};; esac\n`);
    chmodSync(program, 0o755);
    const notes: string[] = [];
    const cli = terraformCli({ TERRAFORM_BINARY_NAME: program }, () => undefined);
    const block = await providerBlock(cli, folder, deployment(settings), (note) => notes.push(note));
    return { block, notes };
  };

  it("gives the key that the outputs expose, with a warning where the settings say another slot", async () => {
    expect(await handOver("accessKeys: { secondary: { status: Active }, current: secondary }")).toEqual({
      block: { providerAccessKeyId: "AKIAA", providerSecretAccessKey: "s", region: "eu-central-1" },
      notes: [
        "warning: accessKeys.current: the settings select secondary, and the outputs expose primary: this is the key AKIAA of primary; npx dkp-access keys deckhouse shows what the next apply does",
      ],
    });
  });

  it("rejects the key of another user than the settings name", async () => {
    await expect(handOver("user: { name: cluster-b }", { user: "cluster-a" })).rejects.toThrow(
      'user.name: the settings have the user "cluster-b", and the state has "cluster-a", whose key it is; check the backend, or set user.name: "cluster-a"',
    );
  });

  it("rejects the key of another account than the settings name", async () => {
    await expect(handOver('accountId: "210987654321"')).rejects.toThrow(
      "accountId: the settings have 210987654321, and the state has the key of another account; check the backend",
    );
    expect((await handOver('accountId: "123456789012"')).block.providerAccessKeyId).toBe("AKIAA");
  });
});
