import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { loadDeployments } from "../../src/settings/load";
import { settingsWarnings } from "../../src/settings/settings-notes";
import { PROJECT } from "../helpers/project-root";
import { runCli } from "../helpers/run-cli";
import { MINIMAL } from "../helpers/settings-files";

interface BadInputs {
  readonly settings: readonly string[];
  readonly folders: readonly Readonly<Record<string, string>>[];
  readonly commands: readonly string[];
}

const FOLDER = join(PROJECT, "__tests__/settings");
const GOLDEN = join(PROJECT, "__tests__/golden/bad-inputs.txt");
const { settings, folders, commands } = parse(readFileSync(join(FOLDER, "bad-inputs.yaml"), "utf8")) as BadInputs;

/** Runs work in a new project that holds the files. */
async function inProject<Result>(files: Readonly<Record<string, string>>, work: (root: string) => Result): Promise<Result> {
  const root = mkdtempSync(join(tmpdir(), "bad-inputs-"));
  const before = process.cwd();
  process.chdir(root);
  try {
    for (const [name, text] of Object.entries({ "cdktf.json": "{}", ...files })) {
      mkdirSync(name.endsWith("/") ? name : dirname(name), { recursive: true });
      if (!name.endsWith("/")) {
        writeFileSync(name, text.replaceAll("MINIMAL", MINIMAL));
      }
    }
    return await work(root);
  } finally {
    process.chdir(before);
    rmSync(root, { recursive: true });
  }
}

/** What people read about the files of a folder. */
function messageAbout(files: Readonly<Record<string, string>>): Promise<string> {
  const inFolder = Object.fromEntries(Object.entries(files).map(([name, text]) => [`deployments/${name}`, text]));
  return inProject({ "deployments/": "", ...inFolder }, () => {
    try {
      const warnings = loadDeployments("deployments").flatMap(settingsWarnings);
      return warnings.length === 0 ? "accepted" : warnings.map((warning) => `warning: ${warning}`).join("\n");
    } catch (error) {
      return (error as Error).message;
    }
  });
}

/** A valid settings file with these lines. */
function fileWith(lines: string): string {
  const stated = (key: string) => new RegExp(`^${key}:`, "m").test(lines);
  const kept = MINIMAL.split("\n").filter(
    (line) => !stated(line.replace(/:.*/, "")) && !(line.startsWith("backend") && stated("cloud")),
  );
  return `${kept.join("\n")}${lines}\n`;
}

async function messageOfCommand(args: string): Promise<string> {
  return inProject({ "deployments/dev.yaml": "MINIMAL" }, async (root) => {
    const { status, stdout, stderr } = await runCli(
      root,
      args.split(" ").filter((arg) => arg !== ""),
    );
    const printed = `${stdout}${stderr}`.replaceAll(root, "PROJECT").trimEnd();
    return `exit code ${status}\n${printed}`;
  });
}

it(`the messages about ${settings.length + folders.length + commands.length} mistakes are the committed ones`, async () => {
  const lines: string[] = [];
  const add = async (input: string, message: Promise<string>) => {
    lines.push(`> ${input.trimEnd().replaceAll("\n", "\n> ")}`, await message, "");
  };
  for (const text of settings) {
    await add(text, messageAbout({ "dev.yaml": fileWith(text) }));
  }
  for (const files of folders) {
    await add(JSON.stringify(files), messageAbout(files));
  }
  for (const args of commands) {
    await add(`dkp-access ${args}`, messageOfCommand(args));
  }
  const actual = lines.join("\n");
  if (process.env.UPDATE_GOLDEN === "1") {
    writeFileSync(GOLDEN, actual);
  }
  expect(actual).toBe(readFileSync(GOLDEN, "utf8"));
}, 60_000);
