import { policyStatements } from "../../iam/policy";
import { policyDocument } from "../../iam/policy-document";
import { visibleLines } from "../../printable";
import type { OutputName } from "../../remote-state/outputs";
import type { Deployment } from "../../settings/deployment";
import { CONTROL_POLICY_FILE } from "../changes/policy-files";
import { awsCliScript } from "./aws-cli";
import { clusterConfiguration } from "./cluster-configuration";
import { consoleGuide } from "./console";
import { consumerHcl } from "./consumer";
import { deployerPolicies } from "./deployer-policy";
import { forPeople, policyOptions } from "./policy-options";
import { reviewPage } from "./review-page";
import type { TerraformJson } from "./terraform-json";
import { controlPolicyOf } from "./theft";

/** The papers of a deployment, text by file name: the same bytes for the same settings on any machine. */
export type Pack = Readonly<Record<string, string>>;

/** What people read before a deployment is applied. It holds no secret. */
export function reviewPack(deployment: Deployment, terraform: TerraformJson): Pack {
  const policy = policyDocument(policyStatements(policyOptions(deployment)));
  const deployer = deployerPolicies(deployment);
  const outputs = Object.keys(terraform.output ?? {}) as OutputName[];
  return {
    "REVIEW.md": reviewPage(deployment, terraform, deployer),
    "aws-cli.sh": awsCliScript(deployment),
    "cluster-configuration.yaml": clusterConfiguration(deployment),
    "console.md": consoleGuide(deployment),
    "consumer.tf": consumerHcl(deployment, outputs),
    ...Object.fromEntries(deployer.policies.map(({ file, text }) => [file, text])),
    "main.tf.json": json(terraform),
    "policy.json": forPeople(json(policy)),
    [CONTROL_POLICY_FILE]: json(controlPolicyOf(deployment)),
  };
}

function json(value: object): string {
  return `${visibleLines(JSON.stringify(value, null, 2))}\n`;
}
