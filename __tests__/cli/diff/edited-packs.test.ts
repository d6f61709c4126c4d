import type { JsonObject } from "../../../src/cli/diff/json-values";
import { between, packFiles, seriousRules } from "../../helpers/changes";
import { packOf } from "../../helpers/packs";
import { packFilesOf } from "../../helpers/reviewed";

describe("the summary of a change against a review pack that was edited", () => {
  const WIDE = packOf("");
  const FILES = { "deployer-policy.json": "", "service-control-policy.json": "" };
  const files = Object.fromEntries(Object.entries(packFilesOf("", WIDE)).filter(([file]) => file in FILES)) as typeof FILES;
  const without = (text: string) => JSON.stringify({ ...(JSON.parse(text) as object), Statement: [] });
  const against = (base: JsonObject, baseFiles: Readonly<Record<string, string>>) =>
    between({ x: packFiles(base, baseFiles) }, { x: packFiles(WIDE, files) });
  const edited = (edit: (resource: Record<string, Record<string, Record<string, unknown>>>) => void): JsonObject => {
    const pack = JSON.parse(JSON.stringify(WIDE));
    edit(pack.resource);
    return pack;
  };
  const policy = { Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }], Version: "2012-10-17" };

  it.each<[string, JsonObject, Readonly<Record<string, string>>, 0 | 2]>([
    ["nothing edited", WIDE, files, 0],
    [
      "a policy that allows less: what the settings allow is broadened",
      edited(({ aws_iam_policy: { policy } = {} }) =>
        Object.assign(policy ?? {}, { policy: JSON.stringify({ Version: "2012-10-17", Statement: [] }) }),
      ),
      files,
      2,
    ],
    [
      "a policy that allows everything: what the settings allow is narrowed",
      edited(({ aws_iam_policy }) => Object.assign(aws_iam_policy?.policy ?? {}, { policy: JSON.stringify(policy) })),
      files,
      0,
    ],
    [
      "a policy that cannot be read",
      edited(({ aws_iam_policy }) => Object.assign(aws_iam_policy?.policy ?? {}, { policy: "{" })),
      files,
      2,
    ],
    [
      "a resource more, which may have denied something",
      edited((resource) => Object.assign(resource, { aws_iam_user_policy: { extra: { user: "deckhouse" } } })),
      files,
      2,
    ],
    ["no user", edited((resource) => Reflect.deleteProperty(resource, "aws_iam_user")), files, 2],
    [
      "a boundary, which the settings do not have",
      edited(({ aws_iam_user }) =>
        Object.assign(aws_iam_user?.user ?? {}, { permissions_boundary: "arn:aws:iam::123456789012:policy/B" }),
      ),
      files,
      2,
    ],
    [
      "a deployer policy that allows nothing",
      WIDE,
      { ...files, "deployer-policy.json": without(files["deployer-policy.json"]) },
      2,
    ],
    [
      "a control policy that denies nothing: what it denies is new",
      WIDE,
      { ...files, "service-control-policy.json": without(files["service-control-policy.json"]) },
      0,
    ],
    ["a control policy that is not one", WIDE, { ...files, "service-control-policy.json": "{}" }, 2],
    ["a policy.json that is not a policy", WIDE, { ...files, "policy.json": "{" }, 2],
    ["an empty policy.json", WIDE, { ...files, "policy.json": "" }, 2],
    ["a policy.json that allows less", WIDE, { ...files, "policy.json": JSON.stringify({ ...policy, Statement: [] }) }, 2],
    ["no control policy", WIDE, { "deployer-policy.json": files["deployer-policy.json"] }, 2],
  ])("%s", (_, base, baseFiles, code) => {
    expect(against(base, baseFiles).exitCode).toBe(code);
  });

  it("requires attention where the policy of the user has no file", () => {
    const { "policy.json": _, ...base } = packFiles(WIDE, files);
    expect(seriousRules(between({ x: base }, { x: packFiles(WIDE, files) }))).toEqual(["permissions-broadened"]);
  });

  it("requires attention where main.tf.json has another policy document and policy.json has not", () => {
    const base = { ...packFiles(WIDE, files) };
    const other = JSON.stringify(WIDE).replace("ec2:RunInstances", "ec2:Nothing");
    expect(seriousRules(between({ x: { ...base, "main.tf.json": other } }, { x: base }))).toEqual(["configuration-changed"]);
  });
});
