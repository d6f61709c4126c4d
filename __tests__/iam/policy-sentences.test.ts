import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";

const POLICIES = "docs/explanation/policies.md";
const proof = (name: string, title: string) => `__tests__/proofs/${name}.test.ts: ${title}`;
const unit = (name: string, title: string) => `__tests__/iam/${name}.test.ts: ${title}`;

/** Statements of the documents about policies, each with the test that shows it, as "file: part of its title", or with its source. */
const STATEMENTS: readonly (readonly [document: string, statement: string, shownBy: string])[] = [
  [
    POLICIES,
    "the list of the DKP authorization page on every resource",
    unit("catalogue", "is the documented part of the catalogue"),
  ],
  [
    POLICIES,
    "the same actions as far as prefix, tags, peered VPCs and features require them",
    unit("policy-statements", "every input of a policy"),
  ],
  [
    POLICIES,
    "of those only the actions that this cluster calls",
    unit("catalogue", "contain no action of Terraform alone that such a cluster does not call"),
  ],
  [
    POLICIES,
    "of those writes only on resources with the cluster's own tag",
    proof("strict-feature-sets", "strict allows at most what minimal allows"),
  ],
  [POLICIES, "The key can write any inline policy into `<prefix>-node`", unit("iam", "the impact of a leaked key")],
  [
    POLICIES,
    "service control policy in the review pack limits the role to what nodes require",
    unit("service-control-policy", "limits a node role with administrator access"),
  ],
  [POLICIES, "`ec2:DescribeAddressesAttribute` is missing", "https://github.com/hashicorp/terraform-provider-aws/issues/41177"],
  [POLICIES, "to requests that EC2 makes on your behalf", unit("policy-statements", "the KMS statements")],
  [POLICIES, "It can read every snapshot of the Region, in every mode", proof("strict-statements.exposure", "only as listed")],
  [POLICIES, "sample account that shares its VPC", proof("strict-statements.exposure", "as the table in policies.md states")],
  [
    POLICIES,
    "Your own security groups need the marker too",
    proof("strict-marker-check", "passes exactly if strict allows every call"),
  ],
  [POLICIES, "Two clusters must not share a marker", "__tests__/settings/rules.test.ts: marker"],
  [POLICIES, "Without it, the policy covers all", unit("iam", "covers the versions from 1.70 to 1.77")],
  [POLICIES, "at most 6,144 characters", "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"],
  [POLICIES, "match exactly the same actions of\nAWS", unit("iam", "match exactly the listed actions")],
  [POLICIES, "A deployment has at most\nfive", unit("limits", "is five managed policies of a deployment")],
  [POLICIES, "Terraform's writes never leave out a permission", proof("policy-changes", "between the write calls of an apply")],
  [POLICIES, "IAM makes changes visible after seconds", "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html"],
  [POLICIES, "denies a list of unwanted requests", proof("policy-statements.simulation", "denies in mode %s every abuse")],
  [POLICIES, "the solver Z3 proves", proof("policy-subsets", "are subsets of each other")],
  [POLICIES, "decision procedure of `diff` proves", proof("policy-subsets", "is a subset of the minimal one for any cluster")],
  [POLICIES, "End-to-end tests apply each mode", "__tests__/e2e/enforcement.test.ts: allows every call of DKP"],
  [POLICIES, "the preflight\n  passes exactly if", proof("strict-marker-check", "passes exactly if strict allows every call")],
  [
    "docs/explanation/security.md",
    "The policy then denies every action to a request",
    proof("networks.simulation", "from inside and none from outside"),
  ],
  [
    "docs/explanation/security.md",
    "Requests that a service makes on behalf of the user are exempt",
    "__tests__/e2e/enforcement.test.ts: services make on behalf",
  ],
  [
    "SECURITY.md",
    "its own IAM writes to the roles of one",
    proof("policy-statements.simulation", "denies in mode %s every abuse"),
  ],
  [
    "src/cli/review/page/deployer-page.md",
    "requires the permissions from before the change",
    "__tests__/e2e/deployer.test.ts: is initialized, planned, applied, updated",
  ],
];

it.each(STATEMENTS)("%s states what a test or a source shows: %s", (document, statement, shownBy) => {
  const text = (path: string) => readFileSync(join(PROJECT, path), "utf8").replace(/\s+/g, " ");
  expect(text(document)).toContain(statement.replace(/\s+/g, " "));
  const [file = "", title = ""] = shownBy.split(": ");
  expect(shownBy.startsWith("https://") || (existsSync(join(PROJECT, file)) && text(file).includes(title))).toBe(true);
});
