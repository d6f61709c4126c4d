import {
  between,
  betweenPacks,
  ofRule,
  packWith,
  serious,
  verdictOf,
} from "../../../../__tests__/helpers/diff";
import { packOf, reviewPackOf } from "../../../../__tests__/helpers/packs";

const scoped = (cluster = "", more = "") =>
  `policy: { mode: scoped }\ncluster: { prefix: dev, ${cluster} }\n${more}`;
const s3 = (more: string) => `backend: { s3: { bucket: state, region: eu-central-1, ${more} } }`;

/**
 * By file, the number of actions that the Terraform role newly needs, and whether an organization's
 * policy changes.
 */
const changed = (before: string, after: string) => {
  const changes = between(before, after);
  return [
    ...ofRule(changes, "deployer-broadened").map(
      ({ values }) => `${values.file}: ${values.actions?.length}`,
    ),
    ...ofRule(changes, "control-policy-changed").map(({ values }) => values.file),
  ];
};

const withFile = (file: string, edit: (text: string) => string) =>
  betweenPacks(
    reviewPackOf(""),
    packWith("", packOf(""), { [file]: edit(reviewPackOf("")[file] ?? "") }),
  );

describe("the policies of a review pack that Terraform does not apply", () => {
  it.each([
    [
      "all IAM actions for the nodes in additionalRolePolicies",
      "",
      "cluster: { additionalRolePolicies: ['iam:*'] }",
      ["service-control-policy.json"],
    ],
    [
      "a role for nodes in mode documented",
      "cluster: { prefix: dev }",
      "cluster: { prefix: dev, iamNodeRole: custom }",
      ["service-control-policy.json"],
    ],
    [
      "a former role for nodes in mode documented",
      "cluster: { prefix: dev, iamNodeRole: custom }",
      "cluster: { prefix: dev, iamNodeRole: custom, formerIamNodeRoles: [/old] }",
      ["service-control-policy.json"],
    ],
    ["tags", "", "tags: { team: platform }", ["deployer-policy.json: 2"]],
    [
      "another bucket of the state",
      "",
      "backend: { s3: { bucket: other, region: eu-central-1 } }",
      ["deployer-policy.json: 4", "planner-policy.json: 2"],
    ],
    [
      "a role for the state",
      "",
      s3("assume_role: { role_arn: 'arn:aws:iam::123456789012:role/state' }"),
      ["deployer-policy.json: 1", "deployer-state-role-policy.json: 4", "planner-policy.json: 1"],
    ],
    ["nothing", "", "", []],
    ["documented to scoped", "", scoped(), ["service-control-policy.json"]],
    ["the prefix is stated", "", "cluster: { prefix: dev }", []],
    ["the account is stated", "", "accountId: '123456789012'", []],
    ["the account is stated, scoped", scoped(), scoped("", "accountId: '123456789012'"), []],
  ])("change as far as the settings require it: %s", (_, before, after, expected) => {
    expect(changed(before, after)).toEqual(expected);
  });

  it("require attention if the earlier review pack does not contain them", () => {
    const { "service-control-policy.json": _, ...before } = reviewPackOf("");
    expect(verdictOf(betweenPacks(before, reviewPackOf("")))).toEqual([2, "file-not-compared"]);
  });

  it.each(["deployer-policy.json", "planner-policy.json", "service-control-policy.json"])(
    "are not comparable if a file is not a policy: %s",
    (file) => {
      const [code, ...rules] = verdictOf(withFile(file, () => "{"));
      expect([code, rules.length]).toEqual([2, 1]);
    },
  );

  it("report a write of the role that plans, although the deployer has it", () => {
    const changes = withFile("planner-policy.json", (text) =>
      text.replace('"s3:GetObject"', '"s3:GetObject", "s3:PutObject"'),
    );
    expect(serious(changes)).toMatchObject([
      { rule: "deployer-unused", values: { file: "planner-policy.json" } },
    ]);
  });
});
