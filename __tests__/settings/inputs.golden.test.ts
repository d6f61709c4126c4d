import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import type { Deployment } from "../../src/settings/deployment";
import { loadDeployments } from "../../src/settings/load";
import { settingsWarnings } from "../../src/settings/settings-notes";
import * as keys from "../helpers/pgp-keys";
import { PROJECT } from "../helpers/project-root";
import { runCli } from "../helpers/run-cli";
import { deploymentOf, KEY_ID, MINIMAL, SECRET_KEY } from "../helpers/settings-files";

type Files = Readonly<Record<string, string>>;

interface Inputs {
  readonly settings: readonly string[];
  readonly pairs: readonly (readonly [a: string, b: string])[];
  readonly folders: readonly Files[];
  readonly commands: readonly string[];
}

const GOLDEN = join(PROJECT, "__tests__/golden/inputs.txt");
const { settings, pairs, folders, commands } = parse(readFileSync(join(__dirname, "inputs.yaml"), "utf8")) as Inputs;

const PLACEHOLDERS: Readonly<Record<string, string>> = { MINIMAL, SECRET_KEY, KEY_ID, ...keys };

/** The text of an input, with what its placeholders stand for. */
function written(input: string): string {
  return input
    .replaceAll(/[A-Z_]+/g, (name) => PLACEHOLDERS[name] ?? name)
    .replaceAll(/<(\w)\*(\d+)>/g, (_, char: string, times: string) => char.repeat(Number(times)));
}

/** Runs work in a new project that holds the files. */
async function inProject<Result>(files: Files, work: (root: string) => Result): Promise<Result> {
  const root = mkdtempSync(join(tmpdir(), "inputs-"));
  const before = process.cwd();
  process.chdir(root);
  try {
    for (const [name, text] of Object.entries({ "cdktf.json": "{}", ...files })) {
      mkdirSync(name.endsWith("/") ? name : dirname(name), { recursive: true });
      if (!name.endsWith("/")) {
        writeFileSync(name, text);
      }
    }
    return await work(root);
  } finally {
    process.chdir(before);
    rmSync(root, { recursive: true });
  }
}

type Json = Readonly<Record<string, unknown>>;

/** The parts of a deployment that differ from those of the smallest settings file. */
function changed(before: Json, after: Json): Json {
  const isMapping = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
  const names = Object.keys({ ...before, ...after }).filter((name) => !isDeepStrictEqual(before[name], after[name]));
  return Object.fromEntries(
    names.map((name) => {
      const [was, is] = [before[name], after[name]];
      return [name, isMapping(was) && isMapping(is) ? changed(was, is) : (is ?? null)];
    }),
  );
}

/** What follows from the settings, without the settings themselves; of the policies their names. */
function shown({ stated, settings: _, policies, ...rest }: Deployment): Json {
  return { ...rest, policies: policies.map(({ name }) => name) };
}

const SMALLEST = shown(deploymentOf(MINIMAL));

/** What people read about the files of a folder, and what the files mean if they have no error. */
function answerTo(files: Files): Promise<string> {
  const inFolder = Object.fromEntries(Object.entries(files).map(([name, text]) => [`deployments/${name}`, written(text)]));
  return inProject({ "deployments/": "", ...inFolder }, () => {
    try {
      const deployments = loadDeployments("deployments");
      return [
        ...deployments.flatMap(settingsWarnings).map((warning) => `warning: ${warning}`),
        ...deployments.map((deployment) => `accepted: ${JSON.stringify(changed(SMALLEST, shown(deployment)))}`),
      ].join("\n");
    } catch (error) {
      return (error as Error).message;
    }
  });
}

/** A valid settings file with these lines, and the state of the stack in a bucket of its own. */
function fileWith(lines: string, stack = "states"): string {
  const stated = (key: string) => new RegExp(`^${key}:`, "m").test(lines);
  const kept = MINIMAL.replace("states", stack)
    .split("\n")
    .filter((line) => !stated(line.replace(/:.*/, "")) && !(line.startsWith("backend") && stated("cloud")));
  return `${kept.join("\n")}${lines.replace("NAMES", `user: { name: ${stack} }\npolicy: { name: ${stack} }`)}\n`;
}

async function answerToCommand(args: string): Promise<string> {
  return inProject({ "deployments/dev.yaml": MINIMAL }, async (root) => {
    const { status, stdout, stderr } = await runCli(
      root,
      args.split(" ").filter((arg) => arg !== ""),
    );
    const printed = `${stdout}${stderr}`.replaceAll(root, "PROJECT").trimEnd();
    return `exit code ${status}\n${printed}`;
  });
}

it(`the answers to ${settings.length + pairs.length + folders.length + commands.length} inputs are the committed ones, and show no secret`, async () => {
  const lines: string[] = [];
  const secrets = [SECRET_KEY, KEY_ID, keys.PRIVATE_KEY, "hunter2"];
  const add = async (input: string, answer: string) => {
    expect([input, secrets.filter((secret) => answer.replace(/^accepted.*/m, "").includes(secret))]).toEqual([input, []]);
    lines.push(`> ${input.trimEnd().replaceAll("\n", "\n> ")}`, answer);
  };
  for (const text of settings) {
    const answer = await answerTo({ "dev.yaml": fileWith(text) });
    await add(text, answer.replace(/^deployments\/dev.yaml has \d+ errors?:\n/, ""));
  }
  for (const [a, b] of pairs) {
    await add(`${a}\n---\n${b}`, await answerTo({ "a.yaml": fileWith(a, "a"), "b.yaml": fileWith(b, "b") }));
  }
  for (const files of folders) {
    await add(JSON.stringify(files), await answerTo(files));
  }
  for (const args of commands) {
    await add(`dkp-access ${args}`, await answerToCommand(args));
  }
  const actual = `${lines.join("\n")}\n`;
  if (process.env.UPDATE_GOLDEN === "1") {
    writeFileSync(GOLDEN, actual);
  }
  expect(actual).toBe(readFileSync(GOLDEN, "utf8"));
}, 180_000);
