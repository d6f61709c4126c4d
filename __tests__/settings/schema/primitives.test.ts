import { parse } from "yaml";
import { deploymentWith, errorsWith } from "../../helpers/settings-files";

const ONLY = "takes only A-Z a-z 0-9 and _ + = , . @ -";

describe("user.name", () => {
  it.each(["a", "A_b+c=d,e.f@g-h", "u".repeat(64), "123"])("accepts %s", (name) => {
    expect(deploymentWith(`user: { name: "${name}" }\n`).user.name).toBe(name);
  });

  it.each([
    ["u".repeat(65), `"${"u".repeat(65)}" has 65 characters, an IAM user name has at most 64`],
    ["", '"" is empty, an IAM user name has 1 to 64 characters'],
    ["deck house", `"deck house" has the character " ", an IAM user name ${ONLY}`],
    ["deck\\nhouse", `"deck\\nhouse" has the character "\\n", an IAM user name ${ONLY}`],
    ["deckhouse\\n", `"deckhouse\\n" has the character "\\n", an IAM user name ${ONLY}`],
    ["müller", `"müller" has the character "ü", an IAM user name ${ONLY}`],
    ["dеckhouse", `"dеckhouse" has the character "е", an IAM user name ${ONLY}`],
    ["deck😀", `"deck😀" has the character "😀", an IAM user name ${ONLY}`],
    ["deck'house", `"deck'house" has the character "'", an IAM user name ${ONLY}`],
    ["a/b", `"a/b" has the character "/", an IAM user name ${ONLY}`],
  ])('rejects "%s"', (name, error) => {
    expect(errorsWith(`user: { name: "${name}" }\n`)).toEqual([`line 3, user.name: ${error}`]);
  });
});

describe("policy.name", () => {
  it("accepts 128 characters", () => {
    expect(deploymentWith(`policy: { name: ${"p".repeat(128)} }\n`).policy.name).toHaveLength(128);
  });

  it("rejects a slash, and says where folders go", () => {
    expect(errorsWith("policy: { name: platform/dkp }\n")).toEqual([
      `line 3, policy.name: "platform/dkp" has the character "/", an IAM policy name ${ONLY}; folders belong into policy.path`,
    ]);
  });

  it("rejects 129 characters", () => {
    const name = "p".repeat(129);
    expect(errorsWith(`policy: { name: ${name} }\n`)).toEqual([
      `line 3, policy.name: "${"p".repeat(79)}... (129 characters) has 129 characters, an IAM policy name has at most 128; folders belong into policy.path`,
    ]);
  });
});

describe.each(["user", "policy"])("%s.path", (owner) => {
  it.each(["/", "/platform/", "/a/b-c/d_e/", `/${"a".repeat(510)}/`])("accepts %s", (path) => {
    expect(deploymentWith(`${owner}: { path: "${path}" }\n`)).toMatchObject({ [owner]: { path } });
  });

  it.each(["platform/", "/platform", "platform", "", "//", "/plat form/", "/plätze/", "/platform/\\n"])(
    'rejects "%s"',
    (path) => {
      expect(errorsWith(`${owner}: { path: "${path}" }\n`)).toEqual([
        `line 3, ${owner}.path: "${path}" is not an IAM path: "/" or a string without spaces that begins and ends with "/", at most 512 characters; for example "/platform/"`,
      ]);
    },
  );

  it("rejects 513 characters", () => {
    expect(errorsWith(`${owner}: { path: "/${"a".repeat(511)}/" }\n`)).toEqual([
      `line 3, ${owner}.path: "/${"a".repeat(78)}... (513 characters) is not an IAM path: "/" or a string without spaces that begins and ends with "/", at most 512 characters; for example "/platform/"`,
    ]);
  });
});

describe("policy.path", () => {
  it("rejects an asterisk, which IAM does not take in the path of a policy", () => {
    expect(errorsWith('policy: { path: "/all*/" }\n')).toEqual([expect.stringMatching(/^line 3, policy\.path: "\/all\*\/" /)]);
  });
});

describe("policy.description", () => {
  it.each(["a".repeat(1000), "Für DKP: «все права», 100 %", ""])("accepts %s", (description) => {
    expect(deploymentWith(`policy: { description: "${description}" }\n`).policy.description).toBe(description);
  });

  it("rejects 1,001 characters", () => {
    expect(errorsWith(`policy: { description: ${"a".repeat(1001)} }\n`)).toEqual([
      `line 3, policy.description: "${"a".repeat(79)}... (1001 characters) is not a policy description: at most 1,000 characters`,
    ]);
  });

  it.each(["two\\nlines", "tab\\there", "soft\\u00adhyphen", "\\U0001F469\\u200D\\U0001F4BB"])(
    "accepts what IAM accepts: %s",
    (description) => {
      expect(deploymentWith(`policy: { description: "${description}" }\n`).policy.description).toBe(
        parse(`"${description}"`) as string,
      );
    },
  );
});

describe("policy.mode", () => {
  it.each(["documented", "scoped", "minimal"])("accepts %s", (mode) => {
    const { policy } = deploymentWith(`policy: { mode: ${mode} }\ncluster: { prefix: dev, layout: Standard }\n`);
    expect(policy.mode).toBe(mode);
  });

  it.each(["tight", "Documented"])("rejects the unknown %s", (mode) => {
    expect(errorsWith(`policy: { mode: ${mode} }\n`)).toEqual([
      `line 3, policy.mode: "${mode}" is unknown; use "documented", "scoped", "minimal", "strict"`,
    ]);
  });
});
