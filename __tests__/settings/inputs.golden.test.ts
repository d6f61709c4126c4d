import { isDeepStrictEqual } from "node:util";
import schema from "../../deployments/schema.json";
import type { Deployment } from "../../src/settings/deployment";
import { loadDeployments } from "../../src/settings/load";
import { settingsWarnings } from "../../src/settings/settings-notes";
import { parseYaml } from "../../src/settings/yaml-file";
import { grouped } from "../../src/text/grouped";
import { isObject } from "../../src/text/json";
import { folderForEach, inFolder } from "../helpers/folder";
import { expectGolden, goldenText } from "../helpers/golden";
import { schemaErrors } from "../helpers/json-schema";
import { runCli } from "../helpers/run-cli";
import { deploymentOf, KEY_ID, MINIMAL, SECRET_KEY } from "../helpers/settings-files";

type Files = Readonly<Record<string, string>>;

/**
 * What people write in settings, valid or not, or type as a command, after "> "; below it, what the program answers: every message,
 * and of valid settings what they change in the deployment. To add an input, write it and an empty line, and run `npm run golden`.
 *
 * An input is lines that are added to a valid settings file, where a `region`, `backend` or `cloud` replaces that of the file; two
 * such files, a.yaml and b.yaml, with `+++` between them, each with a state of its own; `config.yml` with settings of the cluster next
 * to it, and lines that replace those of the same key in DKP's installation file, or are added; a folder as JSON, text by file name;
 * or `dkp-access` with arguments, in a project with one valid deployment. MINIMAL is the smallest settings file, CLUSTER_DOCUMENT and
 * AWS_DOCUMENT are the documents of DKP's installation file; KEY_ID and SECRET_KEY stand for keys of the tests; NAMES for names of user and policy of its own; <a*60> is the letter a, 60 times.
 */
const ENTRIES = goldenText("inputs.txt").match(/(?:^> .*\n)+(?:^(?!> ).*\n)*/gm) ?? [];

/** By the first setting of the input, or by what else it is. */
const BY_FIELD = grouped(
  ENTRIES,
  (entry) => /^> ([\w-]+(?:\.yml)?)/.exec(entry)?.[1] ?? "a folder",
);

/** The documents of DKP's installation file that are read. */
const CLUSTER_DOCUMENT = `apiVersion: deckhouse.io/v1
kind: ClusterConfiguration
cloud:
  prefix: dev
`;
const AWS_DOCUMENT = `kind: AWSClusterConfiguration
layout: WithNAT
sshPublicKey: ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC
provider:
  providerAccessKeyId: ${KEY_ID}
  providerSecretAccessKey: ${SECRET_KEY}
  region: eu-central-1
`;

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  MINIMAL,
  SECRET_KEY,
  KEY_ID,
  CLUSTER_DOCUMENT,
  AWS_DOCUMENT,
};

/** An input with values for its placeholders. */
function written(input: string) {
  return input
    .replaceAll(/[A-Z_]+/g, (name) => PLACEHOLDERS[name] ?? name)
    .replaceAll(/<(\w)\*(\d+)>/g, (_, char: string, times: string) => char.repeat(Number(times)));
}

const { at, write } = folderForEach();
let projects = 0;

function projectWith(files: Files) {
  projects += 1;
  write(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`${projects}/${name}`, text])),
  );
  return at(String(projects));
}

type Json = Readonly<Record<string, unknown>>;

/** The parts of a deployment that differ from those of the smallest settings file. */
function changed(before: Json, after: Json): Json {
  const names = Object.keys({ ...before, ...after }).filter(
    (name) => !isDeepStrictEqual(before[name], after[name]),
  );
  return Object.fromEntries(
    names.map((name) => {
      const [was, is] = [before[name], after[name]];
      return [name, isObject(was) && isObject(is) ? changed(was, is) : (is ?? null)];
    }),
  );
}

/** Without the settings themselves; of the policies their names. */
function shown({ settings: _, policies, ...rest }: Deployment) {
  return { ...rest, policies: policies.map(({ name }) => name) };
}

const SMALLEST = shown(deploymentOf(MINIMAL));

function installationFile(lines: readonly string[]) {
  const keyOf = (line: string) => line.replace(/:.*/, "");
  const isReplaced = (line: string) => INSTALLATION_FILE.some((own) => keyOf(own) === keyOf(line));
  const replaced = INSTALLATION_FILE.map(
    (own) => lines.find((line) => keyOf(line) === keyOf(own)) ?? own,
  );
  return [...replaced, ...lines.filter((line) => !isReplaced(line)), ""].join("\n");
}

const INSTALLATION_FILE = `${CLUSTER_DOCUMENT}---\n${AWS_DOCUMENT}`.trimEnd().split("\n");

/** The settings files without an error. */
const accepted: (readonly [name: string, text: string])[] = [];

/** The output about the files of a folder, and the meaning of files without an error. */
function answerTo(files: Files, config?: string) {
  const texts = Object.fromEntries(
    Object.entries(files).map(([name, text]) => [`deployments/${name}`, written(text)]),
  );
  const project = projectWith({
    "deployments/": "",
    ...texts,
    ...(config === undefined ? {} : { "config.yml": config }),
  });
  return inFolder(project, () => {
    try {
      const deployments = loadDeployments("deployments");
      accepted.push(...Object.entries(texts).filter(([name]) => /\/\w[\w-]*\.yaml$/.test(name)));
      return [
        ...deployments.flatMap(settingsWarnings).map((warning) => `warning: ${warning}`),
        ...deployments.map(
          (deployment) => `accepted: ${JSON.stringify(changed(SMALLEST, shown(deployment)))}`,
        ),
      ].join("\n");
    } catch (error) {
      return (error as Error).message;
    }
  });
}

/** A valid settings file with these lines, and the state of the stack in a bucket of its own. */
function fileWith(lines: string, stack = "states") {
  const isReplaced = (key: string) => new RegExp(`^${key}:`, "m").test(lines);
  const kept = MINIMAL.replace("states", stack)
    .split("\n")
    .filter(
      (line) =>
        !isReplaced(line.replace(/:.*/, "")) &&
        !(line.startsWith("backend") && isReplaced("cloud")),
    );
  return `${kept.join("\n")}${lines.replace("NAMES", `user: { name: ${stack} }\npolicy: { name: ${stack} }`)}\n`;
}

async function answerToCommand(args: string) {
  const root = projectWith({ "deployments/dev.yaml": MINIMAL });
  const words = args.split(" ").filter((arg) => arg !== "");
  const { status, stdout, stderr } = await runCli(root, words);
  const printed = `${stdout}${stderr}`.replaceAll(root, "PROJECT").trimEnd();
  return `exit code ${status}\n${printed}`;
}

const ONE_FILE = /^deployments\/dev.yaml has \d+ errors?:\n/;

async function answerToInput(input: string) {
  if (input.startsWith("dkp-access")) {
    return answerToCommand(input.slice("dkp-access ".length));
  }
  if (input.startsWith('{"') || input === "{}") {
    return answerTo(JSON.parse(input) as Files);
  }
  if (input.startsWith("config.yml")) {
    const [cluster = "", ...lines] = input.split("\n");
    const settings = fileWith(`cluster: { configFile: ${cluster} }`);
    return answerTo({ "dev.yaml": settings }, installationFile(lines.map(written))).replace(
      ONE_FILE,
      "",
    );
  }
  const [a = "", b] = input.split(/\n?\+\+\+\n?/);
  if (b !== undefined) {
    return answerTo({ "a.yaml": fileWith(a, "a"), "b.yaml": fileWith(b, "b") });
  }
  return answerTo({ "dev.yaml": fileWith(a) }).replace(ONE_FILE, "");
}

const SECRETS = [SECRET_KEY, KEY_ID, "hunter2"];

async function answered(entry: string) {
  const asked = /^(?:> .*\n)+/.exec(entry)?.[0] ?? "";
  const answer = await answerToInput(asked.slice("> ".length, -1).replaceAll("\n> ", "\n"));
  expect(SECRETS.filter((secret) => answer.replace(/^accepted.*/m, "").includes(secret))).toEqual(
    [],
  );
  return `${asked}${answer}\n`;
}

const answers = new Map<string, string>();

it.each([...BY_FIELD])(
  "the answers about %s are the committed ones, and show no secret",
  async (_field, entries) => {
    for (const entry of entries) {
      answers.set(entry, await answered(entry));
    }
    if (process.env.UPDATE_GOLDEN !== "1") {
      expect(entries.map((entry) => answers.get(entry)).join("")).toBe(entries.join(""));
    }
  },
);

/** Editors read patterns with the flag `u`, the library of the tests without it. */
const isUnicode = (error: string) => error.includes("\\p{");

it("the JSON schema accepts each file that the program accepts", () => {
  const flagged = accepted.flatMap(([name, text]) => {
    const parsed = parseYaml(text);
    const errors = "file" in parsed ? schemaErrors(parsed.file.value, schema) : [name];
    return errors.every(isUnicode) ? [] : [{ text, errors }];
  });
  expect(accepted.length).toBeGreaterThan(100);
  expect(flagged).toEqual([]);
});

it("the committed inputs are complete", () => {
  expect(ENTRIES.join("")).toBe(goldenText("inputs.txt"));
  if (process.env.UPDATE_GOLDEN === "1") {
    expectGolden("inputs.txt", ENTRIES.map((entry) => answers.get(entry)).join(""));
  }
});
