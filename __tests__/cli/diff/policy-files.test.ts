import { POLICY_FILES, type PolicyFiles } from "../../../src/cli/diff/pack-policies";
import { between as compare, packFiles, type Summary, seriousRules } from "../../helpers/changes";
import { packOf, reviewPackOf } from "../../helpers/packs";

const filesOf = (settings: string): PolicyFiles =>
  Object.fromEntries(Object.entries(reviewPackOf(settings)).filter(([file]) => POLICY_FILES.includes(file)));

const between = (before: string, after: string) =>
  compare({ x: packFiles(packOf(before), filesOf(before)) }, { x: packFiles(packOf(after), filesOf(after)) });

/** What is broadened, but for the requests as evidence. */
const broadened = ({ otherBroadened }: Summary) => otherBroadened.map((line) => line.replace(/; for example .*$/, ""));

const scoped = (cluster = "", more = "") => `policy: { mode: scoped }\ncluster: { prefix: dev, ${cluster} }\n${more}`;
const s3 = (more: string) => `backend: { s3: { bucket: state, region: eu-central-1, ${more} } }`;

const needs = (actions: string, files = "deployer-policy.json") =>
  `the principal that runs Terraform requires more: update its role with ${files} first: ${actions}`;

/** What changes if one file of the review pack is another text. */
const withFile = (file: string, edit: (text: string) => string) => {
  const files = filesOf("");
  return compare(
    { x: packFiles(packOf(""), files) },
    { x: packFiles(packOf(""), { ...files, [file]: edit(files[file] ?? "") }) },
  );
};

describe("the policies of a review pack that Terraform does not apply", () => {
  it.each<[string, string, string, readonly string[]]>([
    [
      "all IAM actions for the nodes in additionalRolePolicies",
      "",
      "cluster: { additionalRolePolicies: ['iam:*'] }",
      ["the service control policy denies less: NodeRoleStaysNodeRole"],
    ],
    [
      "a role for nodes in mode documented",
      "cluster: { prefix: dev }",
      "cluster: { prefix: dev, iamNodeRole: custom }",
      ["the service control policy denies less: KeyPassesOnlyNodeRoles"],
    ],
    [
      "a former role for nodes in mode documented",
      "cluster: { prefix: dev, iamNodeRole: custom }",
      "cluster: { prefix: dev, iamNodeRole: custom, formerIamNodeRoles: [/old] }",
      ["the service control policy denies less: KeyPassesOnlyNodeRoles"],
    ],
    [
      "forceDestroy",
      "",
      "user: { forceDestroy: true }",
      [
        needs(
          "iam:DeactivateMFADevice, iam:DeleteLoginProfile, iam:DeleteSSHPublicKey, iam:DeleteServiceSpecificCredential, iam:DeleteSigningCertificate, iam:DeleteUserPolicy, iam:DeleteVirtualMFADevice, iam:DetachUserPolicy, iam:ListMFADevices, iam:ListSSHPublicKeys, iam:ListServiceSpecificCredentials, iam:ListSigningCertificates, iam:ListUserPolicies, iam:ListVirtualMFADevices",
        ),
      ],
    ],
    ["tags", "", "tags: { team: platform }", [needs("iam:TagPolicy, iam:TagUser, iam:UntagPolicy, iam:UntagUser")]],
    [
      "another bucket of the state",
      "",
      "backend: { s3: { bucket: other, region: eu-central-1 } }",
      [
        needs("s3:DeleteObject, s3:GetObject, s3:ListBucket, s3:PutObject"),
        needs("s3:GetObject, s3:ListBucket", "planner-policy.json"),
      ],
    ],
    [
      "a role for the state",
      "",
      s3("assume_role: { role_arn: 'arn:aws:iam::123456789012:role/state' }"),
      [
        needs("sts:AssumeRole"),
        needs("s3:DeleteObject, s3:GetObject, s3:ListBucket, s3:PutObject", "deployer-state-role-policy.json"),
        needs("sts:AssumeRole", "planner-policy.json"),
      ],
    ],
  ])("are broadened: %s", (_, before, after, lines) => {
    const changes = between(before, after);
    expect(changes.deployments.flatMap(broadened).filter((line) => !line.startsWith("aws_iam"))).toEqual(lines);
    expect(changes.exitCode).toBe(2);
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
    expect(changes.deployments.flatMap(broadened).filter((line) => !line.startsWith("aws_iam"))).toEqual([]);
  });

  it("are narrowed if the service control policy denies more", () => {
    const { deployments } = between("cluster: { additionalRolePolicies: ['iam:*'] }", "");
    expect(deployments[0]?.otherNarrowed).toEqual(["the service control policy denies more: NodeRoleStaysNodeRole"]);
  });

  it("are broadened if the service control policy no longer denies what the policy of the user allows", () => {
    const changes = compare({ x: packFiles(packOf(""), filesOf("")) }, { x: packFiles(packOf(""), filesOf(scoped())) });
    expect(changes.deployments.flatMap(broadened)).toContain(
      "the service control policy denies less: KeyWritesOnlyNodeRole, KeyPassesOnlyNodeRoles",
    );
  });

  it("require attention if the earlier review pack does not contain them", () => {
    const { "service-control-policy.json": _, ...before } = filesOf("");
    const changes = compare({ x: packFiles(packOf(""), before) }, { x: packFiles(packOf(""), filesOf("")) });
    expect(changes.deployments.flatMap(({ attention }) => attention)).toEqual([
      "service-control-policy.json is not compared: the earlier review pack does not contain it",
    ]);
    expect(changes.exitCode).toBe(2);
  });

  it("are not comparable if a file is not a policy", () => {
    const changes = withFile("deployer-policy.json", () => "{");
    expect(changes.deployments.flatMap(broadened)).toEqual([
      "the principal that runs Terraform requires more: update its role with deployer-policy.json first; not comparable: reported as broadened, because a statement of the policy after the change is not a policy document of version 2008-10-17 or 2012-10-17",
    ]);
    expect(withFile("service-control-policy.json", () => "{}").exitCode).toBe(2);
  });

  it("report a write of the role that plans, although the deployer has it", () => {
    const changes = withFile("planner-policy.json", (text) => text.replace('"s3:GetObject"', '"s3:GetObject", "s3:PutObject"'));
    expect(changes.deployments.flatMap(broadened)).toEqual([needs("s3:PutObject", "planner-policy.json")]);
    expect(changes.exitCode).toBe(2);
  });

  it.each([
    ["deployer-trust-github.json", "ORG/REPO:environment:dkp-access-apply", "ORG/*"],
    ["planner-trust-gitlab.json", "GROUP/PROJECT:", "GROUP/*:"],
    ["planner-trust-github.json", '"sts.amazonaws.com"', '"other"'],
  ])("report who may newly assume a role: %s", (file, from, to) => {
    const changes = withFile(file, (text) => text.replaceAll(from, to));
    expect(seriousRules(changes)).toEqual(["trust-changed"]);
    expect(changes.deployments.flatMap(broadened)[0]).toContain(`who may assume the role of ${file} changes: {`);
    expect(changes.exitCode).toBe(2);
  });
});
