import { planDigest } from "../../../src/diff/plans/digest";

const change = (
  actions: readonly string[],
  before: unknown,
  after: unknown,
  more: object = {},
) => ({
  actions,
  before,
  after,
  after_unknown: {},
  before_sensitive: {},
  after_sensitive: {},
  ...more,
});
const entry = (name: string, changed: object) => ({
  address: `aws_iam_user.${name}`,
  mode: "managed",
  type: "aws_iam_user",
  name,
  provider_name: "registry.terraform.io/hashicorp/aws",
  change: changed,
});

const UPDATED = entry(
  "updated",
  change(["update"], { tags: { a: "b" }, path: "/" }, { tags: { a: "c" }, path: "/" }),
);
const UNCHANGED = entry("unchanged", change(["no-op"], { name: "x" }, { name: "x" }));
const KEY = entry(
  "key",
  change(
    ["update"],
    { status: "Active", secret: "one" },
    { status: "Inactive", secret: "one" },
    {
      before_sensitive: { secret: true },
      after_sensitive: { secret: true },
    },
  ),
);
const SECRET_OUTPUT = change(["create"], null, "one", {
  before_sensitive: false,
  after_sensitive: true,
});
const OUTPUTS = {
  user: change(["no-op"], "x", "x", { before_sensitive: false, after_sensitive: false }),
  secret: SECRET_OUTPUT,
};

const PLAN = {
  format_version: "1.2",
  terraform_version: "1.11.4",
  timestamp: "2026-11-29T10:00:00Z",
  variables: { x: { value: "y" } },
  relevant_attributes: [{ resource: "a", attribute: ["x"] }],
  configuration: { root_module: {} },
  prior_state: { values: {} },
  planned_values: { root_module: {} },
  applyable: true,
  complete: true,
  errored: false,
  resource_changes: [UPDATED, UNCHANGED, KEY],
  resource_drift: [entry("drifted", change(["update"], { path: "/" }, { path: "/x/" }))],
  output_changes: OUTPUTS,
};
const ORIGIN = {
  configuration: { resource: { aws_iam_user: { user: { name: "x" } } } },
  lock: "lock",
  destination: { type: "s3", arguments: { bucket: "state" }, workspace: "default" },
  rules: ["resource", "tags-changed"],
};

const digest = (plan: object = {}, origin: object = {}) =>
  planDigest({ ...PLAN, ...plan }, { ...ORIGIN, ...origin });
/** With other parts of its change. */
const changed = (of: ReturnType<typeof entry>, parts: object) => ({
  ...of,
  change: { ...of.change, ...parts },
});
const resources = (...entries: readonly object[]) => ({ resource_changes: entries });
const reversed = (value: object) => Object.fromEntries(Object.entries(value).reverse());

describe("the digest of a plan", () => {
  it.each<[string, object, object?]>([
    ["the time", { timestamp: "2026-11-30T10:00:00Z" }],
    ["the version of Terraform", { terraform_version: "1.15.0", format_version: "1.3" }],
    ["values of variables", { variables: {} }],
    ["what the plan depends on", { relevant_attributes: [] }],
    ["how Terraform shows the configuration", { configuration: { provider_config: {} } }],
    ["the rest of the state", { prior_state: {}, planned_values: {} }],
    ["the order of entries", resources(KEY, UNCHANGED, UPDATED)],
    [
      "the order of keys",
      resources(reversed(UPDATED), KEY),
      { destination: reversed(ORIGIN.destination) },
    ],
    ["the order of findings", {}, { rules: ["tags-changed", "resource"] }],
    ["objects that stay as they are", resources(UPDATED, KEY)],
    ["an output that stays as it is", { output_changes: { secret: SECRET_OUTPUT } }],
    [
      "a sensitive value",
      resources(UPDATED, changed(KEY, { before: { status: "Active", secret: "two" } })),
    ],
    [
      "a sensitive output",
      { output_changes: { ...OUTPUTS, secret: { ...SECRET_OUTPUT, after: "two" } } },
    ],
  ])("does not depend on %s", (_, plan, origin = {}) => {
    expect(digest(plan, origin)).toBe(digest());
  });

  it.each<[string, object, object?]>([
    ["the configuration", {}, { configuration: {} }],
    ["the provider lock", {}, { lock: "other" }],
    ["no provider lock", {}, { lock: undefined }],
    [
      "the destination",
      {},
      { destination: { ...ORIGIN.destination, arguments: { bucket: "other" } } },
    ],
    ["the workspace", {}, { destination: { ...ORIGIN.destination, workspace: "other" } }],
    [
      "a finding more, which follows from the state",
      {},
      { rules: [...ORIGIN.rules, "policy-detached-early"] },
    ],
    ["an entry less", resources(UPDATED)],
    ["an entry more", resources(UPDATED, KEY, entry("created", change(["create"], null, {})))],
    ["another address", resources({ ...UPDATED, address: "aws_iam_user.other" }, KEY)],
    ["another provider", resources({ ...UPDATED, provider_name: "example.com/x/aws" }, KEY)],
    ["a value before", resources(changed(UPDATED, { before: { tags: {}, path: "/" } }), KEY)],
    ["a value after", resources(changed(UPDATED, { after: { tags: { a: "d" }, path: "/" } }), KEY)],
    [
      "a value that is known later",
      resources(changed(UPDATED, { after_unknown: { id: true } }), KEY),
    ],
    [
      "a value that is no longer sensitive",
      resources(UPDATED, changed(KEY, { after_sensitive: {} })),
    ],
    [
      "a sensitive value that is gone",
      resources(UPDATED, changed(KEY, { after: { status: "Inactive", secret: null } })),
    ],
    ["an import", resources(UPDATED, KEY, changed(UNCHANGED, { importing: { id: "x" } }))],
    ["a move", resources(UPDATED, KEY, { ...UNCHANGED, previous_address: "aws_iam_user.former" })],
    ["a deposed object", resources(UPDATED, KEY, { ...KEY, deposed: "1a2b3c4d" })],
    [
      "a key of an entry that is not known here",
      resources({ ...UPDATED, action_trigger: {} }, KEY),
    ],
    ["a change outside Terraform", { resource_drift: [] }],
    [
      "an output",
      { output_changes: { ...OUTPUTS, region: change(["create"], null, "eu-central-1") } },
    ],
    [
      "an output that is no longer sensitive",
      { output_changes: { secret: { ...SECRET_OUTPUT, after_sensitive: false } } },
    ],
    ["that the plan is incomplete", { complete: false }],
    ["a part that is not known here", { action_invocations: [{ address: "action.x.y" }] }],
  ])("depends on %s", (_, plan, origin = {}) => {
    expect(digest(plan, origin)).not.toBe(digest());
  });

  it("depends on the order of actions: a key is deleted before or after the new one is created", () => {
    const replaced = (...actions: readonly string[]) =>
      digest(resources(changed(KEY, { actions })));
    expect(replaced("delete", "create")).not.toBe(replaced("create", "delete"));
  });
});
