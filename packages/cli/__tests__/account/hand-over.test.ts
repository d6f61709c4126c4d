import { spawnSync } from "node:child_process";
import { readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { deployment } from "../../../../__tests__/helpers/deployment";
import { folderForEach } from "../../../../__tests__/helpers/folder";
import { PROJECT } from "../../../../__tests__/helpers/project-root";
import { currentKey, providerBlock } from "../../src/account/hand-over/provider-block";
import { checkSecretFile, writeSecretFile } from "../../src/account/hand-over/secret-file";
import { terraformCli } from "../../src/terraform/terraform-cli";

const { at, names, read, write } = folderForEach();

describe("hand-over", () => {
  const OUTPUTS = { access_key_id: "AKIAA" };

  /** From a Terraform that prints the state of a user with these outputs. */
  const handOver = async (
    settings: string,
    { user = "deckhouse", account = "123456789012", changed = {}, key = {} } = {},
  ) => {
    const outputs = Object.fromEntries(
      Object.entries({ ...OUTPUTS, ...changed }).map(([name, value]) => [name, { value }]),
    );
    const resource = (type: string, attributes: object) => ({
      mode: "managed",
      type,
      name: "user",
      instances: [{ attributes }],
    });
    const resources = [
      resource("aws_iam_user", { name: user, arn: `arn:aws:iam::${account}:user/${user}` }),
      resource("aws_iam_access_key", { id: "AKIAA", secret: "s", ...key }),
    ];
    write({
      terraform: `#!/bin/sh\necho '${JSON.stringify({ version: 4, outputs, resources })}'\n`,
    });
    const PATH = `${at("node_modules/.bin")}:${at("bin")}:${process.env.PATH}`;
    const cli = terraformCli({ TERRAFORM_BINARY_NAME: at("terraform"), PATH }, () => undefined);
    const of = deployment(settings);
    const current = await currentKey(cli, at(), of);
    return { block: providerBlock(of, await current.read()) };
  };

  it("gives the current key", async () => {
    expect((await handOver("")).block).toEqual({
      providerAccessKeyId: "AKIAA",
      providerSecretAccessKey: "s",
      region: "eu-central-1",
    });
  });

  it("names rotate for a key that was imported, so that Terraform lacks its secret", async () => {
    await expect(handOver("", { key: { secret: undefined } })).rejects.toThrow(
      "Terraform does not have the secret of AKIAA, because the key was created outside Terraform; set accessKeys.managedBy: rotate, apply, and give DKP another key with npx dkp-access rotate deckhouse --cluster --now",
    );
  });

  it.each([
    ["which no resource of the state is", { access_key_id: "AKIAB" }, {}],
    ['which is a key of the user "bob"', {}, { user: "bob" }],
  ])("rejects outputs with a key %s", async (reason, changed, key) => {
    await expect(handOver("", { changed, key })).rejects.toThrow(
      new RegExp(`^the outputs have the key AKIA[AB], ${reason}: .* do not give this key`),
    );
  });

  it("names for a key of rotate the command for a running cluster before the one for an installation", async () => {
    await expect(handOver("accessKeys: { managedBy: rotate, maxAge: 90 }")).rejects.toThrow(
      "accessKeys: Terraform has no key to hand over; npx dkp-access rotate deckhouse --cluster gives a running cluster its key, and npx dkp-access rotate deckhouse --out FILE an installation",
    );
  });

  it("rejects the key of another user or another account than the settings name", async () => {
    await expect(handOver("user: { name: cluster-b }", { user: "cluster-a" })).rejects.toThrow(
      'user.name: the settings have the user "cluster-b", and the state has "cluster-a", whose key it is; check the backend, or set user.name: "cluster-a"',
    );
    await expect(handOver('accountId: "210987654321"')).rejects.toThrow(
      "accountId: the settings have 210987654321, and the state has the key of another account; check the backend",
    );
    expect((await handOver('accountId: "123456789012"')).block.providerAccessKeyId).toBe("AKIAA");
  });
});

describe("a file for a secret", () => {
  const workTree = () => {
    write({ "tree/below/": "", "tree/.gitignore": "/provider*.yaml\n.*.tmp\n" });
    expect(spawnSync("git", ["init", "--quiet", at("tree")]).status).toBe(0);
    return at("tree");
  };
  const notIgnored = (file: string) =>
    `${file}: lies in a Git work tree and Git does not ignore it, so that a commit could contain the secret; write a file outside, or one that .gitignore covers, for example provider.yaml in the project's root`;

  it("is refused in a Git work tree that does not ignore it", () => {
    const tree = workTree();
    for (const file of [
      join(tree, "my key.yaml"),
      join(tree, "below/provider.yaml"),
      join(tree, "-x"),
    ]) {
      expect(() => checkSecretFile(file, process.env)).toThrow(new Error(notIgnored(file)));
    }
  });

  it("is refused where Git does not ignore the name under which it is written first", () => {
    const tree = workTree();
    write({ "tree/.gitignore": "/secret.yaml\n" });
    const file = join(tree, "secret.yaml");
    expect(() => checkSecretFile(file, process.env)).toThrow(
      `${file}: is written first under a name that Git does not ignore`,
    );
  });

  it.each([".gitignore", "templates/gitignore"])(
    "is ignored by Git as a whole and in part: %s",
    (ignore) => {
      const tree = workTree();
      write({ "tree/.gitignore": readFileSync(join(PROJECT, ignore)) });
      expect(() => checkSecretFile(join(tree, "provider.yaml"), process.env)).not.toThrow();
    },
  );

  it("is refused through a symbolic link into such a work tree, and whatever GIT_DIR is", () => {
    symlinkSync(join(workTree(), "below"), at("link"));
    const file = at("link/key.yaml");
    const environment = { ...process.env, GIT_DIR: at("elsewhere") };
    expect(() => checkSecretFile(file, environment)).toThrow(new Error(notIgnored(file)));
  });

  it("is allowed where Git ignores it, outside of work trees, and without Git", () => {
    const tree = workTree();
    expect(() => checkSecretFile(join(tree, "provider.yaml"), process.env)).not.toThrow();
    expect(() => checkSecretFile(at("key.yaml"), process.env)).not.toThrow();
    const withoutGit = { ...process.env, PATH: at("empty") };
    expect(() => checkSecretFile(join(tree, "my key.yaml"), withoutGit)).not.toThrow();
  });

  it("is refused in a repository that Git does not read", () => {
    write({ "a/.git/": "", "a/below/": "" });
    symlinkSync(at("a/below"), at("link"));
    const { stderr } = spawnSync("git", ["-C", at(), "rev-parse"], { encoding: "utf8" });
    expect(stderr).toMatch(/^fatal: not a git repository /);
    for (const file of [at("a/key.yaml"), at("link/key.yaml")]) {
      expect(() => checkSecretFile(file, process.env)).toThrow(
        new Error(
          `${file}: lies in a Git repository that Git does not read (${stderr.trim().replaceAll(/\s*\n\s*/g, " ")}), so that a commit could contain the secret; write a file outside of it`,
        ),
      );
    }
  });

  it("is refused where it exists, or its folder does not", () => {
    write({ a: "" });
    expect(() => checkSecretFile(at("a"), process.env)).toThrow(
      new Error(`${at("a")}: exists already; remove it, or write another file`),
    );
    expect(() => checkSecretFile(at("b/c"), process.env)).toThrow(
      new Error(
        `${at("b/c")}: the folder ${at("b")} does not exist; create it or write another file`,
      ),
    );
  });

  it("can be read by its owner alone, and its full path is returned", () => {
    const mask = process.umask(0);
    try {
      expect(writeSecretFile(at("x/../key.yaml"), "secret\n", process.env)).toBe(at("key.yaml"));
    } finally {
      process.umask(mask);
    }
    expect(statSync(at("key.yaml")).mode & 0o777).toBe(0o600);
    expect(read("key.yaml")).toBe("secret\n");
    expect(names()).toEqual(["key.yaml"]);
  });

  it("never replaces a file, nor writes through a symbolic link", () => {
    write({ "key.yaml": "old" });
    symlinkSync(at("nothing"), at("link.yaml"));
    for (const name of ["key.yaml", "link.yaml"]) {
      expect(() => writeSecretFile(at(name), "secret", process.env)).toThrow(
        `${at(name)}: exists already`,
      );
    }
    expect(read("key.yaml")).toBe("old");
    expect(names()).toEqual(["key.yaml", "link.yaml"]);
  });
});
