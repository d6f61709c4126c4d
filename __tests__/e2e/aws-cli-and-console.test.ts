import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { packFilesOf } from "../helpers/packs";
import { iamAccount } from "./support/iam-account";
import { allowing, LocalAws } from "./support/local-aws";
import { Deployments, folder, write } from "./support/project";
import { runIn } from "./support/terraform";

const POLICY = "arn:aws:iam::123456789012:policy";
const BASE = "region: eu-central-1\nbackend: { local: {} }\n";

/** Deployments that can exist in the same account. */
const DEPLOYMENTS = {
  documented: "",
  scoped: `
accountId: "123456789012"
tags: { "team=a": "platform x", url: "http://x ü", empty: "" }
cluster: { prefix: dev }
user: { name: "-d,k=p@x", path: "/d'k\`p$x*/", permissionsBoundary: "${POLICY}/Limits" }
policy: { name: "-scoped", path: "/a.b,c@d=e+f_g-/", mode: scoped }
nodeRole:
  name: "-nodes"
  path: "/x$y\`\\"&\\\\z/"
  additionalActions: ["s3:Get*"]
  managedPolicyArns: ["${POLICY}/Logs"]
  permissionsBoundary: "${POLICY}/Limits"
`,
  // Without an account; one string of the policy has a space, and one is the placeholder of the
  // account elsewhere.
  minimal: `
cluster: { prefix: stage, layout: WithNAT, tags: { "Cost Center": "42 ü", ":ACCOUNT_ID:": x } }
user: { name: stage }
policy: { name: stage, mode: minimal }
accessKeys: { managedBy: none }
`,
};
type Name = keyof typeof DEPLOYMENTS;
const NAMES = Object.keys(DEPLOYMENTS) as Name[];

const SHELLS = {
  documented: ["dash"],
  scoped: ["bash"],
  minimal: ["busybox", "sh"],
};
const KEY_FILE = "deckhouse-access-key.json";

describe("aws-cli.sh", () => {
  let aws: LocalAws;
  let path: string;
  let before: object;

  beforeAll(async () => {
    aws = await LocalAws.start();
    await prepare(aws);
    before = await iamAccount(aws.iam());
    path = folder();
    for (const name of NAMES) {
      write(join(path, "review pack", name), packFilesOf(DEPLOYMENTS[name]));
      mkdirSync(join(path, name));
    }
  });

  const sh = (name: Name, ...args: readonly string[]) => {
    const [shell = "", ...rest] = SHELLS[name];
    const environment = { PATH: process.env.PATH ?? "", HOME: path, ...aws.environment() };
    return runIn(join(path, name), environment, shell, ...rest, ...args);
  };
  const script = (name: Name) => join("../review pack", name, "aws-cli.sh");
  const text = (name: Name) => readFileSync(join(path, name, script(name)), "utf8");
  const key = (name: Name) =>
    JSON.parse(readFileSync(join(path, name, KEY_FILE), "utf8")).AccessKey as Key;

  it.each(NAMES)("has no ShellCheck findings: %s", (name) => {
    for (const dialect of ["sh", "bash"]) {
      expect(
        runIn(
          join(path, name),
          { PATH: process.env.PATH ?? "" },
          "shellcheck",
          "-s",
          dialect,
          script(name),
        ),
      ).toEqual({
        status: 0,
        output: "",
      });
    }
  });

  it("changes nothing in another account than that of the settings", async () => {
    write(join(path, "other"), packFilesOf('accountId: "210987654321"'));
    await aws.calls();
    expect(sh("documented", "../other/aws-cli.sh")).toEqual({
      status: 1,
      output:
        "the credentials belong to account 123456789012, and the settings are for account 210987654321\n",
    });
    expect(await aws.changes()).toEqual([]);
  });

  it("writes a working key to a file that only its owner can read, and prints no secret", async () => {
    for (const name of ["documented", "scoped"] as const) {
      const { status, output } = sh(name, script(name));
      expect({ status, output }).toMatchObject({ status: 0 });
      const { AccessKeyId, SecretAccessKey } = key(name);
      expect(output).not.toContain(SecretAccessKey);
      expect(statSync(join(path, name, KEY_FILE)).mode & 0o777).toBe(0o600);
      expect(
        await aws.accepts({ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey }),
      ).toBe(true);
    }
    expect(sh("minimal", script("minimal"))).toMatchObject({ status: 0 });
  });

  it("changes nothing if the key file exists, and stops at an object that exists", async () => {
    const secret = key("documented").SecretAccessKey;
    await aws.calls();
    expect(sh("documented", script("documented"))).toEqual({
      status: 1,
      output: `${join(path, "documented", KEY_FILE)} exists: move it, or run this script in another folder\n`,
    });
    expect(await aws.calls()).toEqual([]);
    mkdirSync(join(path, "documented/other"));
    const again = sh("documented", "-c", `cd other && sh "../${script("documented")}"`);
    expect(again.status).not.toBe(0);
    expect(again.output).toContain("EntityAlreadyExists");
    expect(await aws.changes()).toEqual(["CreatePolicy"]);
    expect(key("documented").SecretAccessKey).toBe(secret);
  });

  it("creates exactly the same objects as Terraform in another account", async () => {
    const other = await LocalAws.start();
    await prepare(other);
    const deployments = Deployments.of(
      Object.fromEntries(NAMES.map((name) => [name, `${BASE}${DEPLOYMENTS[name]}`])),
    );
    // On a busy computer, the provider may repeat CreateAccessKey when the response is late.
    for (const name of NAMES) {
      const terraform = deployments.terraform(other, name);
      terraform.init();
      terraform.apply();
    }
    expect(await iamAccount(aws.iam())).toEqual(await iamAccount(other.iam()));
    await other.stop();
  });

  it("has a comment with the command for a key that it does not create, and comments that undo everything", async () => {
    const createKey = [...text("minimal").matchAll(/^# {3}(.*)$/gm)]
      .map(([, command]) => command)
      .join("\n");
    expect(sh("minimal", "-ec", `${createKey} --output=json >${KEY_FILE}`)).toEqual({
      status: 0,
      output: "",
    });
    for (const name of NAMES) {
      const [, undo = ""] = text(name).split(/^# Undo.*\n/m);
      const commands = undo.replaceAll(/^# /gm, "").replace("ACCESS_KEY_ID", key(name).AccessKeyId);
      expect(sh(name, "-ec", commands)).toEqual({ status: 0, output: "" });
    }
    expect(await iamAccount(aws.iam())).toEqual(before);
    expect(["documented", "scoped"].map((name) => existsSync(join(path, name, KEY_FILE)))).toEqual([
      false,
      false,
    ]);
  });
});

interface Key {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
}

async function prepare(aws: LocalAws) {
  for (const PolicyName of ["Limits", "Logs"]) {
    await aws.iam().createPolicy({ PolicyName, PolicyDocument: allowing("*") });
  }
}
