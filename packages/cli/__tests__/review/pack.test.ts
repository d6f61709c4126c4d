import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { deployment } from "../../../../__tests__/helpers/deployment";
import { inFolder } from "../../../../__tests__/helpers/folder";
import { memoized } from "../../../../__tests__/helpers/memoized";
import { packFilesOf } from "../../../../__tests__/helpers/packs";
import { PROJECT } from "../../../../__tests__/helpers/project-root";
import { unwrapped } from "../../../../__tests__/helpers/unwrapped";
import { loadDeployments } from "../../../../src/settings/load";
import { reviewPack } from "../../src/review/pack";
import { staleFiles } from "../../src/review/pack-folder";
import { reviewed } from "../../src/review/reviewed";
import { terraformJson } from "../../src/terraform/configuration";

const SCOPED = "policy: { mode: scoped }\ncluster: { prefix: dev, layout: Standard }\n";

/** Of a deployment with YAML settings; Markdown with each paragraph and list item on one line. */
function file(name: string, settings = "") {
  const text = packFilesOf(settings)[name] ?? "";
  return name.endsWith(".md") ? unwrapped(text) : text;
}

it("the committed review packs are up to date", () => {
  const deployments = inFolder(PROJECT, () => loadDeployments("deployments"));
  const packs = deployments.map((each) => [each.stack, reviewPack(reviewed(each))] as const);
  expect(staleFiles(join(PROJECT, "review"), Object.fromEntries(packs))).toEqual([]);
});

describe("REVIEW.md", () => {
  it.each([
    ["documented", "", 1400],
    ["scoped", SCOPED, 1600],
    ["minimal", SCOPED.replace("scoped", "minimal"), 1500],
  ])(
    "asks for decisions in the first screen, and keeps to its words, in mode %s",
    (_, settings, words) => {
      const page = packFilesOf(settings)["REVIEW.md"] ?? "";
      expect(page.split(/\s+/).length).toBeLessThanOrEqual(words);
      expect(page.split("```mermaid")[0]?.split("\n").length).toBeLessThanOrEqual(45);
    },
  );

  it("names the files that are approved with their digests", () => {
    const pack = packFilesOf(SCOPED);
    const digestOf = (name: string) =>
      createHash("sha256")
        .update(pack[name] ?? "")
        .digest("hex");
    const rows = ["main.tf.json", "policy.json", "policy-2.json"].map(
      (name) => `| \`${name}\` | \`${digestOf(name)}\` |`,
    );
    expect(pack["REVIEW.md"]).toContain(`${rows.join("\n")}\n\n`);
    expect(pack["main.tf.json.sha256"]).toContain(digestOf("main.tf.json"));
  });

  it("names what is imported, and the pack then has no steps that would create it", () => {
    const pack = packFilesOf("import: { user: true }");
    expect(pack["REVIEW.md"]).toMatch(
      /^\| imported, not created \| `aws_iam_user.user`: `deckhouse` \|$/m,
    );
    expect(Object.keys(pack)).not.toEqual(expect.arrayContaining(["aws-cli.sh"]));
    expect(Object.keys(pack)).not.toEqual(expect.arrayContaining(["console.md"]));
  });

  it("says that AWS Organizations rejects a service control policy that is too large", () => {
    const roles = Array.from({ length: 700 }, (_, index) => `s3:GetObject${index}`).join(", ");
    expect(file("REVIEW.md", SCOPED)).not.toContain("AWS Organizations accepts");
    expect(file("REVIEW.md", `cluster: { additionalRolePolicies: [${roles}] }\n`)).toMatch(
      /It is `\d+` characters larger than AWS Organizations accepts/,
    );
  });

  it.each(["policy-2.json", "REVIEW.md"])(
    "shows the account ID 000000000000 in %s as set in the settings",
    (name) => {
      const text = file(name, `${SCOPED}accountId: "000000000000"`);
      expect(text).toContain("arn:aws:iam::000000000000:role/dev-node");
      expect(text).not.toContain("ACCOUNT_ID");
      expect(file(name, SCOPED)).toContain("arn:aws:iam::ACCOUNT_ID:role/dev-node");
    },
  );
});

it("main.tf.json omits a local backend, whose path depends on the checkout", () => {
  expect(JSON.parse(file("main.tf.json", "backend: { local: {} }")).terraform).toEqual({
    required_providers: { aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" } },
  });
});

interface Token {
  readonly type: string;
  readonly content: string;
  readonly tag: string;
  readonly children: readonly Token[] | null;
}

const MarkdownIt: new (
  options: object,
) => { parse(text: string, environment: object): readonly Token[] } = require("markdown-it");

/** Renders HTML, and links without markup, as GitHub does. cspell:ignore linkify softbreak */
const markdown = new MarkdownIt({ html: true, linkify: true });

const SETTINGS = `accountId: "123456789012"
provider: { profile: p, assumeRoleArn: "arn:aws:iam::123456789012:role/deployer" }
tags: { a: b }
policy: { mode: scoped }
user: { permissionsBoundary: "arn:aws:iam::123456789012:policy/B" }
nodeRole: { name: nodes, additionalActions: ["s3:GetObject"], managedPolicyArns: ["arn:aws:iam::aws:policy/P"], permissionsBoundary: "arn:aws:iam::123456789012:policy/B" }
cluster: { prefix: dev, layout: Standard, iamNodeRole: other, peeredVPCs: [vpc-0123456789abcdef0], tags: { c: d }, additionalRolePolicies: ["s3:PutObject"] }
backend: { s3: { bucket: b, region: r, key: k, assume_role: { role_arn: "arn:aws:iam::123456789012:role/r" }, dynamodb_table: t, kms_key_id: k } }
`;

/** Keys that select what is generated, or that other tests are about. */
const KEPT = ["accessKeys", "features", "layout", "mode", "policies", "region", "settings", "type"];

/** Replaces all strings except those of the kept keys by a value that was not validated. */
function hostile<Part>(part: Part, value: string): Part {
  const replaced = ([name, own]: [string, unknown]) =>
    name === "tags"
      ? [name, { [value]: value }]
      : [name, KEPT.includes(name) ? own : hostile(own, value)];
  if (typeof part === "string" || Array.isArray(part)) {
    return (typeof part === "string" ? value : part.map((item) => hostile(item, value))) as Part;
  }
  return typeof part === "object" && part !== null
    ? (Object.fromEntries(Object.entries(part).map(replaced)) as Part)
    : part;
}

const described = deployment(SETTINGS);
const terraform = terraformJson(described);

const packOf = memoized((value: string) => {
  const given = hostile(described, value);
  const imported = packFilesOf(given, { ...terraform, import: [{ to: value, id: value }] });
  return { ...packFilesOf(given, terraform), ...imported };
});

const flat = (tokens: readonly Token[]): readonly Token[] =>
  tokens.flatMap((token) => [token, ...flat(token.children ?? [])]);

/** The kinds of the elements in order, without text. */
const structure = (page: string) =>
  flat(markdown.parse(page, {}))
    .filter(({ type }) => !["text", "text_special", "softbreak"].includes(type))
    .map(({ type, tag }) => `${type} ${tag}`);

const headings = (page: string) =>
  markdown
    .parse(page, {})
    .flatMap(({ type }, index, all) =>
      type === "heading_open" ? [all[index + 1]?.content ?? ""] : [],
    );

const EVERYTHING =
  "\n\n<!--\n# A\n<b><img src=x>![i](https://e.example/p) **b** `a` ``` | b \\| c [l](x) www.e.example <https://e.example> ~~s~~ &lt; $(x) '\"\u001b[2J\u202e\u2028\n```\nEND\n";

const VALUES = [
  ["a comment that does not end", "a\n\n<!--"],
  ["a line feed and a heading", "a\n\n# Approved\n"],
  ["a tag", "<details>"],
  ["a picture", "![ok](https://evil.example/p.png)"],
  ["emphasis", "**approved by security** _a_ __b__"],
  ["backticks", "a` ``b`` ```"],
  ["pipes", "a | b \\| c || d"],
  ["backslashes before a pipe", "a \\\\| b \\\\\\| c"],
  ["control characters", "\u0000\u0007\b\f\r\u001b[2J\u007f\u0085\u009b"],
  ["bidirectional characters", "\u202e\u2066a\u2069\u200f"],
  ["addresses", "https://evil.example www.evil.example a@evil.example"],
  [
    "template syntax",
    "{{ deployment.stack }}\n<!-- if options -->\n<!-- endif -->\n{% if options %}\n1. a $& $1",
  ],
  ["all of it", EVERYTHING],
] as const;

/** As in src/text/printable.ts, except line feeds. */
const HIDDEN = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe("a value with markup of its own", () => {
  it.each(VALUES)(
    "does not change the headings, tables, lists and blocks of a page: %s",
    (_, value) => {
      const pack = packOf(value);
      // As long as the value in a policy document, so that the permissions are divided in the same
      // way.
      const harmless = packOf("h".repeat(JSON.stringify(value).replaceAll(/\s/g, "").length - 2));
      for (const name of Object.keys(pack).filter((file) => file.endsWith(".md"))) {
        const [page = "", usual = ""] = [pack[name], harmless[name]];
        expect(headings(page).slice(1)).toEqual(headings(usual).slice(1));
        expect(structure(page)).toEqual(structure(usual));
      }
    },
  );

  it("is displayed unchanged in REVIEW.md, with hidden characters escaped", () => {
    expect(packOf("a\n\n<!--\u202e|`")["REVIEW.md"]).toContain(
      "| state | s3, bucket `` a\\n\\n<!--\\u202e\\|` ``, key `` a\\n\\n<!--\\u202e\\|` ``, region `r`, ",
    );
  });

  it.each(VALUES)("is unchanged in JSON, and no file has hidden characters: %s", (_, value) => {
    const pack = packOf(value);
    for (const [name, text] of Object.entries(pack)) {
      expect({ name, hidden: HIDDEN.test(text) }).toEqual({ name, hidden: false });
    }
    for (const name of Object.keys(pack).filter((file) => file.endsWith(".json"))) {
      expect(() => JSON.parse(pack[name] ?? "")).not.toThrow();
    }
  });

  it.each(VALUES)("stays within the comments of aws-cli.sh: %s", (_, value) => {
    const { "aws-cli.sh": script = "" } = packOf(value);
    const code = (text = "") =>
      text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(code(script.split("\n# IAM is global")[0])).toEqual(["set -eu"]);
    expect(code(script.split("\n# Undo")[1]).slice(1)).toEqual([]);
    const { status, stderr } = spawnSync("sh", ["-n"], {
      input: script.replaceAll("\u0000", ""),
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});
