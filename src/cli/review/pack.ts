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
import {
  CONTROL_POLICY_FILE,
  DEPLOYMENT_FILE,
  NODE_POLICY_FILE,
  NODE_TRUST_FILE,
  type Pack,
  type PackFile,
  PLANNER_FILE,
  POLICY_FILES,
} from "./file-names";
import { normalizedSettings } from "./normalized-settings";
import { actionsPage } from "./page/actions-page";
import { deployerPage } from "./page/deployer-page";
import { leakPage } from "./page/leak-response";
import { reviewPage } from "./page/review-page";
import { controlPolicyOf } from "./page/threat-model";
import { trustPolicies } from "./trust-policies";

/** What reviewers read before a deployment is applied. It contains no secret. */
export function reviewPack(deployment: Deployment, terraform: TerraformJson): Pack {
  const { stack, accountId, nodeRole, policies } = deployment;
  const deployer = deployerPolicies(deployment);
  const main = json(terraform);
  const outputs = Object.keys(terraform.output ?? {}) as OutputName[];
  const pack: Partial<Record<PackFile, string>> = {
    "REVIEW.md": reviewPage(deployment, terraform, deployer),
    "actions.md": actionsPage(deployment),
    "after-a-leak.md": leakPage(deployment),
    "aws-cli.sh": awsCliScript(deployment),
    "cluster-configuration.yaml": clusterConfiguration(deployment),
    "console.md": consoleGuide(deployment),
    "consumer.tf": consumerHcl(deployment, outputs),
    "deployer.md": deployerPage(stack, deployer),
    [DEPLOYMENT_FILE]: json(normalizedSettings(deployment)),
    "main.tf.json": main,
    // As sha256sum writes it, and sha256sum --check reads it.
    "main.tf.json.sha256": `${createHash("sha256").update(main).digest("hex")}  main.tf.json\n`,
    [PLANNER_FILE]: plannerPolicy(deployment),
    [CONTROL_POLICY_FILE]: visibleLines(controlPolicyText(controlPolicyOf(deployment))),
  };
  for (const { file, text } of deployer.policies) {
    pack[file] = text;
  }
  for (const { file, policy } of trustPolicies(deployment)) {
    pack[file] = json(policy);
  }
  for (const [index, file] of POLICY_FILES.entries()) {
    const policy = policies[index];
    if (policy !== undefined) {
      pack[file] = json(policyDocument(policy.statements, accountId));
    }
  }
  if (nodeRole !== undefined) {
    pack[NODE_POLICY_FILE] = json(nodePolicy(nodeRole.additionalActions));
    pack[NODE_TRUST_FILE] = json(NODE_TRUST);
  }
  const moved = movedBlocks(nodeRole?.managedPolicyArns);
  if (moved !== "") {
    pack[MOVED_FILE] = moved;
  }
  return pack;
}

/** JSON as a review pack has it. */
export function json(value: object): string {
  return `${visibleLines(JSON.stringify(value, null, 2))}\n`;
}
