import { Option } from "commander";
import type { Deployment } from "../../settings/deployment";
import { withAws } from "../account/aws/client";
import { IamReader } from "../account/aws/iam-reader";
import { isUnknownKey, requireAccount, requireCluster } from "../account/hand-over/replacement";
import { leakPlan, leakPlanText, respond } from "../account/rotate/leak";
import { type RotateFound, RUN_LIMIT, type Step } from "../account/rotate/next-step";
import { ROTATE_RULES, type RotateRules } from "../account/rotate/rotate-rules";
import { type Rotated, type RotationWorld, rotateOnce } from "../account/rotate/rotation";
import { leakWorld, rotationWorld, UserKeys, worldWithoutCluster } from "../account/rotate/world";
import { runningCluster, SECRET_NAME } from "../cluster/running-cluster";
import { adviceLines, EXIT, exitCodeOf, levelOf, reportJson, textOf } from "../findings/finding";
import { dkpAccess } from "../text/advice";
import {
  type Agreement,
  addClusterOptions,
  type ClusterOptions,
  keyId,
  namedCluster,
  refusalOf,
  replacesOption,
} from "./support/cluster";
import { STACK_HELP, selectOne } from "./support/deployments";
import { type Define, formatOption, type Session } from "./support/session";

interface Options extends ClusterOptions, Agreement {
  readonly now?: true;
  readonly leaked?: readonly string[];
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      `Does the next step of a rotation, for a deployment with accessKeys: { managedBy: rotate }, and is run every night. One step a run: it creates a key and gives it to the cluster once DKP's key has the age of maxAge; it deactivates the former key once AWS reports no use of it for two days, and a later use of the new one; it deletes it when that use is three days and the new key a week old. It prints what it did, or what it waits for. The secret goes from AWS to the Secret of DKP, and is in no file and no state.

With --leaked it gives the cluster another key within a minute, deactivates the leaked ones, denies their sessions, and deletes them, whatever the cluster did. Without --cluster, it ends them, and DKP keeps what it has.

Exit code 2 where a step takes a week longer than it should, or a person is needed; 3 where DKP has a key that does not work. Runs at the same time, and runs that were killed, harm nothing: the next one continues.`,
    )
    .argument("[stack]", STACK_HELP)
    .option("--now", "begin a rotation before its time, as after a change from keys of Terraform")
    .addOption(
      new Option("--leaked <key...>", "respond to a leak of these keys instead: another key for DKP, then their end")
        .argParser((text, given: readonly string[] = []) => [...given, keyId("--leaked", text)])
        .conflicts("now"),
    )
    .option("--yes", "do not ask");
  addClusterOptions(command, "read DKP's key from a running cluster, and give it the new one")
    .addOption(replacesOption())
    .addOption(formatOption("text", "json"))
    .action((stack: string | undefined, options: Options) => rotate(session, stack, options));
};

async function rotate(session: Session, name: string | undefined, options: Options): Promise<void> {
  const { deployment } = selectOne(session, [name]);
  const { stack, maxAge } = deployment;
  if (deployment.managedBy !== "rotate" || maxAge === undefined) {
    throw new Error(
      `accessKeys.managedBy: is not rotate in the settings of ${stack}; ${dkpAccess("keys", stack)} shows how to rotate its keys`,
    );
  }
  if (options.leaked !== undefined) {
    return report(session, stack, options, { findings: await leakResponse(session, deployment, options.leaked, options) });
  }
  if (options.cluster !== true) {
    throw new Error("--cluster: is missing; the cluster has the key that is rotated");
  }
  report(session, stack, options, await inCluster(session, deployment, maxAge, options));
}

function report(session: Session, stack: string, options: Options, { findings, given }: Rotated): void {
  session.raise(exitCodeOf<RotateRules>(ROTATE_RULES, findings));
  if (options.format === "json") {
    const named = findings.map((found) => ({ ...found, stack }));
    session.printJson(reportJson<RotateRules>(ROTATE_RULES, named, [{ stack }], { given }));
    return;
  }
  session.print(findings.map(textOfFound).join(""));
  if (given !== undefined) {
    session.print(
      `the cluster has the key ${given} now: read back from ${SECRET_NAME}. DKP restarts the components that call AWS\n`,
    );
  }
}

/** The response to a leak. */
async function leakResponse(
  session: Session,
  deployment: Deployment,
  leaked: readonly string[],
  options: Options,
): Promise<readonly RotateFound[]> {
  const { region, provider, user } = deployment;
  const waiting = { progress: session.printError, limit: RUN_LIMIT / 1000 };
  return await withAws({ region, ...provider }, waiting, async (aws) => {
    const iam = new IamReader(aws);
    await requireAccount(deployment, iam);
    const keys = new UserKeys(aws, deployment);
    const world = leakWorld(await readWorld(session, deployment, iam, keys, options), keys);
    const plan = await leakPlan(world, leaked, user.name);
    session.printError(leakPlanText(plan, world.now()));
    // Which key DKP has does not matter here.
    const refusal = await refusalOf(session, { from: "", isUnknown: false }, { yes: options.yes }, "Do this?");
    if (refusal !== undefined) {
      throw new Error(`nothing was changed: ${refusal}`);
    }
    return await respond(world, plan, keys.removal);
  });
}

/** The cluster, if it is named and answers; another cluster than that of the settings is an error. */
async function readWorld(
  session: Session,
  deployment: Deployment,
  iam: IamReader,
  keys: UserKeys,
  options: Options,
): Promise<RotationWorld> {
  if (options.cluster !== true) {
    return worldWithoutCluster(keys);
  }
  const access = await namedCluster(session, options);
  const cluster = await runningCluster(access).catch((error: Error) => {
    session.printError(`${error.message}\n`);
  });
  if (cluster === undefined) {
    return worldWithoutCluster(keys);
  }
  await requireCluster(deployment, cluster, iam);
  return rotationWorld(keys, access, cluster);
}

/** One run for a running cluster. */
async function inCluster(session: Session, deployment: Deployment, maxAge: number, options: Options): Promise<Rotated> {
  const { region, provider } = deployment;
  const access = await namedCluster(session, options);
  const cluster = await runningCluster(access);
  const waiting = { progress: session.printError, limit: RUN_LIMIT / 1000 };
  return await withAws({ region, ...provider }, waiting, async (aws) => {
    const iam = new IamReader(aws);
    await requireCluster(deployment, cluster, iam);
    const from = cluster.configuration.keyId;
    const isUnknown = await isUnknownKey(deployment, from, iam);
    const agree = async (step: Step) => {
      if (options.yes !== true) {
        session.printError(textOfFound(step.found));
      }
      const refusal = await refusalOf(
        session,
        { from, isUnknown },
        options,
        `Do this for ${stackAndContext(deployment, access)}?`,
      );
      if (refusal !== undefined) {
        throw new Error(`nothing was changed: ${refusal}`);
      }
      session.raise(isDown(step) ? EXIT.breaking : EXIT.success);
    };
    const world = rotationWorld(new UserKeys(aws, deployment), access, cluster);
    const wanted = { maxAge, isWanted: options.now === true };
    return await rotateOnce(world, wanted, agree);
  });
}

const stackAndContext = ({ stack }: Deployment, { context }: { readonly context: string }) => `${stack} in ${context}`;

/** Whether DKP has a key that does not work until a step is done. */
const isDown = ({ found: { rule } }: Step): boolean => ["replace-unknown", "replace-inactive", "delete-for-slot"].includes(rule);

function textOfFound(found: RotateFound): string {
  const level = levelOf<RotateRules>(ROTATE_RULES, found);
  const prefix = level === "note" ? "" : `${level}: `;
  const lines = adviceLines<RotateRules>(ROTATE_RULES, found).map((line) => `  ${line}\n`);
  return `${prefix}${textOf<RotateRules>(ROTATE_RULES, found)}\n${lines.join("")}`;
}
