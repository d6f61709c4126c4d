import {
  betweenPacks,
  ofRule,
  packWith,
  verdictOf,
  withResource,
} from "../../../../../__tests__/helpers/diff";
import { packFilesOf, packOf, reviewPackOf } from "../../../../../__tests__/helpers/packs";
import { changesExitCode } from "../../../src/diff/changes";
import { changesAgainst } from "../../../src/diff/packs/compare";
import type { Files } from "../../../src/diff/packs/pack-side";
import { changesText } from "../../../src/diff/render-summary";

const PACK = packOf("");
const EMPTY = JSON.stringify({ Version: "2012-10-17", Statement: [] });
const ALL = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
});
const resource = (address: string, values: object) =>
  packWith("", withResource(PACK, address, values));
const policy = (text: string) => resource("aws_iam_policy.policy", { policy: text });
const file = (name: string, text: string) => packWith("", PACK, { [name]: text });

function without(name: string) {
  const { [name]: _, ...files } = reviewPackOf("");
  return files;
}

function deployment(more: object, version = "0.2.0") {
  const { settings } = JSON.parse(reviewPackOf("")["deployment.json"] ?? "") as {
    readonly settings: object;
  };
  return file("deployment.json", JSON.stringify({ version, settings: { ...settings, ...more } }));
}

const edited = (before: string, after: string) => JSON.stringify(PACK).replace(before, after);
const against = (base: Files) =>
  verdictOf(changesAgainst({ deckhouse: base }, { deckhouse: reviewPackOf("") }, "", packFilesOf));

describe("a review pack as base", () => {
  it.each([
    ["a policy that allows nothing", policy(EMPTY), ["permissions-broadened"]],
    ["a policy that allows everything", policy(ALL), ["permissions-narrowed"]],
    [
      "a policy that cannot be read",
      policy("{"),
      ["permissions-broadened", "permissions-narrowed"],
    ],
    [
      "a resource more",
      resource("aws_iam_user_policy.extra", { user: "deckhouse" }),
      ["resource-external"],
    ],
    [
      "no user",
      packWith("", { ...PACK, resource: { ...(PACK.resource as object), aws_iam_user: {} } }),
      ["permissions-broadened"],
    ],
    [
      "a boundary",
      resource("aws_iam_user.user", { permissions_boundary: "arn:aws:iam::123456789012:policy/B" }),
      ["boundary-removed"],
    ],
    [
      "a deployer policy that allows nothing",
      file("deployer-policy.json", EMPTY),
      ["deployer-unused"],
    ],
    [
      "a control policy that denies nothing",
      file("service-control-policy.json", EMPTY),
      ["control-policy-changed"],
    ],
    [
      "a control policy that is not one",
      file("service-control-policy.json", "{}"),
      ["control-policy-changed"],
    ],
    [
      "a policy.json that is not a policy",
      file("policy.json", "{"),
      ["permissions-broadened", "permissions-narrowed"],
    ],
    [
      "an empty policy.json",
      file("policy.json", ""),
      ["permissions-broadened", "permissions-narrowed"],
    ],
    ["a policy.json that allows nothing", file("policy.json", EMPTY), ["permissions-broadened"]],
    ["no policy.json", without("policy.json"), ["permissions-broadened", "permissions-narrowed"]],
    ["no control policy", without("service-control-policy.json"), ["file-not-compared"]],
    [
      "another policy document than policy.json",
      file("main.tf.json", edited("ec2:RunInstances", "ec2:Nothing")),
      ["configuration-changed"],
    ],
    [
      "another provider",
      file(
        "main.tf.json",
        edited('"region":"eu-central-1"', '"region":"eu-central-1","max_retries":1'),
      ),
      ["configuration-changed"],
    ],
    [
      "no guard",
      file("main.tf.json", edited('"prevent_destroy":true', '"prevent_destroy":false')),
      ["configuration-changed"],
    ],
    [
      "another output",
      file("main.tf.json", edited('"value":"${', '"value":"other ${')),
      ["configuration-changed"],
    ],
  ])("that this version wrote was edited: %s", (_, base, rules) => {
    expect(against(base)).toEqual([2, ...rules]);
  });

  it.each([
    ["nothing", reviewPackOf(""), [0]],
    [
      "a setting of another version",
      deployment({ later: true }),
      [2, "setting-changed", "settings-unreadable"],
    ],
    ["a newer version", deployment({}, "99.0.0"), [2, "baseline-newer"]],
    ["a version that is none", deployment({}, "new"), [2, "baseline-newer"]],
    ["a version whose text is greater", deployment({}, "0.0.9"), [0]],
    ["a pre-release of this version", deployment({}, "0.2.0-rc.1"), [0]],
    [
      "an output of an earlier version",
      {
        ...deployment({}, "0.1.0"),
        "main.tf.json": edited('"output":{', '"output":{"dump":{"value":"x"},'),
      },
      [2, "configuration-changed"],
    ],
  ])("has %s", (_, base, verdict) => {
    expect(against(base)).toEqual(verdict);
  });

  it("has a lock table of one account, and the settings those of every account", () => {
    const settings =
      'accountId: "123456789012"\nbackend: { s3: { bucket: b, key: k, region: eu-central-1, dynamodb_table: t } }';
    const pack = reviewPackOf(settings);
    const policy = pack["deployer-policy.json"]?.replace(":*:table/", ":123456789012:table/") ?? "";
    expect(verdictOf(betweenPacks({ ...pack, "deployer-policy.json": policy }, pack))).toEqual([
      2,
      "deployer-unused",
    ]);
  });

  it("is unchanged where another version wrote the same in another order, and without defaults", () => {
    const { settings } = JSON.parse(reviewPackOf("")["deployment.json"] ?? "");
    const { protect: _, ...others } = settings;
    const reversed = Object.fromEntries(Object.entries(others).reverse());
    const base = file(
      "deployment.json",
      JSON.stringify({ settings: reversed, version: "0.2.0-g01234567" }),
    );
    const changes = changesAgainst(
      { deckhouse: base },
      { deckhouse: reviewPackOf("") },
      "Compared",
      packFilesOf,
    );
    expect(changesText(changes)).toBe(
      "Verdict: harmless (exit code 0). Nothing changes.\nCompared\n\nUnchanged: deckhouse\n",
    );
  });

  it("is new with a provider lock, which changes nothing and breaks nothing", () => {
    const changes = changesAgainst(
      {},
      { x: { ...reviewPackOf(""), ".terraform.lock.hcl": "lock" } },
      "",
    );
    expect(changes.deployments.map(({ state }) => state)).toEqual(["new"]);
    expect(verdictOf(changes)).not.toContain("lock-changed");
    expect(changesExitCode(changes)).toBe(2);
  });

  it("names the upgrade that changes what no setting explains", () => {
    const base = {
      ...policy(EMPTY),
      "deployment.json": deployment({}, "0.0.1")["deployment.json"] ?? "",
    };
    const ours = JSON.parse(reviewPackOf("")["deployment.json"] ?? "").version;
    const found = ofRule(
      changesAgainst({ x: base }, { x: reviewPackOf("") }, "", packFilesOf),
      "upgraded",
    );
    expect(found.map(({ values }) => values)).toEqual([{ theirs: "0.0.1", ours }]);
  });

  it.each([
    ["changes", "other", [2, "lock-changed"]],
    ["is removed", undefined, [2, "lock-changed"]],
    ["stays", "lock", [0]],
  ])("has a provider lock that %s", (_, lock, verdict) => {
    const [base, current] = [reviewPackOf(""), reviewPackOf("")];
    const after = lock === undefined ? current : { ...current, ".terraform.lock.hcl": lock };
    expect(verdictOf(betweenPacks({ ...base, ".terraform.lock.hcl": "lock" }, after))).toEqual(
      verdict,
    );
    expect(verdictOf(betweenPacks(base, after))).toEqual(
      lock === undefined ? [0] : [2, "lock-changed"],
    );
  });
});
