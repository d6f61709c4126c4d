import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Command, CommanderError } from "commander";
import { packageVersion } from "../../text/package-file";
import { page } from "../text/recovery";
import { shellWord } from "../text/shell";
import { type CommandName, EXIT, EXIT_CODES } from "./exit-codes";
import { ENVIRONMENT_VARIABLES, type EnvironmentVariable } from "./support/environment-variables";
import { type Define, type Host, Session } from "./support/session";

interface CommandRow {
  readonly summary: string;
  readonly environment: readonly EnvironmentVariable[];
  /** Loads the module of the command. A command that uses neither CDKTF nor the AWS SDK works where they are not installed. */
  readonly load: () => { readonly define: Define };
}

const SETTINGS = ["CDKTF_CONTEXT_JSON", "DEBUG"] as const;
const AWS = ["AWS_...", "HTTPS_PROXY", "NO_PROXY"] as const;
const TERRAFORM = ["TERRAFORM_BINARY_NAME", "TF_DATA_DIR", "TERRAFORM_TIMEOUT", "CDKTF_OUTDIR"] as const;

/** The commands, in the order of the help. */
export const COMMANDS: Readonly<Record<CommandName, CommandRow>> = {
  init: {
    summary: "create a repository for deployments",
    environment: ["DEBUG"],
    load: () => require("./init") as typeof import("./init"),
  },
  synth: {
    summary: "write the Terraform JSON of all deployments",
    environment: ["CDKTF_OUTDIR", ...SETTINGS],
    load: () => require("./synth") as typeof import("./synth"),
  },
  policy: {
    summary: "print the policy as AWS stores it, or explain an action",
    environment: SETTINGS,
    load: () => require("./policy") as typeof import("./policy"),
  },
  review: {
    summary: "write the review packs",
    environment: SETTINGS,
    load: () => require("./review") as typeof import("./review"),
  },
  diff: {
    summary: "summarize a change of the settings, or a plan",
    environment: ["TERRAFORM_BINARY_NAME", "TERRAFORM_TIMEOUT", ...SETTINGS],
    load: () => require("./diff") as typeof import("./diff"),
  },
  plan: {
    summary: "plan one deployment, and summarize the plan; applies nothing",
    environment: [...AWS, ...TERRAFORM, ...SETTINGS],
    load: () => require("./plan") as typeof import("./plan"),
  },
  preflight: {
    summary: "check the AWS account before DKP is installed",
    environment: [...AWS, ...TERRAFORM, ...SETTINGS],
    load: () => require("./preflight") as typeof import("./preflight"),
  },
  keys: {
    summary: "show the status of the access keys and the next step of a rotation",
    environment: [...AWS, ...TERRAFORM, ...SETTINGS],
    load: () => require("./keys") as typeof import("./keys"),
  },
  "hand-over": {
    summary: "print the provider block for DKP, with the secret",
    environment: [...TERRAFORM, ...SETTINGS],
    load: () => require("./hand-over") as typeof import("./hand-over"),
  },
  drift: {
    summary: "report what exists in AWS in addition to what Terraform manages",
    environment: [...AWS, ...TERRAFORM, ...SETTINGS],
    load: () => require("./drift") as typeof import("./drift"),
  },
};

/** What people type for something that has another name here. */
const OTHER_NAMES: readonly (readonly [names: readonly string[], instead: string])[] = [
  [["v", "-v", "version"], "dkp-access --version prints the version"],
  [["apply", "deploy"], "dkp-access plan STACK plans, and prints the command that applies"],
  [["list", "ls", "status"], "dkp-access keys and dkp-access drift report the status, dkp-access plan what is not applied yet"],
  [["audit", "leak", "rotate"], "dkp-access keys reports the next step of a rotation; keys --leaked the steps after a leak"],
  [["check", "lint", "validate"], "dkp-access synth validates the settings, dkp-access preflight checks the account"],
  [["upgrade"], "dkp-access diff STACK --dkp-version TO reports what another version of DKP requires"],
  [["destroy"], `the steps are in ${page("how-to/change-and-retire.md")}`],
  [["import"], `the steps are in ${page("how-to/import.md")}`],
  [["output", "outputs"], "dkp-access hand-over prints the provider block for DKP; terraform output prints the outputs"],
];

/**
 * Runs the command-line program.
 * @param args the arguments after the name of the program
 * @returns the exit code. Every error is printed as one message
 */
export async function runProgram(args: readonly string[], host: Host): Promise<number> {
  const session = new Session(host);
  let named: string | undefined;
  try {
    const program = root(session);
    const { operands, unknown } = program.parseOptions([...args]);
    const [first = ""] = [...operands, ...unknown];
    const [, instead] = OTHER_NAMES.find(([names]) => names.includes(first)) ?? [];
    if (instead !== undefined) {
      throw new Error(`unknown command "${first}"; ${instead}`);
    }
    named = operands[0] === "help" ? operands[1] : operands[0];
    addCommands(program, session, (name) => name === named);
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      session.fail(error);
    } else if (error.exitCode !== 0) {
      // The help that stands for a missing command is printed already.
      session.printError(error.code === "commander.help" ? "" : `${usageError(error, named)}\n`);
      session.raise(EXIT.error);
    }
  }
  return session.exitCode;
}

function addCommands(program: Command, session: Session, isDefined: (name: string) => boolean): void {
  for (const [name, row] of Object.entries(COMMANDS)) {
    const command = program.command(name).summary(row.summary).description(row.summary).allowExcessArguments(false);
    if (isDefined(name)) {
      row.load().define(command, session);
      command.addHelpText("after", () => additionalHelp(command, name as CommandName));
    }
  }
}

/** The part of a command's help that commander does not know: environment variables and exit codes. */
function additionalHelp(command: Command, name: CommandName): string {
  const help = command.createHelp();
  help.prepareContext({ helpWidth: command.configureOutput().getOutHelpWidth?.() ?? 80 });
  const variables = COMMANDS[name].environment.map((variable) => [variable, ENVIRONMENT_VARIABLES[variable]] as const);
  const codes = Object.entries(EXIT_CODES[name]);
  const section = (title: string, rows: readonly (readonly [string, string])[]) => {
    const width = Math.max(...rows.map(([term]) => term.length));
    return [title, ...rows.map(([term, text]) => help.formatItem(term, width, text, help)), ""].join("\n");
  };
  return `\n${section("Environment variables:", variables)}\n${section("Exit codes:", codes).trimEnd()}`;
}

/** The program without its commands. Commands inherit these settings. */
function root(session: Session): Command {
  const program = new Command("dkp-access");
  return program
    .description("AWS access for the Deckhouse Kubernetes Platform")
    .version(packageVersion())
    .option(
      "--project <folder>",
      "the folder with cdktf.json; paths in arguments, options and environment variables are relative to it",
      ".",
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => session.print(text),
      writeErr: session.printError,
      // `runProgram` prints errors.
      outputError: () => {},
    })
    .showSuggestionAfterError()
    .exitOverride()
    .hook("preAction", (_, action) => {
      const { project } = program.opts<{ readonly project: string }>();
      if (action.name() === "init") {
        process.chdir(project);
      } else {
        enterProject(project);
      }
    });
}

/** Commander's message on one line, with the remedy. @param command the command in the arguments, if there is one of that name */
function usageError({ code, message }: CommanderError, command = ""): string {
  const [text = "", suggestion] = message.replace("error: ", "").trim().split("\n");
  const program = Object.hasOwn(COMMANDS, command) ? `dkp-access ${command}` : "dkp-access";
  if (suggestion !== undefined) {
    return `${text}, ${suggestion.slice(1, -1).replace("Did", "did")}`;
  }
  const sentence = text.replace(/\.$/, "");
  return code === "commander.invalidArgument" ? sentence : `${sentence}; ${program} --help shows the usage`;
}

/** Makes a project the current folder. @throws Error if it is not a folder with cdktf.json */
function enterProject(folder: string): void {
  if (!existsSync(join(folder, "cdktf.json"))) {
    const above = projectAbove(resolve(folder));
    throw new Error(
      above === undefined
        ? `${resolve(folder)}: has no cdktf.json; run the command in the folder of a project, or name it with --project FOLDER`
        : `${resolve(folder)}: has no cdktf.json, and ${above} has one; run the command there, or add --project ${shellWord(above)}`,
    );
  }
  process.chdir(folder);
}

/** The nearest folder above that has cdktf.json. */
function projectAbove(folder: string): string | undefined {
  const above = dirname(folder);
  if (above === folder) {
    return undefined;
  }
  return existsSync(join(above, "cdktf.json")) ? above : projectAbove(above);
}
