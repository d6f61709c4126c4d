import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { lockOf } from "../../../../src/app";
import type { Deployment } from "../../../../src/settings/deployment";
import { ADDRESSES } from "../../../../src/terraform/addresses";
import { readBytes, textIn } from "../../../../src/text/files";
import { textOf } from "../../../../src/text/json";
import { type Changes, changesExitCode, changesJson } from "../diff/changes";
import { readBase } from "../diff/packs/baseline";
import { changesAgainst } from "../diff/packs/compare";
import { type Files, LOCK_FILE } from "../diff/packs/pack-side";
import { planOf, readPlan } from "../diff/plan-file";
import { changesOfPlan } from "../diff/plans/plan-findings";
import { changesMarkdown, changesText } from "../diff/render-summary";
import { comparedPack } from "../review/pack";
import { reviewed } from "../review/reviewed";
import { shellCommand } from "../text/advice";
import { STACKS_HELP, selectDeployments, selectOne } from "./support/deployments";
import { type Define, formatOption, type Session } from "./support/session";

export const FORMATS: Readonly<Record<Format, (changes: Changes) => string>> = {
  text: changesText,
  markdown: changesMarkdown,
  json: changesJson,
};

interface Options {
  readonly against?: string;
  readonly plan?: string;
  readonly format: Format;
}

export type Format = "text" | "markdown" | "json";

export const define: Define = (command, session) => {
  command
    .description("Summarizes what a change of the settings or a plan does.")
    .argument("[stack...]", `${STACKS_HELP}; with --plan exactly one`)
    .addOption(
      new Option(
        "--against <git-ref-or-folder>",
        "a Git ref, or a folder of review packs, written as ./old",
      ).conflicts(["plan"]),
    )
    .addOption(
      new Option(
        "--plan <file>",
        "the output of terraform show -json; the exit code is at least 2",
      ),
    )
    .addOption(formatOption("text", "markdown", "json"))
    .action(async (names: readonly string[], options: Options) => {
      const changes = await changesAsked(command, session, names, options);
      session.print(FORMATS[options.format](changes));
      session.raise(changesExitCode(changes));
    });
};

async function changesAsked(
  command: Command,
  session: Session,
  names: readonly string[],
  options: Options,
): Promise<Changes> {
  const { against, plan } = options;
  if (plan !== undefined) {
    return ofPlan(session, selectOne(session, names).deployment, plan);
  }
  if (against === undefined) {
    return command.error("error: --against or --plan is missing");
  }
  const { deployments } = selectDeployments(session, names);
  const base = readBase(against, ".", session.host.env);
  const packs = Object.entries(base.packs).filter(
    ([stack]) => names.length === 0 || names.includes(stack),
  );
  const current = deployments.map((deployment) => {
    const lock = base.hasLocks ? lockOf(deployment.stack) : undefined;
    return [
      deployment.stack,
      { ...packOf(deployment), ...(lock === undefined ? {} : { [LOCK_FILE]: lock }) },
    ] as const;
  });
  return changesAgainst(
    Object.fromEntries(packs),
    Object.fromEntries(current),
    `Compared with ${base.source}`,
    packOf,
  );
}

/** @throws Error for a saved plan, which only Terraform can read, and for that of another user */
function ofPlan({ output, terraform }: Session, deployment: Deployment, file: string): Changes {
  const { stack, user } = deployment;
  const bytes = readBytes(file);
  if (bytes.toString("latin1", 0, 4) === "PK\u0003\u0004") {
    const folder = `-chdir=${join(output, "stacks", stack)}`;
    const show = shellCommand(terraform.binary, folder, "show", "-json", resolve(file));
    throw new Error(`${file}: is a saved plan; give its JSON, which ${show} prints`);
  }
  const plan = readPlan(file, textIn(bytes, file));
  const { after, before } =
    planOf(plan).changes.find(({ address }) => address === ADDRESSES.user) ?? {};
  const name = textOf((after ?? before)?.name);
  if (name !== undefined && name !== user.name) {
    throw new Error(
      `${file}: is the plan of another user than ${user.name}, that of ${stack}; ` +
        "name the stack of the plan",
    );
  }
  return changesOfPlan(
    plan,
    stack,
    `Plan ${file}`,
    [{ rule: "plan-unverified", values: {} }],
    deployment,
  );
}

const packOf = (deployment: Deployment): Files => comparedPack(reviewed(deployment));
