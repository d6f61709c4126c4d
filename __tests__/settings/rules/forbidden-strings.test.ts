// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the settings that hold ${...}, not the program
import { forbiddenStrings } from "../../../src/settings/rules/forbidden-strings";
import { errorsOf, errorsWith, KEY_ID, REGION, SECRET_KEY } from "../../helpers/settings-files";

const runsAsCode = (sign: string) => `holds "${sign}", which Terraform would run as code; write the value itself`;

describe("Terraform code in the settings", () => {
  it.each([
    ['tags: { team: "${file(\\"/etc/passwd\\")}" }', "tags.team", "${"],
    ['tags: { team: "%{ if true }a%{ endif }" }', "tags.team", "%{"],
    ['tags: { team: "a $${b}" }', "tags.team", "${"],
    ['tags: { "${path.cwd}": a }', "tags.${path.cwd}", "${"],
    ['tags: { "%{ if a }": a }', 'tags."%{ if a }"', "%{"],
    ['user: { name: "dkp-${terraform.workspace}" }', "user.name", "${"],
    ['policy: { description: "${timestamp()}" }', "policy.description", "${"],
    ['provider: { profile: "${a}" }', "provider.profile", "${"],
    ['accountId: "${data.x}"', "accountId", "${"],
    ['protect: "${true}"', "protect", "${"],
    ['"${a}": b', "${a}", "${"],
  ])("is rejected: %s", (setting, path, sign) => {
    expect(errorsWith(`${setting}\n`)).toEqual([`line 3, ${path}: ${runsAsCode(sign)}`]);
  });

  it.each([
    ['s3: { bucket: "${var.bucket}" }', "s3.bucket", "${"],
    ['s3: { bucket: b, assume_role: { role_arn: "${a}" } }', "s3.assume_role.role_arn", "${"],
    ['s3: { bucket: b, allowed_account_ids: [a, "%{b}"] }', "s3.allowed_account_ids.1", "%{"],
    ['kubernetes: { secret_suffix: a, labels: { "${b}": c } }', "kubernetes.labels.${b}", "${"],
    ['local: { path: "${path.cwd}/a" }', "local.path", "${"],
  ])("is rejected in a backend argument: %s", (backend, path, sign) => {
    expect(errorsOf(`${REGION}backend: { ${backend} }\n`)).toEqual([`line 2, backend.${path}: ${runsAsCode(sign)}`]);
  });

  it("is rejected in the region", () => {
    expect(errorsOf('region: "${a}"\nbackend: { s3: { bucket: b } }\n')).toEqual([`line 1, region: ${runsAsCode("${")}`]);
  });

  it("is rejected in a string of several lines", () => {
    expect(errorsWith("policy:\n  description: >\n    first\n    ${a}\n")).toEqual([
      `line 4, policy.description: ${runsAsCode("${")}`,
    ]);
  });
});

describe("forbiddenStrings", () => {
  it("checks every value and key, however deep, and shows no secret", () => {
    const value: unknown = JSON.parse(
      `{ "a": ["x", { "b": "\${y}" }], "%{c}": 1, "d": null, "${SECRET_KEY}": "${KEY_ID}", "e": { "__proto__": 1, "prototype": 2 } }`,
    );
    const errors = forbiddenStrings(value);
    expect(errors.map(({ path }) => path)).toEqual([
      ["a", "1", "b"],
      ["%{c}"],
      [SECRET_KEY],
      [SECRET_KEY],
      ["e", "__proto__"],
      ["e", "prototype"],
    ]);
    expect(errors.map(({ message }) => message)).toEqual([
      runsAsCode("${"),
      runsAsCode("%{"),
      "looks like an AWS secret access key (not shown) and settings are committed; remove it",
      "looks like an AWS access key id (not shown) and settings are committed; remove it",
      "is a name that can't be used here; choose another",
      "is a name that can't be used here; choose another",
    ]);
  });

  it.each(["$", "%", "{a}", "$ {a}", "100%", "$a", "$(a)", "constructor"])("accepts %s", (text) => {
    expect(forbiddenStrings({ a: text, b: [text] })).toEqual([]);
  });
});
