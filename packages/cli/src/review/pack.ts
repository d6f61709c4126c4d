import { isKnownRegion } from "../../../../src/iam/arns";
import { MAX_POLICY_CHARACTERS, POLICY_DESCRIPTION } from "../../../../src/iam/limits";
import { NODE_ACTIONS, NODE_TRUST, nodePolicy } from "../../../../src/iam/node-role-permissions";
import { ascii, visibleLines } from "../../../../src/text/printable";
import { REASONS } from "../iam/recommended-settings";
import { rotatorPolicies } from "../iam/rotator-policies";
import { fillTemplate } from "../text/template";
import {
  approvedFiles,
  CONTROL_POLICY_FILE,
  DEPLOYMENT_FILE,
  normalizedSettings,
  type Pack,
  type PackFile,
  PLANNER_FILE,
  sha256,
} from "./contents";
import { type Reviewed, templateFacts } from "./reviewed";

type Compared = Pack & { readonly "main.tf.json": string };

/** JSON for a shell is in ASCII, whatever the locale of the shell and of Python. */
export const pageFacts = (review: Reviewed, compared: Compared = comparedPack(review)): object => ({
  ...review.deployment,
  ...review,
  ...templateFacts(review),
  approved: approvedFiles(compared),
  maxPolicyCharacters: MAX_POLICY_CHARACTERS,
  nodeActions: NODE_ACTIONS,
  policyDescription: POLICY_DESCRIPTION,
  recommended: REASONS,
  isKnownRegion: isKnownRegion(review.deployment.region),
  tagsJson: ascii(
    JSON.stringify(
      Object.entries(review.deployment.tags ?? {}).map(([Key, Value]) => ({ Key, Value })),
    ),
  ),
  // As JSON, because the AWS CLI reads a file for a value such as file://notes.
  descriptionJson: ascii(JSON.stringify({ Description: POLICY_DESCRIPTION })),
});

/** It contains no secret. */
export function reviewPack(review: Reviewed): Pack {
  const { nodeRole, accessKeys } = review.deployment;
  const { rotator, responder } = rotatorPolicies(review.deployment);
  const compared = comparedPack(review);
  const facts = pageFacts(review, compared);
  // These create what Terraform would import.
  const isImported = (review.terraform.import ?? []).length > 0;
  const pages = (...files: readonly PackFile[]): Pack =>
    Object.fromEntries(
      files.map((file) => [file, fillTemplate(`packages/cli/src/review/pages/${file}`, facts)]),
    );
  return {
    ...compared,
    ...pages("REVIEW.md", "actions.md", "cluster-access.yaml"),
    "main.tf.json.sha256": `${sha256(compared["main.tf.json"])}  main.tf.json\n`,
    ...(!isImported && pages("aws-cli.sh", "console.md")),
    ...(accessKeys.managedBy === "rotate" && {
      "rotator-policy.json": json(rotator),
      "responder-policy.json": json(responder),
    }),
    ...(nodeRole && {
      "node-role-policy.json": json(nodePolicy(nodeRole.additionalActions)),
      "node-role-trust.json": json(NODE_TRUST),
    }),
  };
}

/** The files of a review pack that `diff` compares. */
export function comparedPack({
  deployment,
  deployer,
  policies,
  terraform,
  controlPolicy,
}: Reviewed): Compared {
  return {
    "main.tf.json": json(terraform),
    [DEPLOYMENT_FILE]: json(normalizedSettings(deployment)),
    [PLANNER_FILE]: json(deployer.planner),
    [CONTROL_POLICY_FILE]: json(controlPolicy),
    ...Object.fromEntries(
      [...deployer.policies, ...policies].map(({ file, document }) => [file, json(document)]),
    ),
  };
}

export function json(value: object): string {
  return `${visibleLines(JSON.stringify(value, null, 2))}\n`;
}
