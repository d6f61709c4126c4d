import { changesAgainst } from "../../../src/cli/diff/compare";
import { betweenPacks, packWith, verdictOf, withResource } from "../../helpers/diff";
import { packOf, reviewPackOf } from "../../helpers/packs";
import { packFilesOf } from "../../helpers/reviewed";

const PACK = packOf("");
const EMPTY = JSON.stringify({ Version: "2012-10-17", Statement: [] });
const ALL = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] });
const resource = (address: string, values: object) => packWith("", withResource(PACK, address, values));
const policy = (text: string) => resource("aws_iam_policy.policy", { policy: text });
const file = (name: string, text: string) => packWith("", PACK, { [name]: text });

function without(name: string): Readonly<Record<string, string>> {
  const { [name]: _, ...files } = reviewPackOf("");
  return files;
}

/** With other settings, and as another version of the program wrote it. */
function deployment(more: object, version = "0.2.0") {
  const { settings } = JSON.parse(reviewPackOf("")["deployment.json"] ?? "") as { readonly settings: object };
  return file("deployment.json", JSON.stringify({ version, settings: { ...settings, ...more } }));
}

const noUser = packWith("", { ...PACK, resource: { ...(PACK.resource as object), aws_iam_user: {} } });

describe("a review pack as base that was edited", () => {
  it.each<[string, Readonly<Record<string, string>>, ReturnType<typeof verdictOf>]>([
    ["nothing edited", reviewPackOf(""), [0]],
    ["a policy that allows nothing", policy(EMPTY), [2, "permissions-broadened"]],
    ["a policy that allows everything", policy(ALL), [2, "permissions-narrowed"]],
    ["a policy that cannot be read", policy("{"), [2, "permissions-broadened"]],
    ["a resource more", resource("aws_iam_user_policy.extra", { user: "deckhouse" }), [2, "resource-external"]],
    ["no user", noUser, [2, "permissions-broadened"]],
    [
      "a boundary",
      resource("aws_iam_user.user", { permissions_boundary: "arn:aws:iam::123456789012:policy/B" }),
      [2, "boundary-removed"],
    ],
    ["a deployer policy that allows nothing", file("deployer-policy.json", EMPTY), [2, "deployer-broadened"]],
    ["a control policy that denies nothing", file("service-control-policy.json", EMPTY), [0]],
    ["a control policy that is not one", file("service-control-policy.json", "{}"), [2, "control-policy-weakened"]],
    ["a policy.json that is not a policy", file("policy.json", "{"), [2, "permissions-broadened"]],
    ["an empty policy.json", file("policy.json", ""), [2, "permissions-broadened"]],
    ["a policy.json that allows nothing", file("policy.json", EMPTY), [2, "permissions-broadened"]],
    ["no policy.json", without("policy.json"), [2, "permissions-broadened"]],
    ["no control policy", without("service-control-policy.json"), [2, "file-not-compared"]],
    ["no deployment.json", without("deployment.json"), [2, "settings-unknown"]],
    ["a setting of another version", deployment({ later: true }), [2, "setting-changed", "settings-unreadable"]],
    [
      "another policy document than policy.json",
      packWith("", JSON.parse(JSON.stringify(PACK).replace("ec2:RunInstances", "ec2:Nothing"))),
      [2, "configuration-changed"],
    ],
    ["a newer version", deployment({}, "99.0.0"), [2, "baseline-newer"]],
    ["a version that is none", deployment({}, "new"), [2, "baseline-newer"]],
    ["a version whose text is greater", deployment({}, "0.0.9"), [0]],
    ["a pre-release of this version", deployment({}, "0.2.0-rc.1"), [0]],
  ])("%s", (_, base, verdict) => {
    expect(verdictOf(betweenPacks(base, reviewPackOf("")))).toEqual(verdict);
  });

  it("is one that this version does not generate from its settings", () => {
    const generation = { packOf: packFilesOf };
    const against = (base: Readonly<Record<string, string>>) =>
      verdictOf(changesAgainst({ deckhouse: base }, { deckhouse: reviewPackOf("protect: false") }, "", generation));
    const [honest, forged] = [reviewPackOf(""), reviewPackOf("protect: false")];
    expect(against(honest)).toEqual([2, "setting-changed"]);
    expect(against({ ...honest, "main.tf.json": forged["main.tf.json"] ?? "" })).toEqual([
      2,
      "setting-changed",
      "baseline-edited",
    ]);
    expect(against({ ...forged, "policy.json": EMPTY })).toEqual([2, "permissions-broadened", "baseline-edited"]);
  });

  it.each([
    ["changes", "other", [2, "lock-changed"]],
    ["is removed", undefined, [2, "lock-changed"]],
    ["stays", "lock", [0]],
  ])("has a provider lock that %s", (_, lock, verdict) => {
    const [base, current] = [reviewPackOf(""), reviewPackOf("")];
    const after = lock === undefined ? current : { ...current, ".terraform.lock.hcl": lock };
    expect(verdictOf(betweenPacks({ ...base, ".terraform.lock.hcl": "lock" }, after))).toEqual(verdict);
    expect(betweenPacks(base, after).deployments).toMatchObject([{ state: "unchanged" }]);
  });

  it("is read as an earlier version wrote it, with a group that has no effect", () => {
    const earlier = deployment({ group: { name: "deckhouse", path: "/" } });
    expect(verdictOf(betweenPacks(earlier, reviewPackOf("")))).toEqual([0]);
  });
});
