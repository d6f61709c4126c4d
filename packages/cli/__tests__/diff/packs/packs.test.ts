import { SEVERAL_POLICIES } from "../../../../../__tests__/helpers/deployment";
import {
  actionsOf,
  between,
  betweenPacks,
  ofRule,
  packWith,
  resourcesOf,
  serious,
  seriousRules,
  verdictOf,
  withResource,
} from "../../../../../__tests__/helpers/diff";
import { packOf, reviewPackOf } from "../../../../../__tests__/helpers/packs";
import { type Changes, changesExitCode } from "../../../src/diff/changes";
import { changesAgainst } from "../../../src/diff/packs/compare";
import { changesText } from "../../../src/diff/render-summary";

const minimal = (more = "") =>
  `policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard }\n${more}`;
const ARN = "arn:aws:iam::123456789012:policy";
const managedBy = (who: string) => `accessKeys: { managedBy: ${who} }`;
const SNAPSHOTS = "features: [volume-snapshots]";
const NETWORKS = "user: { allowedNetworks: { cidrs: [198.51.100.0/24] } }";
const bounded = (name: string) => `user: { permissionsBoundary: '${ARN}/${name}' }`;
const nodes = (...names: readonly string[]) =>
  `nodeRole: { name: n, managedPolicyArns: [${names.map((name) => `'${ARN}/${name}'`).join(", ")}] }`;
const ROLE = "deployer-broadened deployer-broadened";

const ROLE_IN = (account: string) =>
  `provider: { assumeRoleArn: 'arn:aws:iam::${account}:role/terraform' }`;

/**
 * By change of a user: settings before and after, and the exit code with the rules that cause it.
 */
const CHANGES: Readonly<Record<string, readonly [before: string, after: string, verdict: string]>> =
  {
    nothing: ["", "", "0"],
    "the name of the user in another case, without access keys in Terraform": [
      managedBy("none"),
      `${managedBy("none")}\nuser: { name: Deckhouse }`,
      "3 user-renamed destroyed deployer-broadened deployer-broadened control-policy-changed",
    ],
    "another name of the policy": [
      "",
      "policy: { name: Other }",
      `3 destroyed destroyed ${ROLE} setting-breaking`,
    ],
    "another path of the policy": [
      "",
      "policy: { path: /a/ }",
      `3 destroyed destroyed ${ROLE} setting-breaking`,
    ],
    "another node role": [
      "nodeRole: { name: a }",
      "nodeRole: { name: b }",
      `3 destroyed destroyed ${ROLE} control-policy-changed setting-breaking`,
    ],
    "no node role any more": [
      "nodeRole: { name: n }",
      "",
      "3 destroyed permissions-narrowed control-policy-changed setting-changed",
    ],
    "a key that Terraform no longer manages": [
      "",
      managedBy("rotate"),
      "2 key-forgotten setting-changed",
    ],
    "another owner of keys that Terraform does not manage": [
      managedBy("rotate"),
      managedBy("none"),
      "2 setting-changed",
    ],
    "another age of keys": ["", "accessKeys: { maxAge: 30 }", "0"],
    "another account": [
      "accountId: '123456789012'",
      "accountId: '111111111111'",
      `3 ${ROLE} control-policy-changed environment-changed setting-identity`,
    ],
    "another partition": [
      "",
      "region: cn-north-1",
      `3 ${ROLE} control-policy-changed environment-changed setting-identity`,
    ],
    "another account of the role that Terraform assumes": [
      ROLE_IN("123456789012"),
      ROLE_IN("111111111111"),
      `3 ${ROLE} environment-changed setting-identity`,
    ],
    "another path of the user": [
      "",
      "user: { path: /a/ }",
      `2 argument-not-comparable ${ROLE} control-policy-changed setting-changed`,
    ],
    "a permissions boundary": [
      "",
      bounded("B"),
      "2 boundary-changed deployer-broadened setting-changed",
    ],
    "protect that is switched off": ["", "protect: false", "2 setting-changed"],
    "the output of the secret": [
      "outputs: { secret: false }",
      "",
      "2 secret-output setting-exposure",
    ],
    "less encryption": [
      "",
      "backend: { s3: { bucket: state, region: eu-central-1, encrypt: false } }",
      "2 destination-changed",
    ],
    "an import that was applied": ["import: { user: true, policy: true }", "", "0"],
    "the first key": [
      managedBy("rotate"),
      "",
      `2 first-key secret-output plaintext-in-state ${ROLE} setting-changed`,
    ],
    "a policy for nodes": [
      nodes(),
      nodes("C"),
      "2 link-external deployer-broadened setting-changed",
    ],
    "policies for nodes in another order": [nodes("A", "B"), nodes("B", "A"), "0"],
    "a feature less, which a running cluster may use": [
      minimal(SNAPSHOTS),
      minimal(),
      "2 permissions-narrowed",
    ],
    "a key that works from everywhere": [minimal(NETWORKS), minimal(), "2 networks-added"],
  };

it.each(Object.entries(CHANGES))(
  "a change of settings has its exit code, and the rules that make it: %s",
  (_, [before, after, verdict]) => {
    expect(verdictOf(between(before, after)).join(" ")).toBe(verdict);
  },
);

it.each([
  ["nodeRole: { name: former }", "nodeRole: { name: other }", 'role "former"'],
  ["nodeRole: { name: former }", "", 'role "former"'],
  ["policy: { name: former }", "policy: { name: other }", 'policy "former"'],
])("names the object that is lost, not the new one: %s, then %s", (before, after, what) => {
  expect(ofRule(between(before, after), "destroyed").map(({ values }) => values.what)).toContain(
    what,
  );
});

describe("a settings file that is", () => {
  const statesIn = ({ deployments }: Changes) =>
    deployments.map(({ stack, state }) => `${stack} ${state}`);

  it("new is reported with all of its permissions, and breaks nothing, whatever its name is", () => {
    const changes = changesAgainst({}, { constructor: reviewPackOf("") }, "");
    expect(statesIn(changes)).toEqual(["constructor new"]);
    const { Statement } = JSON.parse(reviewPackOf("")["policy.json"] ?? "") as {
      Statement: { Action: string[] }[];
    };
    const actions = actionsOf(changes, "permissions-broadened", "user");
    expect(actions.toSorted()).toEqual(Statement.flatMap(({ Action }) => Action).sort());
    expect(changesExitCode(changes)).toBe(2);
  });

  it("new imports what its settings import, and other policies of that are not compared", () => {
    const changes = betweenPacks({}, reviewPackOf("import: { user: true, policy: true }"));
    const imported = changes.deployments
      .flatMap(resourcesOf)
      .filter((line) => line.startsWith("imported"));
    expect(imported).toEqual(["imported aws_iam_policy.policy", "imported aws_iam_user.user"]);
    expect(ofRule(changes, "import-not-compared").map(({ address }) => address)).toEqual([
      "aws_iam_user.user",
    ]);
  });

  it.each([
    ["protect: false", 2, "deployment-removed"],
    ["", 3, "removed-while-protected"],
  ] as const)(
    "deleted leaves everything unmanaged, and is reported as nothing else: %j",
    (settings, ...verdict) => {
      const changes = changesAgainst({ x: reviewPackOf(settings) }, {}, "");
      expect(verdictOf(changes)).toEqual(verdict);
      expect(changes.deployments[0]?.findings).toHaveLength(1);
    },
  );

  it("changed in a tag with the name of another setting reports that tag", () => {
    const [before, after] = ["a: x", "a: x, b.status: y"].map((tags) =>
      reviewPackOf(`cluster: { tags: { ${tags} } }`),
    );
    const { deployments } = changesAgainst({ dev: before ?? {} }, { dev: after ?? {} }, "");
    expect(deployments[0]?.findings).toEqual([
      expect.objectContaining({ field: "cluster.tags.b.status" }),
    ]);
  });

  it("unchanged is listed beside a changed one", () => {
    const [before, after] = [reviewPackOf(""), reviewPackOf("tags: { x: y }")];
    const changes = changesAgainst({ a: before, b: before }, { a: before, b: after }, "");
    expect(statesIn(changes)).toEqual(["a unchanged", "b changed"]);
  });

  it("renamed is a removed and a new deployment, and the remedy says what keeps the state", () => {
    const pack = reviewPackOf("");
    const changes = changesAgainst({ old: pack }, { new: pack }, "");
    expect(statesIn(changes)).toEqual(["new new", "old removed"]);
    expect(changesText(changes)).toContain(
      "if you renamed the file, keep the state (docs/how-to/change-and-retire.md#rename-a-stack)",
    );
  });
});

it("another role in an attachment of the nodes replaces it, and is not the one of this project", () => {
  const [settings, address] = [nodes("C"), "aws_iam_role_policy_attachment.node-policy-C"];
  const changes = betweenPacks(
    packWith(settings),
    packWith(settings, withResource(packOf(settings), address, { role: "admin" })),
  );
  expect(changes.deployments.flatMap(resourcesOf)).toEqual([`replaced ${address}`]);
  expect(serious(changes)).toMatchObject([
    { rule: "destroyed", address },
    { rule: "link-external", address },
  ]);
});

it.each([
  [
    "from documented to scoped",
    "cluster: { prefix: dev }",
    SEVERAL_POLICIES,
    "permissions-narrowed",
    "created",
  ],
  [
    "from scoped to documented",
    SEVERAL_POLICIES,
    "cluster: { prefix: dev }",
    "permissions-broadened",
    "deleted",
  ],
] as const)(
  "a change of the mode compares both policies together: %s",
  (_, before, after, rule, action) => {
    const changes = between(before, after);
    expect(seriousRules(changes)).toContain(rule);
    expect(changes.deployments.flatMap(resourcesOf)).toEqual([
      "updated aws_iam_policy.policy",
      `${action} aws_iam_policy.policy-2`,
      `${action} aws_iam_user_policy_attachment.policy-attachment-2`,
    ]);
  },
);

it("a change within a mode changes only the policy of its service", () => {
  const changes = between(SEVERAL_POLICIES, `${SEVERAL_POLICIES}  formerIamNodeRoles: [/old]`);
  expect(verdictOf(changes)).toEqual([2, "permissions-broadened"]);
  expect(actionsOf(changes, "permissions-broadened", "user")).toEqual([
    "iam:GetRole",
    "iam:PassRole",
  ]);
  expect(changes.deployments.flatMap(resourcesOf)).toEqual(["updated aws_iam_policy.policy-2"]);
});

describe("a change of two policies", () => {
  it("that renames both replaces their attachments", () => {
    const changes = between(
      SEVERAL_POLICIES,
      SEVERAL_POLICIES.replace("mode: scoped", "mode: scoped, name: Other"),
    );
    expect(changes.deployments.flatMap(resourcesOf)).toEqual([
      "replaced aws_iam_policy.policy",
      "replaced aws_iam_policy.policy-2",
      "replaced aws_iam_user_policy_attachment.policy-attachment",
      "replaced aws_iam_user_policy_attachment.policy-attachment-2",
    ]);
    const rules = seriousRules(changes).filter(
      (rule) => rule === "destroyed" || rule === "second-policy-renamed",
    );
    expect(rules.sort()).toEqual(["destroyed", "destroyed", "second-policy-renamed"]);
  });

  describe("that renames the second one, as an upgrade does,", () => {
    type Resources = Record<string, Record<string, Record<string, unknown>>>;
    const current = packWith(SEVERAL_POLICIES);
    const earlier = (change: (resource: Resources) => void = () => undefined) => {
      const pack = JSON.parse(current["main.tf.json"] ?? "") as { resource: Resources };
      change(pack.resource);
      Object.assign(pack.resource.aws_iam_policy?.["policy-2"] ?? {}, {
        name: "D8CloudProviderAWS-2-bd27d0a9",
      });
      return { ...current, "main.tf.json": JSON.stringify(pack) };
    };

    it("requires attention, because the new policy is created and attached first", () => {
      expect(verdictOf(betweenPacks(earlier(), current))).toEqual([2, "second-policy-renamed"]);
    });

    it("is breaking where Terraform deletes the old one first", () => {
      const after = JSON.parse(current["main.tf.json"] ?? "") as { resource: Resources };
      delete after.resource.aws_iam_user_policy_attachment?.["policy-attachment-2"]?.lifecycle;
      const changes = betweenPacks(earlier(), {
        ...current,
        "main.tf.json": JSON.stringify(after),
      });
      expect(seriousRules(changes)).toEqual(expect.arrayContaining(["destroyed", "destroyed"]));
    });

    it("reports beside it what the user loses", () => {
      const broader = {
        Statement: [{ Effect: "Allow", Action: "iam:CreateUser", Resource: "*" }],
        Version: "2012-10-17",
      };
      const before = { ...earlier(), "policy-2.json": JSON.stringify(broader) };
      expect([...seriousRules(betweenPacks(before, current))].sort()).toEqual([
        "permissions-broadened",
        "permissions-narrowed",
        "second-policy-renamed",
      ]);
    });
  });

  it("without an attachment narrows what only that policy allows", () => {
    const pack = packOf(SEVERAL_POLICIES) as { resource: Record<string, Record<string, unknown>> };
    const { "policy-attachment-2": _, ...attached } =
      pack.resource.aws_iam_user_policy_attachment ?? {};
    const detached = {
      ...pack,
      resource: { ...pack.resource, aws_iam_user_policy_attachment: attached },
    };
    const changes = betweenPacks(packWith(SEVERAL_POLICIES), packWith(SEVERAL_POLICIES, detached));
    const services = actionsOf(changes, "permissions-narrowed").map(
      (action) => action.split(":")[0],
    );
    expect([...new Set(services)].sort()).toEqual([
      "autoscaling",
      "elasticloadbalancing",
      "iam",
      "sts",
    ]);
    expect(verdictOf(changes)).toEqual([3, "policy-detached", "permissions-narrowed"]);
  });
});
