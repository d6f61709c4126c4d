import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withIam } from "../../../packages/cli/src/account/aws/iam-reader";
import { KEY_RULES } from "../../../packages/cli/src/account/keys/key-rules";
import { keyReport } from "../../../packages/cli/src/account/keys/report";
import { keySituation } from "../../../packages/cli/src/account/keys/situation";
import { levelOf, textOf } from "../../../packages/cli/src/findings/finding";
import { readState } from "../../../packages/cli/src/terraform/state-file";
import {
  pullState,
  stackFolder,
  terraformCli,
} from "../../../packages/cli/src/terraform/terraform-cli";
import { anchorOf } from "../../helpers/links";
import { PROJECT } from "../../helpers/project-root";
import type { LocalAws } from "./local-aws";
import {
  type AnyAws,
  DKP_ACCESS,
  type Finished,
  mustSucceed,
  runIn,
  Terraform,
  terraformEnvironment,
  withVariables,
} from "./terraform";
import { OUTPUT, type Variants } from "./variants";

const PAGE = readFileSync(join(PROJECT, "docs/how-to/recover.md"), "utf8");

/** By anchor of a section of docs/how-to/recover.md, the words of its symptom. */
const SYMPTOMS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  [...PAGE.matchAll(/^## (.+)\n\n((?:> .*\n)+)/gm)].map(([, heading = "", symptom = ""]) => [
    anchorOf(heading),
    [...symptom.matchAll(/`([^`]+)`/g)].map(([, words = ""]) => words),
  ]),
);

/** Whether an output shows the symptom of a section. */
export function shows(output: string, anchor: string): boolean {
  const text = output.replaceAll(/[\s│]+/g, " ");
  return (SYMPTOMS[anchor] ?? []).some((words) => text.includes(words));
}

/** What a person sees and changes on the way back. */
export interface Scene extends Stack {
  /** When the run started that failed. */
  readonly since: Date;
  readonly output: string;
}

export interface Stack {
  readonly aws: LocalAws;
  /**
   * The AWS that Terraform calls.
   * @default `aws`
   */
  readonly through?: AnyAws;
  readonly variants: Variants;
  /** Without `import`. */
  readonly settings: string;
}

/** Terraform's error, and the part of `import` that recover.md names for it. */
const IMPORTS: readonly (readonly [error: RegExp, part: string])[] = [
  [/User with name \S+ already exists/, "user"],
  [/A policy called D8CloudProviderAWS already exists/, "policy"],
  [/Role with name \S+ already exists/, "nodeRole"],
];

/** Returns the settings to apply next. */
type Remedy = (scene: Scene) => Promise<string>;

const unlock: Remedy = async (scene) => {
  const [, id = ""] = /ID:\s+([0-9a-f-]{36})/.exec(scene.output) ?? [];
  await succeed(terraformOf(scene), "force-unlock", "-force", id);
  return scene.settings;
};

const importCreated: Remedy = async (scene) => {
  const { settings, output } = scene;
  if (output.includes("A policy called D8CloudProviderAWS-2 already exists")) {
    const arn = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS-2";
    await succeed(terraformOf(scene), "import", "aws_iam_policy.policy-2", arn);
  }
  const parts = IMPORTS.filter(([error]) => error.test(output)).map(([, part]) => `${part}: true`);
  return `${settings}import: { ${parts.join(", ")} }\n`;
};

const deleteUnmanaged: Remedy = async (scene) => {
  await deleteReported(scene, await keysReport(scene));
  return scene.settings;
};

const destroyAgain: Remedy = async ({ settings }) => settings;

/** For a run that was killed or lost a response, in the order of recover.md. */
const REMEDIES: Readonly<Record<string, Remedy>> = {
  "stale-lock": unlock,
  "half-made": importCreated,
  "unmanaged-key": deleteUnmanaged,
  "interrupted-destroy": destroyAgain,
};

export interface Recovered {
  /** The rows of recover.md that were followed. */
  readonly rows: readonly string[];
  /** Whether the last run of Terraform had nothing to change. */
  readonly isUnchanged: boolean;
  /**
   * The keys outside the state that `dkp-access keys` named at the end, and that were deleted as
   * recover.md says.
   */
  readonly unmanaged: readonly string[];
}

const MOST_ROWS = 6;

/**
 * Follows recover.md until Terraform succeeds, and then ends with `dkp-access keys`.
 * @throws Error if Terraform shows something for which recover.md has no row
 */
export async function recover(
  given: Omit<Scene, "output">,
  command: "apply" | "destroy",
): Promise<Recovered> {
  const rows: string[] = [];
  let { settings } = given;
  let isUnchanged = false;
  for (;;) {
    const { status, output } = await terraformOf({ ...given, settings }).start(
      command,
      "-auto-approve",
    );
    if (status === 0) {
      isUnchanged = output.includes("No changes.");
      break;
    }
    const row = Object.keys(REMEDIES).find((anchor) => shows(output, anchor));
    if (row === undefined || rows.length === MOST_ROWS) {
      throw new Error(
        `docs/how-to/recover.md has no row for this, after ${rows.join(", ")}:\n${output}`,
      );
    }
    rows.push(row);
    settings = (await REMEDIES[row]?.({ ...given, settings, output })) ?? settings;
  }
  if (command === "destroy") {
    return { rows, isUnchanged, unmanaged: [] };
  }
  const unmanaged = await deleteReported(given, await keysReport(given));
  return { rows, isUnchanged, unmanaged };
}

/** Terraform in the folder of the settings. */
export function terraformOf({ aws, through = aws, variants, settings }: Stack): Terraform {
  return new Terraform(variants.of(settings).stack, through);
}

/**
 * Also for an AWS that is a proxy in this process.
 * @throws Error with Terraform's output if it fails
 */
export async function succeed(terraform: Terraform, ...args: string[]): Promise<string> {
  return mustSucceed(await terraform.start(...args));
}

export interface KeysReport {
  readonly findings: readonly {
    readonly rule: string;
    readonly level: string;
    readonly text: string;
  }[];
  readonly keys: readonly { readonly id: string; readonly who: string }[];
}

/** The rules that require attention. */
export const attentionOf = ({ findings }: KeysReport) =>
  findings.filter(({ level }) => level !== "note").map(({ rule }) => rule);

/** Runs `dkp-access` in the project. */
export function dkpAccess(
  { aws, variants, settings }: Stack,
  ...args: readonly string[]
): Finished {
  return runIn(variants.of(settings).project, terraformEnvironment(aws), ...DKP_ACCESS, ...args);
}

/** What `dkp-access keys` reports, read in this process. */
export async function keysReport({ aws, variants, settings }: Stack): Promise<KeysReport> {
  const { project, deployment } = variants.of(settings);
  const variables = terraformEnvironment(aws);
  const terraform = terraformCli(variables, () => undefined);
  const folder = stackFolder(terraform, join(project, OUTPUT), deployment.stack);
  const { findings, rows } = await withVariables(variables, async () => {
    const state = { value: readState(await pullState(terraform, folder)) };
    const waiting = { progress: () => undefined, limit: 120 };
    return await withIam(deployment, waiting, async (iam) =>
      keyReport(await keySituation(deployment, state, iam)),
    );
  });
  return {
    findings: findings.map((finding) => ({
      rule: finding.rule,
      level: levelOf(KEY_RULES, finding),
      text: textOf(KEY_RULES, finding),
    })),
    keys: rows.map(({ id, who }) => ({ id, who })),
  };
}

/**
 * Deletes the keys that the report names, that the failed run created and that were never used, as
 * the row `unmanaged-key` says.
 * @throws Error if the report does not name every key of the user that is not in the state
 */
async function deleteReported(
  { aws, since }: Pick<Scene, "aws" | "since">,
  { keys }: KeysReport,
): Promise<readonly string[]> {
  const iam = aws.iam();
  const whoHas = new Map(keys.map(({ id, who }) => [id, who]));
  const outside = (await aws.keysOf()).filter(
    ({ AccessKeyId = "" }) => whoHas.get(AccessKeyId) !== "Terraform",
  );
  const unused: string[] = [];
  for (const { AccessKeyId = "", CreateDate } of outside) {
    if (!whoHas.has(AccessKeyId)) {
      throw new Error(`dkp-access keys does not name ${AccessKeyId}`);
    }
    const { AccessKeyLastUsed } = await iam.getAccessKeyLastUsed({ AccessKeyId });
    if (
      AccessKeyLastUsed?.LastUsedDate === undefined &&
      (CreateDate?.getTime() ?? 0) >= since.getTime()
    ) {
      unused.push(AccessKeyId);
      await aws.deleteKey(AccessKeyId);
    }
  }
  return unused;
}
