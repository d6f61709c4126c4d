import { text as textOf } from "node:stream/consumers";
import { Option } from "commander";
import { MAX_POLICY_CHARACTERS } from "../../../../src/iam/limits";
import { policyDocument, policySize } from "../../../../src/iam/policy-document";
import { MODES, type Mode } from "../../../../src/iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../../../src/settings/deployment";
import { withAws } from "../account/aws/client";
import { AwsError } from "../account/aws/operations";
import { EXIT } from "../findings/finding";
import { denialOf, denialText } from "../iam/denial";
import { type DeniedRequest, deniedRequest } from "../iam/denied-request";
import {
  PIPELINE_ROLES,
  type PipelineRole,
  TRUST_SYSTEMS,
  type TrustSystem,
  trustPolicy,
} from "../iam/trust-policies";
import { explain, explanationText } from "../review/explanation";
import { awsCommand, page } from "../text/advice";
import { STACK_HELP, selectOne } from "./support/deployments";
import { type Define, formatOption, type Session } from "./support/session";

interface Options {
  readonly mode?: Mode;
  readonly explain?: string;
  readonly trust?: TrustSystem;
  readonly repository?: string;
  readonly role?: PipelineRole;
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      "Prints the policy of a deployment as AWS stores it, or a list of two. " +
        "Without accountId, ARNs show ACCOUNT_ID. " +
        "Calls AWS only where --explain gets an encoded message.",
    )
    .argument("[stack]", STACK_HELP)
    .addOption(
      new Option("--mode <mode>", "replaces policy.mode of this deployment").choices(MODES),
    )
    .option(
      "--explain <error>",
      "instead, why AWS denied a call: a message, a CloudTrail event, an action, " +
        "or - for standard input",
    )
    .addOption(
      new Option("--trust <system>", "instead, the trust policy of a role of a pipeline")
        .choices(Object.keys(TRUST_SYSTEMS))
        .conflicts(["mode", "explain"]),
    )
    .option("--repository <name>", "with --trust: the repository of the pipeline, by name or ID")
    .addOption(new Option("--role <role>", "with --trust: the role").choices(PIPELINE_ROLES))
    .addOption(formatOption("text", "json"))
    .action(async (stack: string | undefined, options: Options) => {
      const { mode, explain: error, format, trust, repository = "", role } = options;
      if (trust === undefined && (repository !== "" || role !== undefined)) {
        command.error(
          "error: options '--repository' and '--role' cannot be used " +
            "without option '--trust <system>'",
        );
      }
      const { deployment } = selectOne(session, [stack], mode === undefined ? undefined : { mode });
      if (trust !== undefined) {
        if (role === undefined) {
          throw new Error(
            "--role: is missing, and IAM takes the policy of one role; " +
              `add --role with one of ${PIPELINE_ROLES.join(", ")}`,
          );
        }
        const policy = trustPolicy(deployment, trust, repository, role);
        if (trust === "github" && !repository.includes("@")) {
          session.printError(WITHOUT_IDS);
        }
        session.printJson(policy);
        return;
      }
      const text =
        error === undefined
          ? policyText(session, deployment, format)
          : await explanation(session, error, deployment, format);
      session.print(`${text}\n`);
    });
};

/** For a name without IDs: docs/reference/facts.yaml, github-subjects. */
const WITHOUT_IDS =
  "warning: --repository has no IDs, so no job of a repository that was created, " +
  "renamed or transferred since 15 July 2026 can assume these roles; " +
  `write OWNER@ID/NAME@ID for such a one: ${page("state-bucket")}\n`;

function policyText(session: Session, deployment: Deployment, format: string): string {
  const { mode } = deployment.policy;
  const policies = deployment.policies.map(({ statements }) => ({
    size: policySize(statements),
    policy: policyDocument(statements, deployment.accountId),
  }));
  if (format === "json") {
    return JSON.stringify({ mode, limit: MAX_POLICY_CHARACTERS, policies }, null, 2);
  }
  const limit = `${MAX_POLICY_CHARACTERS} characters`;
  const sizes = policies.map(
    ({ size, policy }) => `${policy.Statement.length} statements, ${size} of ${limit}`,
  );
  session.printError(`${mode}: ${sizes.join("; ")}\n`);
  const [first, ...additional] = policies.map(({ policy }) => policy);
  return JSON.stringify(additional.length === 0 ? first : [first, ...additional], null, 2);
}

async function explanation(
  session: Session,
  error: string,
  deployment: Deployment,
  format: string,
): Promise<string> {
  const message = error === "-" ? await textOf(session.host.stdin) : error;
  const request = await decoded(session, deniedRequest(message), deployment);
  const denial = denialOf(request, deployment);
  if (denial.misspelled !== undefined) {
    session.raise(EXIT.error);
  }
  const found = denial.row && explain(denial.row.action, policyOptionsOf(deployment));
  if (format === "json") {
    const { row: _, ...answer } = denial;
    return JSON.stringify({ ...answer, request, ...found }, null, 2);
  }
  return [denialText(denial), ...(found === undefined ? [] : [explanationText(found)])].join(
    "\n\n",
  );
}

/** In seconds. */
const DECODING_LIMIT = 20;

/** A request with the content of its encoded message, if it can be decoded. */
async function decoded(
  session: Session,
  request: DeniedRequest,
  deployment: Deployment,
): Promise<DeniedRequest> {
  const { encoded: EncodedMessage, resource } = request;
  if (EncodedMessage === undefined || resource !== undefined) {
    return request;
  }
  const access = { region: deployment.region, ...deployment.provider };
  try {
    const [page] = await withAws(access, session.waiting(DECODING_LIMIT), (aws) =>
      aws.call("sts:DecodeAuthorizationMessage", { EncodedMessage }),
    );
    return { ...request, ...deniedRequest(page?.DecodedMessage ?? "") };
  } catch (error) {
    if (error instanceof AwsError) {
      const decoding = awsCommand("sts", "decode-authorization-message", {
        query: "DecodedMessage",
        output: "text",
        "encoded-message": EncodedMessage,
      });
      session.printError(
        `note: the encoded message was not decoded (${error.code}). ` +
          "With the permission sts:DecodeAuthorizationMessage, run this, " +
          `and give its output to --explain:\n  ${decoding}\n`,
      );
      return request;
    }
    throw error;
  }
}
