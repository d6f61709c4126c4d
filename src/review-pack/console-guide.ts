import { fittingStatements } from "../iam/action-patterns";
import { NODE_TRUST, nodePolicy } from "../iam/node-role-permissions";
import { partitionOf } from "../iam/partitions";
import { policyDocument } from "../iam/policy-document";
import { code, fenced, list, prose } from "../render/markdown";
import type { Deployment } from "../settings/deployment";
import { ACCOUNT_ID, forPeople, policyOptions } from "./account-placeholder";

/** Address of the IAM console by partition; the isolated partitions have their own. Source: the "IAM User Guide" of each partition. */
const CONSOLES: Readonly<Record<string, string>> = {
  aws: "<https://console.aws.amazon.com/iam/>",
  "aws-cn": "<https://console.amazonaws.cn/iam/>",
  "aws-us-gov": "<https://console.amazonaws-us-gov.com/iam/>",
};

/** How the current console differs from the DKP authorization page, and what that documentation omits. */
const DIFFERENCES = [
  "The page's **Next: Tags** and **Next: Review** are one **Next** today; tags and name stand on the last screen.",
  "The page's **Add users** is **Create user** today, **Attach existing policies directly** is **Attach policies directly**.",
  "The page's credential type **Access key - Programmatic access** is no more: the access key is made once the user is there, and asks for a use case.",
  "The page lacks what DKP calls besides its list: without `ec2:DescribeAddressesAttribute` no cluster can be created or destroyed. It has one action twice.",
  "The page tests the region with the menu at the top right, where a region that is not enabled is not listed. **AWS Regions** tells it, and enables it.",
  "The page says neither how to check nor how to undo it.",
];

/** One step of a numbered list: a sentence and the lines below it. */
type Step = string | readonly [sentence: string, below: readonly string[]];

/**
 * Steps in the AWS console, in Markdown, that create the same objects as Terraform, with checks and removal:
 * the first of the three routes of the DKP authorization page. Source of the screens: "IAM User Guide", "AWS Account Management".
 */
export function consoleGuide(deployment: Deployment): string {
  const { stack, attachment, nodeRole } = deployment;
  const chapters: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ["Policy", policySteps(deployment)],
    ...(attachment === "user" ? [] : ([["Group", groupSteps(deployment)]] as const)),
    ["User", userSteps(deployment)],
    ...(nodeRole === undefined ? [] : ([["Role for nodes", nodeRoleSteps(nodeRole, deployment.tags)]] as const)),
    ["Access key", keySteps(deployment)],
    ["Check", checks(deployment)],
    ["Undo", undoSteps(deployment)],
    ["What differs from the DKP authorization page", list(DIFFERENCES)],
  ];
  const lines = [
    `# AWS access of DKP in the AWS console: ${prose(stack)}`,
    "",
    "What Terraform makes from the same settings, by hand, with one access key whatever the settings say of keys.",
    `\`aws-cli.sh\`, beside this file, makes it and undoes it by itself, with ${deployment.accessKeys === "none" ? "no access key" : "one access key too"}.`,
    "",
    `Sign in to ${account(deployment)} as somebody who may manage IAM, and open the IAM console${consoleOf(deployment)}.`,
    "",
    ...pathWarning(deployment),
    ...chapters.flatMap(([title, chapter]) => [`## ${title}`, "", ...chapter]),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function account({ accountId }: Deployment): string {
  return accountId === undefined ? "the account that DKP is to run in" : `account ${code(accountId)}`;
}

function consoleOf({ region }: Deployment): string {
  const address = CONSOLES[partitionOf(region)];
  return address === undefined ? ` of your partition, ${code(partitionOf(region))}` : `, ${address}`;
}

function pathWarning({ user, policy, group, attachment, nodeRole }: Deployment): readonly string[] {
  const paths = [
    ["policy", policy.path],
    ["user", user.path],
    ...(attachment === "user" ? [] : [["group", group.path]]),
    ...(nodeRole === undefined ? [] : [["role for nodes", nodeRole.path]]),
  ].filter(([, path]) => path !== "/");
  return paths.length === 0
    ? []
    : [
        `**The console can't set IAM paths, and the settings have some:** ${paths.map(([what, path = ""]) => `${what} ${code(path)}`).join(", ")}. What is made here would lie under \`/\`, with other ARNs than the policy and Terraform expect. Use \`aws-cli.sh\` instead.`,
        "",
      ];
}

function policySteps(deployment: Deployment): readonly string[] {
  const { policy, tags } = deployment;
  const options = policyOptions(deployment);
  const json = forPeople(JSON.stringify(policyDocument(fittingStatements(options)), null, 2));
  return steps([
    ["**Policies** > **Create policy** > **JSON**. Put this in place of what is in the editor:", fenced("json", json)],
    ...(json.includes(ACCOUNT_ID)
      ? [`Replace ${code(ACCOUNT_ID)} everywhere by the 12 digits of the account, which the menu at the top right shows.`]
      : []),
    ...(policy.mode === "documented"
      ? ["**Next**. The editor warns of actions on every resource, `iam:PassRole` for one: that is what the page's policy is."]
      : ["**Next**."]),
    `**Policy name**: ${code(policy.name)}.${policy.description === "" ? "" : ` **Description**: ${code(policy.description)}, which can't be changed later.`}`,
    ...tagStep(tags),
    "**Create policy**.",
  ]);
}

function groupSteps({ group, policy }: Deployment): readonly string[] {
  return steps([
    `**User groups** > **Create group**. **User group name**: ${code(group.name)}.`,
    `**Attach permissions policies**: filter by ${code(policy.name)} and tick it.`,
    "**Create user group**.",
  ]);
}

function userSteps({ user, attachment, group, policy, tags }: Deployment): readonly string[] {
  return steps([
    `**Users** > **Create user**. **User name**: ${code(user.name)}.`,
    "Leave **Provide user access to the AWS Management Console** unticked: DKP needs no password. **Next**.",
    attachment === "user"
      ? `**Attach policies directly**: filter by ${code(policy.name)} and tick it.`
      : `**Add user to group**: tick ${code(group.name)}.`,
    ...boundaryStep(user.permissionsBoundary),
    "**Next**.",
    ...tagStep(tags),
    "**Create user**.",
    ...(attachment === "user-and-group"
      ? [
          `Open the user: **Permissions** > **Add permissions** > **Attach policies directly**, tick ${code(policy.name)}, **Next**, **Add permissions**.`,
        ]
      : []),
  ]);
}

function nodeRoleSteps(nodeRole: NonNullable<Deployment["nodeRole"]>, tags: Deployment["tags"]): readonly string[] {
  const { name, additionalActions, managedPolicyArns, permissionsBoundary } = nodeRole;
  return steps([
    ["**Roles** > **Create role** > **Custom trust policy**. Put this in place of what is in the editor:", jsonBlock(NODE_TRUST)],
    "**Next**. Not the choice **AWS service**, **EC2**: it would also make an instance profile of that name, and DKP makes its own.",
    ...(managedPolicyArns.length === 0 ? [] : [`**Add permissions**: tick ${managedPolicyArns.map(code).join(", ")}.`]),
    ...boundaryStep(permissionsBoundary),
    `**Next**. **Role name**: ${code(name)}.`,
    ...tagStep(tags),
    "**Create role**.",
    [
      "Open the role: **Permissions** > **Add permissions** > **Create inline policy** > **JSON**, and put this there:",
      jsonBlock(nodePolicy(additionalActions)),
    ],
    `**Next**. **Policy name**: ${code(name)}. **Create policy**.`,
  ]);
}

function keySteps({ region, accessKeys, user }: Deployment): readonly string[] {
  return [
    ...(accessKeys === "none"
      ? ["Terraform makes no key for this deployment (`accessKeys: none`), and DKP needs one: this is the way to make it.", ""]
      : []),
    ...steps([
      `**Users** > ${code(user.name)} > **Security credentials** > **Access keys** > **Create access key**.`,
      "Use case: **Third-party service**. It changes nothing about the key. Tick the confirmation below it. **Next**.",
      "**Description tag value**: for example `DKP`. **Create access key**.",
      [
        "**Retrieve access keys** shows the secret this once. Put both into DKP's `AWSClusterConfiguration`; with **Download .csv file**, delete the file afterwards:",
        fenced(
          "yaml",
          `provider:\n  providerAccessKeyId: "<Access key>"\n  providerSecretAccessKey: "<Secret access key>"\n  region: "${region}"`,
        ),
      ],
      "**Done**.",
    ]),
  ];
}

function checks({ region, user, policy, attachment, group, nodeRole }: Deployment): readonly string[] {
  const partition = partitionOf(region);
  const principals = [
    ...(attachment === "group" ? [] : [`user ${code(user.name)}`]),
    ...(attachment === "user" ? [] : [`group ${code(group.name)}`]),
  ];
  const reached = {
    user: "directly",
    group: `by way of the group ${code(group.name)}`,
    "user-and-group": `directly and by way of the group ${code(group.name)}`,
  };
  return list([
    partition === "aws"
      ? `Region: the menu with the account at the top right > **Account** > **AWS Regions** shows ${code(region)} as **Enabled** or **Enabled by default**. If not, select it, **Enable**, and wait: it takes minutes to hours.`
      : `Region: the menu of regions at the top right lists ${code(region)}.`,
    `Policy: **Policies** > ${code(policy.name)} > **Permissions** > **JSON** is the text above; **Entities attached** names ${principals.join(" and ")}.`,
    `User: **Users** > ${code(user.name)} > **Permissions** names ${code(policy.name)}, ${reached[attachment]}${
      user.permissionsBoundary === undefined ? "" : `, and ${code(user.permissionsBoundary)} as the permissions boundary`
    }; **Security credentials** has one key, **Active**, and no console password.`,
    ...(nodeRole === undefined
      ? []
      : [`Role: **Roles** > ${code(nodeRole.name)} > **Trust relationships** names \`ec2.amazonaws.com\` alone.`]),
  ]);
}

function undoSteps({ user, policy, attachment, group, nodeRole }: Deployment): readonly string[] {
  return steps([
    "Only when the cluster is gone, or has another key.",
    `**Users** > ${code(user.name)} > **Security credentials**: for the key **Actions** > **Deactivate**, then **Actions** > **Delete**.`,
    `**Users**: tick ${code(user.name)}, **Delete**, and type the name. It leaves its groups and policies by itself.`,
    ...(attachment === "user" ? [] : [`**User groups**: tick ${code(group.name)}, **Delete**, and type the name.`]),
    `**Policies**: select ${code(policy.name)}, **Actions** > **Delete**, and type the name.`,
    ...(nodeRole === undefined ? [] : [`**Roles**: tick ${code(nodeRole.name)}, **Delete**, and type the name.`]),
  ]);
}

function boundaryStep(arn: string | undefined): readonly string[] {
  return arn === undefined
    ? []
    : [`**Set permissions boundary** > **Use a permissions boundary to control the maximum permissions**: select ${code(arn)}.`];
}

function tagStep(tags: Deployment["tags"] = {}): readonly string[] {
  const pairs = Object.entries(tags).map(([key, value]) => `${code(key)} = ${value === "" ? "(empty)" : code(value)}`);
  return pairs.length === 0 ? [] : [`**Add new tag**: ${pairs.join(", ")}.`];
}

function jsonBlock(document: object): readonly string[] {
  return fenced("json", JSON.stringify(document, null, 2));
}

/** A numbered list, followed by an empty line. */
function steps(all: readonly Step[]): readonly string[] {
  const numbered = all.flatMap((step, index) => {
    const [sentence, below] = typeof step === "string" ? [step, []] : step;
    const indented = below.flatMap((text) => text.split("\n")).map((line) => (line === "" ? "" : `   ${line}`));
    return [`${index + 1}. ${sentence}`, ...(below.length === 0 ? [] : ["", ...indented])];
  });
  return numbered.at(-1) === "" ? numbered : [...numbered, ""];
}
