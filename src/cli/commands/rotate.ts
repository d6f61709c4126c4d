import { Option } from "commander";
import type { Deployment } from "../../settings/deployment";
import { withAws } from "../account/aws/client";
import { IamReader } from "../account/aws/iam-reader";
import { isOwnPair } from "../account/cluster-pair";
import {
  isUnknownKey,
  OF_COMMANDER,
  requireAccount,
  requireCluster,
  requireLeakedCluster,
} from "../account/hand-over/replacement";
import { checkSecretFile } from "../account/hand-over/secret-file";
import { type LeakWorld, leakPlan, leakPlanText, respond } from "../account/rotate/leak";
import {
  type Destination,
  keysBefore,
  newKeyFor,
  toCommand,
  toFile,
} from "../account/rotate/new-key";
import { type RotateFound, RUN_LIMIT, unreadFindings } from "../account/rotate/next-step";
import { ROTATE_RULES, type RotateRules } from "../account/rotate/rotate-rules";
import { type Rotated, rotateOnce } from "../account/rotate/rotation";
import { rotationWorld, userWorld } from "../account/rotate/world";
import { type RunningCluster, runningCluster, SECRET_NAME } from "../cluster/running-cluster";
import {
  adviceLines,
  EXIT,
  exitCodeOf,
  type Finding,
  levelOf,
  reportJson,
  textOf,
} from "../findings/finding";
import { leakCommands } from "../iam/leaked-key";
import { dkpAccess } from "../text/advice";
import {
  type Agreement,
  addClusterOptions,
  type ClusterOptions,
  keyId,
  namedCluster,
  replacesOption,
  requireYes,
} from "./support/cluster";
import { STACK_HELP, selectOne } from "./support/deployments";
import { type Define, formatOption, type Session } from "./support/session";

interface Options extends ClusterOptions, Agreement {
  readonly now?: true;
  readonly leaked?: readonly string[];
  readonly out?: string;
  readonly exec?: string;
  readonly format: string;
}

/** In seconds: the one call that the pair of a cluster signs. */
const SIGN_LIMIT = 60;

/** Options that a key for another destination than a cluster excludes. */
const ELSEWHERE = ["cluster", "now"];

export const define: Define = (command, session) => {
  command
    .description(
      "Does the next step of a rotation: creates a key, gives it to the cluster, " +
        "deactivates or deletes the former one. " +
        "Run it every night, with accessKeys: { managedBy: rotate }.\n\n" +
        "With --leaked, it gives another key to the cluster, FILE or COMMAND, " +
        "then deletes the leaked keys. " +
        "Without --cluster, --out and --exec, it only deletes them.",
    )
    .argument("[stack]", STACK_HELP)
    .option("--now", "begin a rotation before its time")
    .addOption(
      new Option("--leaked <key...>", "respond to a leak of these keys instead")
        .argParser((text, given: readonly string[] = []) => [...given, keyId("--leaked", text)])
        .conflicts("now"),
    )
    .addOption(
      new Option(
        "--out <file>",
        "create a key for an installation or Commander, in a new file of mode 0600",
      ).conflicts(ELSEWHERE),
    )
    .addOption(
      new Option("--exec <command>", "pass the key to this command's input").conflicts([
        ...ELSEWHERE,
        "out",
      ]),
    )
    .option("--yes", "do not ask");
  addClusterOptions(command, "read and write the key of a running cluster")
    .addOption(replacesOption())
    .addOption(formatOption("text", "json"))
    .action((stack: string | undefined, options: Options) => rotate(session, stack, options));
};

async function rotate(session: Session, name: string | undefined, options: Options): Promise<void> {
  const { deployment } = selectOne(session, [name]);
  const { stack, managedBy } = deployment;
  if (managedBy === undefined) {
    throw new Error(
      `accessKeys: is none in the settings of ${stack}, so somebody else creates its keys; ` +
        "write accessKeys: { managedBy: rotate }, or rotate them there",
    );
  }
  const destination = destinationOf(session, options);
  if (options.leaked !== undefined) {
    return report(session, stack, options, {
      findings: await leakResponse(session, deployment, options.leaked, destination, options),
    });
  }
  if (destination !== undefined && managedBy === "terraform") {
    throw new Error(
      `--out: Terraform creates the keys of ${stack}; write accessKeys: { managedBy: rotate }, ` +
        `or hand over its key: ${dkpAccess("hand-over", stack, "--out", "FILE")}`,
    );
  }
  if (destination !== undefined) {
    return report(session, stack, options, {
      findings: [await createdFor(session, deployment, destination, options)],
    });
  }
  const run = options.cluster === true ? inCluster : withoutCluster;
  report(session, stack, options, await run(session, deployment, options));
}

function destinationOf(
  { host: { env } }: Session,
  { out, exec }: Options,
): Destination | undefined {
  if (exec !== undefined) {
    return toCommand(exec, env);
  }
  if (out === undefined) {
    return undefined;
  }
  checkSecretFile(out, env);
  return toFile(out, env);
}

async function createdFor(
  session: Session,
  deployment: Deployment,
  to: Destination,
  { yes }: Options,
): Promise<RotateFound> {
  return await withUser(session, deployment, async (world, iam) => {
    await requireAccount(deployment, iam);
    session.printError(await keysBefore(world, deployment.user.name));
    await requireYes(session, { yes }, "Do this?");
    return await newKeyFor(world, deployment, to, session.printError);
  });
}

async function withUser<T>(
  session: Session,
  deployment: Deployment,
  work: (world: LeakWorld, iam: IamReader) => Promise<T>,
): Promise<T> {
  const { region, provider } = deployment;
  return await withAws({ region, ...provider }, session.waiting(RUN_LIMIT / 1000), (aws) =>
    work(userWorld(aws, deployment), new IamReader(aws)),
  );
}

function report(
  session: Session,
  stack: string,
  options: Options,
  { findings, given }: Rotated,
): void {
  session.raise(exitCodeOf<RotateRules>(ROTATE_RULES, findings));
  const named = findings.map((found) => {
    return { ...found, stack, values: { ...found.values, stack } } as Finding<RotateRules>;
  });
  if (options.format === "json") {
    session.printJson(reportJson<RotateRules>(ROTATE_RULES, named, [{ stack }], { given }));
    return;
  }
  session.print(named.map(textOfFound).join(""));
  if (given !== undefined) {
    session.print(
      `the cluster has the key ${given} now: read back from ${SECRET_NAME}. ` +
        "DKP restarts the components that call AWS\n",
    );
  }
}

async function leakResponse(
  session: Session,
  deployment: Deployment,
  leaked: readonly string[],
  to: Destination | undefined,
  options: Options,
): Promise<readonly RotateFound[]> {
  const { region, user } = deployment;
  return await withUser(session, deployment, async (keys, iam) => {
    await requireAccount(deployment, iam);
    const read = await readWorld(session, deployment, iam, keys, options);
    const create =
      to && (() => newKeyFor(read, deployment, to, session.printError, "leak-new-key"));
    const world = { ...read, elsewhere: create && { name: to.name, create } };
    const plan = await leakPlan(world, leaked, user.name);
    session.printError(leakPlanText(plan, world.now(), world));
    await requireYes(session, { yes: options.yes }, "Do this?");
    const { removeDenial } = leakCommands(user.name, region);
    return await respond(world, plan, removeDenial).catch((error: Error) => {
      // A leaked key may work, or DKP's may not.
      session.raise(EXIT.breaking);
      const repeat = "the response has not ended; correct this, and run the command again";
      throw new Error(`${error.message}; ${repeat}`, { cause: error });
    });
  });
}

/**
 * The cluster, if it is named and answers.
 * @throws Error if it is another cluster than that of the settings
 */
async function readWorld(
  session: Session,
  deployment: Deployment,
  iam: IamReader,
  world: LeakWorld,
  options: Options,
): Promise<LeakWorld> {
  if (options.cluster !== true) {
    return world;
  }
  const access = await namedCluster(session, options);
  const cluster = await runningCluster(access).catch((error: Error) => {
    session.printError(`${error.message}\n`);
  });
  if (cluster === undefined) {
    return world;
  }
  await requireLeakedCluster(deployment, cluster, options.leaked ?? [], iam);
  const refusal = cluster.isOfCommander ? OF_COMMANDER : undefined;
  const signs = () => isOwnPair(deployment, access, session.waiting(SIGN_LIMIT));
  return { ...rotationWorld(world, access, cluster, signs), refusal };
}

async function inCluster(
  session: Session,
  deployment: Deployment,
  options: Options,
): Promise<Rotated> {
  const access = await namedCluster(session, options);
  const cluster = await runningCluster(access);
  return await withUser(session, deployment, async (user, iam) => {
    await requireCluster(deployment, cluster, iam);
    const from = cluster.configuration.keyId;
    // Reads twice, a minute apart: IAM may not list a new key yet.
    await isUnknownKey(deployment, from, iam);
    let isDown = false;
    const agree = async (findings: readonly RotateFound[]) => {
      isDown = findings.some(({ rule }) => rule === "replace-dead");
      if (options.yes !== true) {
        session.printError(findings.map(textOfFound).join(""));
      }
      const question = `Do this for ${deployment.stack} in ${access.context}?`;
      const replaced = { from, isUnproven: isDown, context: access.context };
      await requireYes(session, options, question, replaced);
    };
    const signs = () => isOwnPair(deployment, access, session.waiting(SIGN_LIMIT));
    const world = rotationWorld(user, access, cluster, signs);
    return await rotateOnce(world, wantedOf(session, deployment, cluster, options), agree).catch(
      (error: unknown) => {
        session.raise(isDown ? EXIT.breaking : EXIT.success);
        throw error;
      },
    );
  });
}

function wantedOf(
  { host }: Session,
  { stack, user, region, managedBy, maxAge = 0 }: Deployment,
  { isOfCommander }: RunningCluster,
  { now, yes, replaces }: Options,
): Parameters<typeof rotateOnce>[1] {
  const mode = managedBy === "rotate" ? undefined : "Terraform";
  const to = isOfCommander ? ["--out", "FILE"] : ["--cluster"];
  return {
    maxAge,
    isWanted: now === true,
    isAnswered: replaces !== undefined || (yes !== true && host.stdin.isTTY === true),
    reader: isOfCommander ? "Commander" : mode,
    deactivate: leakCommands(user.name, region).deactivate,
    giving: dkpAccess(mode === undefined ? "rotate" : "hand-over", stack, ...to),
  };
}

/** Without the cluster nothing is ended. */
async function withoutCluster(session: Session, deployment: Deployment): Promise<Rotated> {
  const { user, region, maxAge = 0 } = deployment;
  return await withUser(session, deployment, async (world, iam) => {
    await requireAccount(deployment, iam);
    const keys = await world.keys();
    const { deactivate } = leakCommands(user.name, region);
    return { findings: unreadFindings({ keys, now: world.now(), maxAge, deactivate }) };
  });
}

function textOfFound(found: RotateFound): string {
  const level = levelOf<RotateRules>(ROTATE_RULES, found);
  const prefix = level === "note" ? "" : `${level}: `;
  const lines = adviceLines<RotateRules>(ROTATE_RULES, found).map((line) => `  ${line}\n`);
  return `${prefix}${textOf<RotateRules>(ROTATE_RULES, found)}\n${lines.join("")}`;
}
