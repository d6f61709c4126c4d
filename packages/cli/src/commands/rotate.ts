import { Option } from "commander";
import type { Deployment, KeySettings } from "../../../../src/settings/deployment";
import { withAws } from "../account/aws/client";
import { IamReader, requiredOf } from "../account/aws/iam-reader";
import { isOwnPair } from "../account/cluster-pair";
import { keyAnswer } from "../account/dkp-key";
import {
  isUnknownKey,
  leakRefusal,
  requireAccount,
  requireCluster,
} from "../account/hand-over/replacement";
import { checkSecretFile } from "../account/hand-over/secret-file";
import { withRemedy } from "../account/rotate/call-remedies";
import {
  contained,
  type LeakPlan,
  type LeakWorld,
  leakPlan,
  leakPlanText,
  patient,
  respond,
  toAny,
  toContext,
} from "../account/rotate/leak";
import {
  type Destination,
  keysBefore,
  newKeyFor,
  toFile,
  toOutput,
} from "../account/rotate/new-key";
import {
  type RotateFound,
  RUN_LIMIT,
  rotatingOf,
  unreadFindings,
} from "../account/rotate/next-step";
import { ROTATE_RULES, type RotateRules } from "../account/rotate/rotate-rules";
import { type Rotated, rotateOnce } from "../account/rotate/rotation";
import { rotationWorld, userWorld } from "../account/rotate/world";
import { serverOf } from "../cluster/d8";
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
import { keyCommands } from "../iam/leaked-key";
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
import { STACK_HELP, selectKeySettings, selectOne } from "./support/deployments";
import { answerOf, type Define, formatOption, type Session } from "./support/session";

interface Options extends ClusterOptions, Agreement {
  readonly now?: true;
  readonly leaked?: readonly string[];
  readonly out?: string;
  readonly format: string;
}

/** In seconds: the one call that the pair of a cluster signs. */
const SIGN_LIMIT = 60;

export const define: Define = (command, session) => {
  command
    .description(
      "Does the next step of a rotation: creates a key, gives it to the cluster, " +
        "deactivates or deletes the former one. " +
        "Run it every night, with accessKeys: { managedBy: rotate }.\n\n" +
        "With --leaked, whoever manages the keys, it gives another key to the cluster or FILE, " +
        "then deletes the leaked keys. " +
        "Without --cluster and --out, it only deletes them.",
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
        "create a key for an installation or Commander, in a new file of mode 0600; - is a pipe",
      ).conflicts(["cluster", "now"]),
    )
    .option("--yes", "do not ask");
  addClusterOptions(command, "read and write the key of a running cluster")
    .addOption(replacesOption())
    .addOption(formatOption("text", "json"))
    .action((stack: string | undefined, options: Options) => rotate(session, stack, options));
};

async function rotate(session: Session, name: string | undefined, options: Options): Promise<void> {
  const { leaked, out } = options;
  if (leaked !== undefined) {
    return await leakResponse(session, name, leaked, options).catch((error: unknown) => {
      // A leaked key may work, or DKP's may not.
      session.raise(EXIT.breaking);
      throw error;
    });
  }
  const { deployment } = selectOne(session, [name]);
  const {
    stack,
    accessKeys: { managedBy },
  } = deployment;
  if (managedBy === "none") {
    throw new Error(
      `accessKeys.managedBy: is none in the settings of ${stack}, so somebody else creates its ` +
        'keys; write "rotate", or rotate them there',
    );
  }
  if (out !== undefined && managedBy === "terraform") {
    throw new Error(
      `--out: Terraform creates the key of ${stack}; write accessKeys: { managedBy: rotate }, ` +
        `or hand over its key: ${dkpAccess("hand-over", stack, "--out", "FILE")}`,
    );
  }
  if (out !== undefined) {
    const findings = [await createdFor(session, deployment, destination(session, out), options)];
    return report(session, stack, options, { findings });
  }
  const run = options.cluster === true ? inCluster : withoutCluster;
  report(session, stack, options, await run(session, deployment, options));
}

function destination({ host: { env, stdout } }: Session, out: string): Destination {
  if (out === "-") {
    return toOutput(stdout);
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
    const { text, room } = await keysBefore(world, deployment.user.name);
    session.printError(text);
    await requireYes(session, { yes }, "Do this?");
    await (room && world.deleteKey(room.id));
    return await newKeyFor(world, deployment, to, session.printError);
  });
}

async function withUser<T>(
  session: Session,
  deployment: KeySettings,
  work: (world: LeakWorld, iam: IamReader) => Promise<T>,
): Promise<T> {
  const { region, provider } = deployment;
  return await withAws({ region, ...provider }, session.waiting(RUN_LIMIT / 1000), (aws) =>
    work(userWorld(aws, deployment), new IamReader(aws)),
  ).catch((error: unknown) => {
    throw withRemedy(error);
  });
}

function report(
  session: Session,
  stack: string,
  options: Options,
  { findings, given }: Rotated,
): void {
  session.raise(exitCodeOf<RotateRules>(ROTATE_RULES, findings));
  // A pipe has the block alone.
  const print = (text: string) =>
    options.out === "-" ? session.printError(text) : session.print(text);
  const named = findings.map((found) => {
    return { ...found, stack, values: { ...found.values, stack } } as Finding<RotateRules>;
  });
  if (options.format === "json") {
    const json = reportJson<RotateRules>(ROTATE_RULES, named, [{ stack }], { given });
    print(`${JSON.stringify(json, null, 2)}\n`);
    return;
  }
  print(named.map(textOfFound).join(""));
  if (given !== undefined) {
    session.print(
      `the cluster has the key ${given} now: read back from ${SECRET_NAME}. ` +
        "DKP restarts the components that call AWS\n",
    );
  }
}

async function leakResponse(
  session: Session,
  name: string | undefined,
  leaked: readonly string[],
  options: Options,
): Promise<void> {
  const deployment = selectKeySettings(session, name);
  const {
    region,
    user,
    stack,
    accountId,
    accessKeys: { managedBy },
  } = deployment;
  const findings = await withUser(session, deployment, async (keys, iam) => {
    const { world, receiver } = await leakWorld(session, deployment, iam, patient(keys), options);
    const plan = await leakPlan(world, leaked, user.name);
    const account = await iam.account();
    const isOther = accountId !== undefined && "value" in account && account.value !== accountId;
    // Only IAM's list proves that a user of this account has a named key.
    if (isOther && plan.keys.every(({ created }) => created === undefined)) {
      await requireAccount(deployment, iam);
    }
    session.printError(leakPlanText(plan, world.now(), receiver, managedBy));
    const agreed = await agreedPlan(session, plan, world.context, options);
    const { removeDenial } = keyCommands(user.name, region);
    return await respond(world, agreed, removeDenial, managedBy).catch((error: unknown) => {
      const { message } = withRemedy(error) as Error;
      const repeat = "the response has not ended; correct this, and run the command again";
      throw new Error(`${message}; ${repeat}`, { cause: error });
    });
  });
  report(session, stack, options, { findings });
}

/**
 * What a leaked pair proves about a cluster is nothing: before it gets a key, a person names it.
 * @throws Error that nothing was changed, without an answer
 */
async function agreedPlan(
  session: Session,
  plan: LeakPlan,
  context: string | undefined,
  { yes, context: given }: Options,
): Promise<LeakPlan> {
  if (!plan.isGiven || context === undefined || (yes === true && given !== undefined)) {
    await requireYes(session, { yes }, "Do this?");
    return plan;
  }
  const options = toContext(context);
  if (session.host.stdin.isTTY !== true) {
    await requireYes(session, { yes }, "Do this?");
    const reason = "there is no terminal to ask for the name of the context at";
    return contained(plan, { reason, options });
  }
  const question =
    `Type ${context}, the name of the context, to do this; ` +
    "contain ends the leaked keys and gives no key; Ctrl-C changes nothing: ";
  const answers = [context, "contain"];
  const answer = await answerOf(session, question, (text) => answers.includes(text));
  if (answer === undefined) {
    throw new Error("nothing was changed: the input ended without an answer");
  }
  return answer === context ? plan : contained(plan, { reason: "the answer was contain", options });
}

/** Where another key goes, if something can take it: nothing here ends the response. */
async function leakWorld(
  session: Session,
  deployment: KeySettings,
  iam: IamReader,
  world: LeakWorld,
  options: Options,
): Promise<{ readonly world: LeakWorld; readonly receiver: string }> {
  const { out, leaked = [] } = options;
  try {
    if (out !== undefined) {
      const to = destination(session, out);
      const create = () => newKeyFor(world, deployment, to, session.printError, "leak-new-key");
      return { world: { ...world, elsewhere: { name: to.name, create } }, receiver: to.name };
    }
    if (options.cluster === true) {
      const access = await namedCluster(session, options);
      const cluster = await runningCluster(access);
      const { context } = access;
      const server = await serverOf(access).catch(() => "of an unknown address");
      const reason = await leakRefusal(deployment, cluster, leaked, iam);
      if (reason !== undefined && !cluster.isOfCommander) {
        return { world: { ...world, refusal: { reason, options: toAny() } }, receiver: "nothing" };
      }
      const refusal = reason === undefined ? undefined : { reason, options: "--out FILE" };
      const signs = () => isOwnPair(deployment, access, session.waiting(SIGN_LIMIT));
      return {
        world: { ...rotationWorld(world, access, cluster, signs), context, refusal },
        receiver:
          `the cluster ${cluster.prefix ?? "without a prefix"} ` +
          `(context ${context}, ${server})`,
      };
    }
  } catch (error) {
    const reason = (error as Error).message;
    const to = out === undefined ? toAny(options.context) : "--out FILE";
    return { world: { ...world, refusal: { reason, options: to } }, receiver: "nothing" };
  }
  return { world, receiver: "nothing" };
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
    if (requiredOf(await iam.keys(deployment.user.name)) === undefined) {
      const nobody = { keys: [], exists: false, managed: undefined, now: user.now() };
      return { findings: keyAnswer({ settings: deployment, cluster, ...nobody }) };
    }
    const from = cluster.configuration.keyId;
    // Reads twice, a minute apart: IAM may not list a new key yet.
    await isUnknownKey(deployment, cluster, iam);
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
  deployment: Deployment,
  { isOfCommander }: RunningCluster,
  { now, yes, replaces }: Options,
): Parameters<typeof rotateOnce>[1] {
  return {
    ...rotatingOf(deployment, isOfCommander),
    isWanted: now === true,
    isAnswered: replaces !== undefined || (yes !== true && host.stdin.isTTY === true),
  };
}

/** Without the cluster nothing is ended. */
async function withoutCluster(session: Session, deployment: Deployment): Promise<Rotated> {
  return await withUser(session, deployment, async (world, iam) => {
    await requireAccount(deployment, iam);
    const keys = await world.keys();
    const situation = { ...rotatingOf(deployment, false), keys, now: world.now() };
    return { findings: unreadFindings(situation) };
  });
}

function textOfFound(found: RotateFound): string {
  const level = levelOf<RotateRules>(ROTATE_RULES, found);
  const prefix = level === "note" ? "" : `${level}: `;
  const lines = adviceLines<RotateRules>(ROTATE_RULES, found).map((line) => `  ${line}\n`);
  return `${prefix}${textOf<RotateRules>(ROTATE_RULES, found)}\n${lines.join("")}`;
}
