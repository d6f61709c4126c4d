import { createHash } from "node:crypto";
import { NODE_TRUST, nodePolicy } from "../../iam/node-role-permissions";
import { policyDocument } from "../../iam/policy-document";
import type { Deployment } from "../../settings/deployment";
import { MOVED_FILE, movedBlocks } from "../../terraform/addresses";
import type { OutputName } from "../../terraform/outputs";
import type { TerraformJson } from "../../terraform/terraform-json";
import { visibleLines } from "../../text/printable";
import { controlPolicyText } from "../iam/service-control-policy";
import { awsCliScript } from "./aws-cli";
import { clusterConfiguration } from "./cluster-configuration";
import { consoleGuide } from "./console-guide";
import { consumerHcl } from "./consumer-hcl";
import { deployerPolicies, plannerPolicy } from "./deployer-policy-files";
import { CONTROL_POLICY_FILE, DEPLOYMENT_FILE, NODE_POLICY_FILE, NODE_TRUST_FILE, PLANNER_FILE, policyFile } from "./file-names";
import { normalizedSettings } from "./normalized-settings";
import { actionsPage } from "./page/actions-page";
import { deployerPage } from "./page/deployer-page";
import { leakPage } from "./page/leak-response";
import { reviewPage } from "./page/review-page";
import { controlPolicyOf } from "./page/threat-model";
import { trustPolicies } from "./trust-policies";

/** The review pack of a deployment: text by file name. The same settings always give the same bytes. */
export type Pack = Readonly<Record<string, string>>;

/** What reviewers read before a deployment is applied. It contains no secret. */
export function reviewPack(deployment: Deployment, terraform: TerraformJson): Pack {
  const deployer = deployerPolicies(deployment);
  const main = json(terraform);
  const outputs = Object.keys(terraform.output ?? {}) as OutputName[];
  return {
    "REVIEW.md": reviewPage(deployment, terraform, deployer),
    "actions.md": actionsPage(deployment),
    "after-a-leak.md": leakPage(deployment),
    "aws-cli.sh": awsCliScript(deployment),
    "cluster-configuration.yaml": clusterConfiguration(deployment),
    "console.md": consoleGuide(deployment),
    "consumer.tf": consumerHcl(deployment, outputs),
    "deployer.md": deployerPage(deployment.stack, deployer),
    ...Object.fromEntries(deployer.policies.map(({ file, text }) => [file, text])),
    [DEPLOYMENT_FILE]: json(normalizedSettings(deployment)),
    "main.tf.json": main,
    // As sha256sum writes it, and sha256sum --check reads it.
    "main.tf.json.sha256": `${createHash("sha256").update(main).digest("hex")}  main.tf.json\n`,
    ...nodeRoleFiles(deployment),
    ...movedFile(deployment),
    [PLANNER_FILE]: plannerPolicy(deployment),
    ...Object.fromEntries(Object.entries(trustPolicies(deployment)).map(([file, policy]) => [file, json(policy)])),
    ...Object.fromEntries(
      deployment.policies.map(({ number, statements }) => [
        policyFile(number),
        json(policyDocument(statements, deployment.accountId)),
      ]),
    ),
    [CONTROL_POLICY_FILE]: visibleLines(controlPolicyText(controlPolicyOf(deployment))),
  };
}

function nodeRoleFiles({ nodeRole }: Deployment): Pack {
  return nodeRole === undefined
    ? {}
    : { [NODE_POLICY_FILE]: json(nodePolicy(nodeRole.additionalActions)), [NODE_TRUST_FILE]: json(NODE_TRUST) };
}

function movedFile({ nodeRole }: Deployment): Pack {
  const moved = movedBlocks(nodeRole?.managedPolicyArns);
  return moved === "" ? {} : { [MOVED_FILE]: moved };
}

/** JSON as a review pack has it. */
export function json(value: object): string {
  return `${visibleLines(JSON.stringify(value, null, 2))}\n`;
}
