import { Option } from "commander";
import { CATALOGUE } from "../../iam/catalogue";
import { MAX_POLICY_CHARACTERS } from "../../iam/limits";
import { policyDocument, policySize } from "../../iam/policy-document";
import { MODES, type Mode, type PolicyOptions } from "../../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../settings/deployment";
import { suggest } from "../../settings/errors";
import { TRUST_SYSTEMS, trustPolicies } from "../iam/trust-policies";
import { explain, explanationText } from "../review/explanation";
import { STACK_HELP, selectOne } from "./support/deployments";
import { type Define, formatOption, type Session } from "./support/session";

interface Options {
  readonly mode?: Mode;
  readonly explain?: string;
  readonly trust?: keyof typeof TRUST_SYSTEMS;
  readonly repository?: string;
  readonly role?: "planner" | "deployer";
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      `Prints the policy of a deployment as AWS stores it, and its size on standard error. Calls neither AWS nor Terraform.
If the permissions exceed the size of one policy, prints a list of policies.
Where the settings have no accountId, ARNs show ACCOUNT_ID.`,
    )
    .argument("[stack]", STACK_HELP)
    .addOption(new Option("--mode <mode>", "replaces policy.mode of this deployment").choices(MODES))
    .option("--explain <action>", "why an action is in the policy, what calls it, when, and on which resources it is allowed")
    .addOption(
      new Option(
        "--trust <system>",
        "instead, the trust policies of a pipeline's roles; github is github.com with its default issuer and subject",
      )
        .choices(Object.keys(TRUST_SYSTEMS))
        .conflicts(["mode", "explain"]),
    )
    .option("--repository <name>", "with --trust: the repository of the pipeline, by name or ID")
    .addOption(
      new Option("--role <role>", "with --trust: the policy of this role alone, as IAM accepts it").choices([
        "planner",
        "deployer",
      ]),
    )
    .addOption(formatOption("text", "json"))
    .action((stack: string | undefined, options: Options) => {
      const { mode, explain: action, format, trust, repository = "", role } = options;
      if (trust === undefined && (repository !== "" || role !== undefined)) {
        command.error("error: options '--repository' and '--role' cannot be used without option '--trust <system>'");
      }
      const { deployment } = selectOne(session, [stack], mode === undefined ? undefined : { mode });
      if (trust !== undefined) {
        const policies = trustPolicies(deployment, trust, repository);
        session.printJson(role === undefined ? policies : policies[role]);
        return;
      }
      const text =
        action === undefined ? policyText(session, deployment, format) : explanation(action, policyOptionsOf(deployment), format);
      session.print(`${text}\n`);
    });
};

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
  const sizes = policies.map(({ size, policy }) => `${policy.Statement.length} statements, ${size} of ${limit}`);
  session.printError(`${mode}: ${sizes.join("; ")}\n`);
  const [first, ...additional] = policies.map(({ policy }) => policy);
  return JSON.stringify(additional.length === 0 ? first : [first, ...additional], null, 2);
}

function explanation(action: string, options: PolicyOptions, format: string): string {
  const found = explain(action, options);
  if (found === undefined) {
    const known = CATALOGUE.map((row) => row.action);
    throw new Error(`--explain: "${action}" is not an action that DKP is known to call, ${suggest(action, known)}`);
  }
  return format === "json" ? JSON.stringify(found, null, 2) : explanationText(found);
}
