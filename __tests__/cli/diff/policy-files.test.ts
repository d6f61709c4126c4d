import { type DeploymentChanges, exitCodeOf } from "../../../src/cli/diff/change-summary";
import { changesAgainst } from "../../../src/cli/diff/compare";
import { POLICY_FILES, type PolicyFiles } from "../../../src/cli/diff/policy-files";
import { packOf, reviewPackOf } from "../../helpers/simulated-diff";

const filesOf = (settings: string): PolicyFiles =>
  Object.fromEntries(Object.entries(reviewPackOf(settings)).filter(([file]) => POLICY_FILES.includes(file)));

const between = (before: string, after: string) =>
  changesAgainst({ deckhouse: packOf(before) }, { deckhouse: packOf(after) }, "", {
    base: { deckhouse: filesOf(before) },
    current: { deckhouse: filesOf(after) },
  });

/** What is broadened: lines, and actions of the deployer. */
const broadened = ({ permissions: { broadened, otherBroadened } }: DeploymentChanges) => [
  ...otherBroadened,
  ...broadened.filter(({ principal }) => principal === "deployer").map(({ action }) => action),
];

const scoped = (cluster = "", more = "") => `policy: { mode: scoped }\ncluster: { prefix: dev, ${cluster} }\n${more}`;
const s3 = (more: string) => `backend: { s3: { bucket: state, region: eu-central-1, ${more} } }`;

const needs = (count: number, files = "deployer-policy.json") =>
  `the deployer needs ${count} new or broadened actions: update its role with ${files} before you apply`;

const plannerNeeds = (actions: string) =>
  `the role that plans needs ${actions}: update it with planner-policy.json before you plan`;

/** What changes if one file of the review pack is another text. */
const withFile = (file: string, edit: (text: string) => string) => {
  const files = filesOf("");
  const changes = changesAgainst({ deckhouse: packOf("") }, { deckhouse: packOf("") }, "", {
    base: { deckhouse: files },
    current: { deckhouse: { ...files, [file]: edit(files[file] ?? "") } },
  });
  const [one] = changes.deployments as [DeploymentChanges];
  return { ...one.permissions, notes: one.notes, exitCode: exitCodeOf(changes) };
};

describe("the policies of a review pack that Terraform does not apply", () => {
  it.each<[string, string, string, readonly string[], readonly string[]]>([
    [
      "all IAM actions for the nodes in additionalRolePolicies",
      "",
      "cluster: { additionalRolePolicies: ['iam:*'] }",
      ["the service control policy denies less: statement NodeRoleStaysNodeRole no longer covers iam:*"],
      [],
    ],
    [
      "a role for nodes in mode documented",
      "cluster: { prefix: dev }",
      "cluster: { prefix: dev, iamNodeRole: custom }",
      [
        "the service control policy denies less: statement KeyPassesOnlyNodeRoles no longer covers arn:aws:iam::ACCOUNT_ID:role/custom",
      ],
      [],
    ],
    [
      "a former role for nodes in mode documented",
      "cluster: { prefix: dev, iamNodeRole: custom }",
      "cluster: { prefix: dev, iamNodeRole: custom, formerIamNodeRoles: [/old] }",
      [
        "the service control policy denies less: statement KeyPassesOnlyNodeRoles no longer covers arn:aws:iam::ACCOUNT_ID:role/old",
      ],
      [],
    ],
    [
      "forceDestroy",
      "",
      "user: { forceDestroy: true }",
      [
        "iam:DeactivateMFADevice",
        "iam:DeleteLoginProfile",
        "iam:DeleteServiceSpecificCredential",
        "iam:DeleteSigningCertificate",
        "iam:DeleteSSHPublicKey",
        "iam:DeleteUserPolicy",
        "iam:DeleteVirtualMFADevice",
        "iam:DetachUserPolicy",
        "iam:ListMFADevices",
        "iam:ListServiceSpecificCredentials",
        "iam:ListSigningCertificates",
        "iam:ListSSHPublicKeys",
        "iam:ListUserPolicies",
        "iam:ListVirtualMFADevices",
      ],
      [needs(14)],
    ],
    [
      "tags",
      "",
      "tags: { team: platform }",
      ["iam:TagPolicy", "iam:TagUser", "iam:UntagPolicy", "iam:UntagUser"],
      ["tags: team is new", needs(4)],
    ],
    [
      "another bucket of the state",
      "",
      "backend: { s3: { bucket: other, region: eu-central-1 } }",
      ["s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"],
      [
        "the state location changes (backend s3: bucket): run terraform init -migrate-state; with an empty state, Terraform would create all resources again",
        needs(4),
        plannerNeeds("2 new or broadened actions"),
      ],
    ],
    [
      "a role for the state",
      "",
      s3("assume_role: { role_arn: 'arn:aws:iam::123456789012:role/state' }"),
      ["sts:AssumeRole", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"],
      [
        "the state location changes (backend s3: assume_role): run terraform init -migrate-state; with an empty state, Terraform would create all resources again",
        needs(5, "deployer-policy.json and deployer-state-role-policy.json"),
        plannerNeeds("1 new or broadened action"),
      ],
    ],
  ])("are broadened: %s", (_, before, after, lines, notes) => {
    const changes = between(before, after);
    const [one] = changes.deployments as [DeploymentChanges];
    expect(broadened(one)).toEqual(lines);
    expect(one.notes).toEqual(notes);
    expect(exitCodeOf(changes)).toBe(2);
  });

  it.each([
    ["nothing changes", "", ""],
    ["documented to scoped", "", scoped()],
    ["scoped to minimal", scoped(), scoped().replace("scoped", "minimal")],
    ["the prefix is stated", "", "cluster: { prefix: dev }"],
    ["the account is stated", "", "accountId: '123456789012'"],
    ["the account is stated, scoped", scoped(), scoped("", "accountId: '123456789012'")],
    ["the account is no longer stated", "accountId: '123456789012'", ""],
    ["removed additionalRolePolicies", "cluster: { additionalRolePolicies: ['iam:*'] }", ""],
    [
      "additionalRolePolicies that others cover",
      "cluster: { additionalRolePolicies: ['s3:*'] }",
      "cluster: { additionalRolePolicies: ['s3:GetObject'] }",
    ],
    ["removed forceDestroy", "user: { forceDestroy: true }", ""],
    ["removed tags", "tags: { team: platform }", ""],
    ["protect", "", "protect: false"],
    ["outputs", "", "outputs: { secret: false }"],
  ])("are not broadened: %s", (_, before, after) => {
    const changes = between(before, after);
    expect(changes.deployments.flatMap(broadened)).toEqual([]);
    expect(exitCodeOf(changes)).toBe(0);
  });

  it("are narrowed if the service control policy denies more", () => {
    const { deployments } = between("cluster: { additionalRolePolicies: ['iam:*'] }", "");
    expect(deployments[0]?.permissions.otherNarrowed).toEqual([
      "the service control policy denies more: statement NodeRoleStaysNodeRole now covers iam:*",
    ]);
  });

  it("are broadened if the service control policy no longer denies what the policy of the user allows", () => {
    const [before, after] = [filesOf(""), filesOf(scoped())];
    const { deployments } = changesAgainst({ deckhouse: packOf("") }, { deckhouse: packOf("") }, "", {
      base: { deckhouse: before },
      current: { deckhouse: after },
    });
    expect(deployments[0]?.permissions.otherBroadened).toEqual([
      "the service control policy denies less: statement KeyWritesOnlyNodeRole is removed",
      "the service control policy denies less: statement KeyPassesOnlyNodeRoles is removed",
    ]);
  });

  it("are not compared if the earlier review pack does not contain them, with a note", () => {
    const { "service-control-policy.json": _, ...before } = filesOf("");
    const { deployments } = changesAgainst({ deckhouse: packOf("") }, { deckhouse: packOf("") }, "", {
      base: { deckhouse: before },
      current: { deckhouse: filesOf("") },
    });
    expect(deployments[0]?.notes).toEqual([
      "service-control-policy.json is not compared: the earlier review pack does not contain it",
    ]);
  });

  it("are broadened if a file is not a policy", () => {
    const compare = (file: string, text: string) =>
      changesAgainst({ deckhouse: packOf("") }, { deckhouse: packOf("") }, "", {
        base: { deckhouse: filesOf("") },
        current: { deckhouse: { ...filesOf(""), [file]: text } },
      });
    expect(compare("deployer-policy.json", "{").deployments[0]?.permissions.otherBroadened).toEqual([
      "the deployer: new, compared as a whole: a string that is not JSON: {",
    ]);
    expect(exitCodeOf(compare("service-control-policy.json", "{}"))).toBe(2);
  });

  it("report a write of the role that plans, although the deployer has it", () => {
    const { broadened, notes, exitCode } = withFile("planner-policy.json", (text) =>
      text.replace('"s3:GetObject"', '"s3:GetObject", "s3:PutObject"'),
    );
    expect(broadened.map(({ principal, action }) => [principal, action])).toEqual([["deployer", "s3:PutObject"]]);
    expect(notes).toEqual([plannerNeeds("1 new or broadened action")]);
    expect(exitCode).toBe(2);
  });

  it.each([
    ["deployer-trust-github.json", "ORG/REPO:environment:dkp-access-apply", "ORG/*"],
    ["planner-trust-gitlab.json", "GROUP/PROJECT:", "GROUP/*:"],
    ["planner-trust-github.json", '"sts.amazonaws.com"', '"other"'],
  ])("report who may newly assume a role: %s", (file, from, to) => {
    const { otherBroadened, evidence, exitCode } = withFile(file, (text) => text.replaceAll(from, to));
    expect(otherBroadened).toEqual([expect.stringContaining(`who may assume the role of ${file}: new, compared as a whole: {`)]);
    expect(evidence).toMatchObject([{ principal: "deployer", policy: "trust policy", kind: "new-request" }]);
    expect(exitCode).toBe(2);
  });

  it("report a subject that may no longer assume a role as narrowed", () => {
    const { otherBroadened, otherNarrowed, exitCode } = withFile("planner-trust-github.json", (text) =>
      text.replace('"repo:ORG/REPO:pull_request",', ""),
    );
    expect({ otherBroadened, exitCode }).toEqual({ otherBroadened: [], exitCode: 0 });
    expect(otherNarrowed).toEqual([expect.stringContaining("who may assume the role of planner-trust-github.json: removed")]);
  });
});
