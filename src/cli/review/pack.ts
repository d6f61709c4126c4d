import { createHash } from "node:crypto";
import { NODE_TRUST, nodePolicy } from "../../iam/node-role-permissions";
import { MOVED_FILE } from "../../terraform/addresses";
import { visibleLines } from "../../text/printable";
import { controlPolicyText } from "../iam/service-control-policy";
import { awsCliScript } from "./aws-cli";
import { clusterConfiguration } from "./cluster-configuration";
import { consoleGuide } from "./console-guide";
import { consumerHcl } from "./consumer-hcl";
import { CONTROL_POLICY_FILE, DEPLOYMENT_FILE, type Pack, type PackFile, PLANNER_FILE, POLICY_FILES } from "./file-names";
import { normalizedSettings } from "./normalized-settings";
import { actionsPage } from "./page/actions-page";
import { deployerPage } from "./page/deployer-page";
import { leakPage } from "./page/leak-response";
import { reviewPage } from "./page/review-page";
import type { Reviewed } from "./reviewed";
import { trustPolicies } from "./trust-policies";

/** What reviewers read before a deployment is applied. It contains no secret. */
export function reviewPack(review: Reviewed): Pack {
  const { deployment, deployer, policies, moved } = review;
  const main = json(review.terraform);
  const pack: Partial<Record<PackFile, string>> = {
    "REVIEW.md": reviewPage(review),
    "actions.md": actionsPage(review),
    "after-a-leak.md": leakPage(review),
    "aws-cli.sh": awsCliScript(review),
    "cluster-configuration.yaml": clusterConfiguration(review),
    "console.md": consoleGuide(review),
    "consumer.tf": consumerHcl(review),
    "deployer.md": deployerPage(review),
    [DEPLOYMENT_FILE]: json(normalizedSettings(deployment)),
    "main.tf.json": main,
    // As sha256sum writes it, and sha256sum --check reads it.
    "main.tf.json.sha256": `${createHash("sha256").update(main).digest("hex")}  main.tf.json\n`,
    [PLANNER_FILE]: deployer.planner,
    [CONTROL_POLICY_FILE]: visibleLines(controlPolicyText(review.controlPolicy)),
  };
  for (const { file, text } of deployer.policies) {
    pack[file] = text;
  }
  for (const { file, policy } of trustPolicies(review)) {
    pack[file] = json(policy);
  }
  for (const [index, file] of POLICY_FILES.entries()) {
    const policy = policies[index];
    if (policy !== undefined) {
      pack[file] = json(policy.document);
    }
  }
  if (deployment.nodeRole !== undefined) {
    pack["node-role-policy.json"] = json(nodePolicy(deployment.nodeRole.additionalActions));
    pack["node-role-trust.json"] = json(NODE_TRUST);
  }
  if (moved !== "") {
    pack[MOVED_FILE] = moved;
  }
  return pack;
}

/** JSON as a review pack has it. */
export function json(value: object): string {
  return `${visibleLines(JSON.stringify(value, null, 2))}\n`;
}
