import fc from "fast-check";
import { deployment } from "../../../../../__tests__/helpers/deployment";
import {
  betweenPacks,
  evidenceOf,
  ofRule,
  packWith,
  verdictOf,
  withResource,
} from "../../../../../__tests__/helpers/diff";
import { editedPlans, realPlan, SECRETS } from "../../../../../__tests__/helpers/edited-plans";
import {
  anyCharacter,
  anyEdits,
  edited,
  fuzzParameters,
} from "../../../../../__tests__/helpers/fuzz";
import { schemaErrors } from "../../../../../__tests__/helpers/json-schema";
import { optionsOf, packOf, reviewPackOf } from "../../../../../__tests__/helpers/packs";
import schema from "../../../../../docs/reference/findings.schema.json";
import { policyDocument } from "../../../../../src/iam/policy-document";
import { policyStatements } from "../../../../../src/iam/policy-statements";
import type { JsonObject } from "../../../../../src/text/json";
import { sideOf } from "../../../../iam-no-new-access/__tests__/helpers/pairs";
import { type Request, RULES } from "../../../src/diff/change-rules";
import { changesExitCode, changesJson, findingsOf, withDigest } from "../../../src/diff/changes";
import { readPlan } from "../../../src/diff/plan-file";
import { changesOfPlan } from "../../../src/diff/plans/plan-findings";
import { changesMarkdown, changesText } from "../../../src/diff/render-summary";
import { reference } from "../../../src/diff/snapshot";
import { levelOf } from "../../../src/findings/finding";

const changesOf = (plan: object) => changesOfPlan(plan as JsonObject, "x", "Plan");
const rulesOf = (changes: ReturnType<typeof changesOf>) =>
  new Set<string>(
    findingsOf(changes).flatMap((found) => (levelOf(RULES, found) === "note" ? [] : [found.rule])),
  );

const PLANS = Object.entries(editedPlans());

const prior = (mode: string) => ({
  values: { root_module: { resources: [{ address: "x.y", mode }] } },
});

it.each(PLANS)(
  "the summary of an edited plan has its exit code and rules, and matches the published schema as JSON: %s",
  (_, { base, plan, exitCode, rules }) => {
    const changes = changesOf(plan);
    const known = rulesOf(changesOf(realPlan(base)));
    const added = [...rulesOf(changes)].filter((rule) => !known.has(rule));
    expect([changesExitCode(changes), ...added.sort()]).toEqual([exitCode, ...[...rules].sort()]);
    const printed = changesText(changes) + changesMarkdown(changes) + changesJson(changes);
    const spellings = SECRETS.flatMap((secret) => [
      secret,
      Buffer.from(secret).toString("base64"),
      encodeURIComponent(secret),
    ]);
    expect(spellings.filter((spelling) => printed.includes(spelling))).toEqual([]);
    expect(schemaErrors(JSON.parse(changesJson(changes)), schema)).toEqual([]);
    expect(changesText(withDigest(changes, "0".repeat(64)))).not.toMatch(
      /unchanged|nothing changes/i,
    );
  },
);

const DELETED_USER = {
  address: "aws_iam_user.user",
  change: { actions: ["delete"], before: { name: "deckhouse" }, after: null },
};

it.each([
  ["new", {}, "new"],
  [
    "changed where the user was deleted or renamed outside Terraform",
    { resource_drift: [DELETED_USER] },
    "changed",
  ],
])("a deployment that a plan creates is %s", (_, more, state) => {
  const { deployments } = changesOf({ ...realPlan("first-apply"), ...more });
  expect(deployments.map((each) => each.state)).toEqual([state]);
});

it.each([
  ["an attachment", ["the user policy attachment"]],
  ["nothing beside the import of the user", []],
])(
  "what a plan creates is a note, because it does not show the policy of the role: %s",
  (name, created) => {
    const { plan } = editedPlans()[`what the Terraform role needs more: ${name}`] ?? {};
    const found = ofRule(changesOf(plan ?? {}), "deployer-creates");
    expect(found.flatMap(({ values }) => values.created)).toEqual(created);
    expect(found.map((each) => levelOf(RULES, each))).toEqual(created.map(() => "note"));
  },
);

it("an imported policy of the user lists the actions that it gets once", () => {
  const edit = "what a policy allows: an imported policy that allowed less";
  const changes = changesOf(editedPlans()[edit]?.plan ?? {});
  const listed = ofRule(changes, "permissions-broadened").map(({ principal, values }) => [
    principal,
    (values.actions ?? []).length,
  ]);
  expect(listed).toEqual([
    ["user", 3],
    ["principal of the imported policy", 0],
  ]);
});

it.each([
  ["nothing", {}, ["state-empty"]],
  ["data sources alone", { prior_state: prior("data") }, ["state-empty"]],
  ["other resources", { prior_state: prior("managed") }, []],
])("a plan that creates the user begins with a state that has %s", (_, more, rules) => {
  const found = [...rulesOf(changesOf({ ...realPlan("first-apply"), ...more }))];
  expect(found.filter((rule) => rule === "state-empty")).toEqual(rules);
});

it("an empty plan after a change outside Terraform names what the state has otherwise than AWS", () => {
  const { plan } = editedPlans()["what a policy allows: tags changed outside Terraform user"] ?? {};
  const address = "aws_iam_access_key.user";
  const drift = {
    address,
    change: { actions: ["delete"], before: { status: "Inactive" }, after: null },
  };
  const outdated = (given: object) =>
    ofRule(changesOf(given), "state-outdated").map(({ values }) => values.objects);
  const without = plan?.resource_changes.filter((entry) => entry.address !== address);
  expect(
    outdated({
      ...plan,
      resource_changes: without,
      resource_drift: [...(plan?.resource_drift ?? []), drift],
    }),
  ).toEqual([['the user "deckhouse" was changed (tags, tags_all)', "the access key was deleted"]]);
  expect(outdated(realPlan("no-change"))).toEqual([]);
});

const MINIMAL = "policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard }\n";
it.each([
  [MINIMAL, `${MINIMAL}features: [volume-snapshots]`],
  [`${MINIMAL}features: [volume-snapshots]`, MINIMAL],
  [MINIMAL, MINIMAL.replace("prefix: dev", "prefix: dev, iamNodeRole: nodes")],
  [MINIMAL.replace("minimal", "scoped"), MINIMAL],
  ["", "outputs: { secret: false }"],
])("what a leaked key can do changes as the review packs say: %j and %j", (...given) => {
  const account = "123456789012";
  const settings = given.map((text) => `accountId: "${account}"\n${text}`);
  const [before, after] = settings.map((text) =>
    JSON.stringify(policyDocument(policyStatements(optionsOf(deployment(text))), account)),
  );
  const plan = realPlan("no-change");
  for (const { address, change } of plan.resource_changes) {
    if (address === "aws_iam_policy.policy") {
      Object.assign(change, { actions: ["update"] });
      Object.assign(change.before ?? {}, { policy: before });
      Object.assign(change.after ?? {}, { policy: after });
    }
  }
  const changes = changesOfPlan(plan as JsonObject, "x", "Plan", [], deployment(settings[1]));
  const [base = {}, current = {}] = settings.map((text) => reviewPackOf(text));
  expect(ofRule(changes, "risk")).toEqual(ofRule(betweenPacks(base, current), "risk"));
});

describe("a plan that changes the first policy and detaches the second one", () => {
  const attachment = "aws_iam_user_policy_attachment.policy-attachment-2";
  const rulesAfter = (order: readonly string[], actions = ["update"]) => {
    const plan = realPlan("no-change");
    const policy = plan.resource_changes.find(({ address }) => address === "aws_iam_policy.policy");
    Object.assign(policy?.change ?? {}, {
      actions,
      after: { ...policy?.change.after, policy: json("ec2:*") },
    });
    const detached = {
      actions: ["delete"],
      before: { user: "deckhouse", policy_arn: "x" },
      after: null,
      after_unknown: {},
    };
    const [type, name] = attachment.split(".");
    const entry = {
      address: attachment,
      mode: "managed",
      type,
      name,
      provider_name: policy?.provider_name,
      change: detached,
    };
    const resources = [{ address: "aws_iam_policy.policy", depends_on: order }];
    return rulesOf(
      changesOf({
        ...plan,
        resource_changes: [...plan.resource_changes, entry],
        prior_state: { values: { root_module: { resources } } },
      }),
    );
  };

  it("is breaking only if the state has lost the order of both, as after a failed change", () => {
    expect(rulesAfter([attachment])).not.toContain("policy-detached-early");
    expect(rulesAfter([])).toContain("policy-detached-early");
    expect(rulesAfter([], ["no-op"])).not.toContain("policy-detached-early");
  });
});

const SETTINGS = "nodeRole: { name: n }\naccountId: '123456789012'";
const NODES = packOf(SETTINGS);
const BOUNDARY = "arn:aws:iam::123456789012:policy/B";

/** In the notation of packages/iam-no-new-access/__tests__/helpers/pairs.txt. */
const json = (statements: string) => JSON.stringify(sideOf(statements).identity[0]);
const userPolicy = (statements: string) =>
  withResource(NODES, "aws_iam_policy.policy", { policy: json(statements) });
const nodePolicy = (statements: string) =>
  withResource(NODES, "aws_iam_role_policy.node", { policy: json(statements) });
const insideBoundary = (statements: string) =>
  withResource(userPolicy(statements), "aws_iam_user.user", { permissions_boundary: BOUNDARY });
const between = (before: JsonObject, after: JsonObject) =>
  betweenPacks(packWith(SETTINGS, before), packWith(SETTINGS, after));

const shown = (changes: ReturnType<typeof betweenPacks>) =>
  evidenceOf(changes).map((evidence) => {
    const { action, resource, context } = evidence as Request;
    return action === undefined
      ? evidence
      : [action, resource, ...Object.entries(context)].join(" ");
  });

describe("what a change broadens has an example", () => {
  it.each<
    [
      string,
      typeof userPolicy,
      before: string,
      after: string,
      forward: readonly string[],
      backward: readonly string[],
    ]
  >([
    [
      "an Allow beside a Deny",
      userPolicy,
      "s3:*; deny s3:PutObject",
      "s3:* iam:*; deny s3:PutObject",
      ["iam:PutRolePolicy arn:aws:iam::123456789012:role/example"],
      [],
    ],
    [
      "a Deny of the user",
      userPolicy,
      "s3:GetObject; deny s3:GetObject on @a/*",
      "s3:GetObject",
      ["s3:GetObject arn:aws:s3:::a/example"],
      [],
    ],
    [
      "a Deny of what the policy does not allow",
      userPolicy,
      "s3:GetObject; deny iam:*",
      "s3:GetObject",
      [],
      [],
    ],
    [
      "an action of the node role",
      nodePolicy,
      "s3:GetObject",
      "s3:GetObject s3:PutObject",
      ["s3:PutObject arn:aws:s3:::example/example"],
      [],
    ],
    [
      "permissions within a boundary that stays and whose content is unknown",
      insideBoundary,
      "s3:GetObject",
      "s3:GetObject s3:PutObject",
      ["s3:PutObject arn:aws:s3:::example/example"],
      [],
    ],
  ])("%s", (_, policy, before, after, forward, backward) => {
    const [former, latter] = [policy(before), policy(after)];
    expect([shown(between(former, latter)), shown(between(latter, former))]).toEqual([
      forward,
      backward,
    ]);
  });

  it("for two policies together", () => {
    const second = { name: "D8CloudProviderAWS-2", policy: json("ec2:DeleteVpc") };
    const attached = withResource(
      withResource(userPolicy("ec2:A"), "aws_iam_policy.policy-2", second),
      "aws_iam_user_policy_attachment.policy-attachment-2",
      {
        user: reference("aws_iam_user.user.name"),
        policy_arn: reference("aws_iam_policy.policy-2.arn"),
      },
    );
    const together = userPolicy("ec2:A ec2:DeleteVpc");
    expect(verdictOf(between(together, attached))).toEqual([0]);
    expect(verdictOf(between(attached, together))).toEqual([0]);
    expect(shown(between(userPolicy("ec2:A"), attached))).toEqual([
      "ec2:DeleteVpc arn:aws:ec2:eu-central-1:123456789012:vpc/example",
    ]);
  });

  it("and the summary names the boundary that must allow the request as well", () => {
    const text = changesText(
      between(insideBoundary("s3:GetObject"), insideBoundary("s3:PutObject")),
    );
    expect(text).toContain(
      `this was denied before: s3:PutObject on arn:aws:s3:::example/example, if the permissions boundary ${BOUNDARY} allows it\n`,
    );
  });
});

const [SECRET] = SECRETS;
const REAL_PLANS = (["no-change", "first-apply"] as const).map(realPlan);

describe("a plan that Terraform made but for a few changes", () => {
  const diff = (content: string) => {
    let plan: JsonObject;
    try {
      plan = readPlan("plan.json", content);
    } catch (error) {
      const { name, message } = error as Error;
      expect({ name, message }).toEqual({
        name: "Error",
        message: expect.stringMatching(/^[^\n]*plan\.json: [^\n]+$/),
      });
      return { exitCode: 1, printed: message };
    }
    const changes = changesOf(plan);
    return {
      exitCode: changesExitCode(changes),
      printed: changesText(changes) + changesMarkdown(changes) + changesJson(changes),
    };
  };

  it("is summarized, or rejected in one line, without secrets", () => {
    fc.assert(
      fc.property(fc.constantFrom(...REAL_PLANS), anyEdits, (plan, edits) => {
        const { exitCode, printed } = diff(JSON.stringify(edited(plan, edits)));
        expect([0, 1, 2, 3]).toContain(exitCode);
        expect(printed).not.toMatch(/^ +at /m);
        // Edits may remove the key of the secret, which then is any other text.
        const isKnown = JSON.stringify(edited(plan, edits)).includes(`"secret":"${SECRET}"`);
        expect(printed.includes(SECRET) && isKnown).toBe(false);
      }),
      fuzzParameters(60),
    );
  });

  it("is rejected in one line, or summarized, when its text is changed", () => {
    const anyChange = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 200 }),
      insert: fc.string({ unit: anyCharacter, maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.constantFrom(...REAL_PLANS), anyChange, (plan, { at, remove, insert }) => {
        const text = JSON.stringify(plan);
        const start = at % text.length;
        const { exitCode } = diff(text.slice(0, start) + insert + text.slice(start + remove));
        expect([0, 1, 2, 3]).toContain(exitCode);
      }),
      fuzzParameters(20),
    );
  });
});
