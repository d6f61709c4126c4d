import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";
import { diffLinesUnified } from "jest-diff";
import { parse } from "yaml";
import { deploymentOf } from "../../packages/cli/src/diff/packs/pack-side";
import { normalizedSettings } from "../../packages/cli/src/review/contents";
import { reviewedJson } from "../../packages/cli/src/terraform/configuration";
import { DeckhouseAccessStack } from "../../src/stack";
import { objectOf } from "../../src/text/json";
import { inFolder } from "../helpers/folder";
import { GOLDEN_SETTINGS, goldenDeployments } from "../helpers/golden";
import { packFilesOf } from "../helpers/packs";
import { PROJECT, projectFile } from "../helpers/project-root";
import { wrappedJson } from "../helpers/wrapped-json";

const EXPECTED = join(PROJECT, "__tests__/golden/expected");

/**
 * These deployments have their review packs among the expected files: one of each kind of policy,
 * one with a node role. The first is committed whole, the others as their differences from it where
 * these are shorter.
 */
const WITH_REVIEW_PACK: readonly [first: string, ...others: string[]] = [
  "documented",
  "minimal-config-file",
  "node-role",
];

type Files = Readonly<Record<string, string>>;

/**
 * `cdk.tf.json` and `main.tf.json` of the review packs, by stack. The latter repeats the former,
 * and its digest is among the expected files.
 */
const reviewed = new Map<string, readonly [terraform: string, applied: string]>();

/**
 * By stack, the committed files of each golden deployment: `cdk.tf.json`, of some the review pack,
 * and instead of a long file its differences from that of another deployment, which determine its
 * bytes.
 */
function synthesize(): Readonly<Record<string, Files>> {
  // At a fixed depth below the root, because the path of a local state is relative to the stack's folder.
  // Not in build/, which end-to-end tests copy at the same time.
  mkdirSync(join(PROJECT, "cdktf.out"), { recursive: true });
  const outdir = mkdtempSync(join(PROJECT, "cdktf.out", "golden-"));
  try {
    const deployments = goldenDeployments();
    const app = new App({ outdir, stackTraces: false, hclOutput: false });
    for (const deployment of deployments) {
      new DeckhouseAccessStack(app, deployment);
    }
    app.synth();
    const written = Object.fromEntries(
      deployments.map((deployment) => {
        const terraform = readFileSync(
          join(outdir, "stacks", deployment.stack, "cdk.tf.json"),
          "utf8",
        );
        const pack = WITH_REVIEW_PACK.includes(deployment.stack)
          ? packFilesOf(deployment, reviewedJson(terraform))
          : {};
        const { "main.tf.json": applied, ...others } = pack;
        if (applied !== undefined) {
          reviewed.set(deployment.stack, [terraform, applied]);
        }
        const files = Object.entries({ "cdk.tf.json": terraform, ...others });
        return [
          deployment.stack,
          Object.fromEntries(
            files.map(([name, text]) => [name, name.endsWith(".json") ? wrappedJson(text) : text]),
          ),
        ];
      }),
    );
    const committed = ([stack, files]: readonly [string, Files]): Files => {
      const bases = WITH_REVIEW_PACK.includes(stack) ? [WITH_REVIEW_PACK[0]] : WITH_REVIEW_PACK;
      return Object.fromEntries(
        Object.entries(files).map(([name, text]) => {
          const others = bases.filter((base) => base !== stack && name in (written[base] ?? {}));
          const diffs = others.map((base) => difference(stack, text, base, written[base]?.[name]));
          const [shortest = text] = diffs.sort((one, other) => one.length - other.length);
          return shortest.length < text.length ? [`${name}.diff`, shortest] : [name, text];
        }),
      );
    };
    return Object.fromEntries(
      Object.entries(written).map((each) => [each[0], committed(each)] as const),
    );
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** The name of the other stack is replaced first. */
function difference(stack: string, text: string, base: string, baseText = ""): string {
  const plain = (line: string) => line;
  const [before = [], after = []] = [baseText.replaceAll(base, stack), text].map((side) =>
    side.split("\n"),
  );
  const lines = diffLinesUnified(before, after, {
    ...{ contextLines: 0, expand: false, omitAnnotationLines: true, includeChangeCounts: false },
    ...{ aColor: plain, bColor: plain, changeColor: plain, commonColor: plain, patchColor: plain },
  });
  return `from ${base}\n${lines}\n`;
}

function readFolder(folder: string): Files {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
}

function writeExpected(stacks: Readonly<Record<string, Files>>): void {
  rmSync(EXPECTED, { recursive: true, force: true });
  for (const [stack, files] of Object.entries(stacks)) {
    mkdirSync(join(EXPECTED, stack), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(EXPECTED, stack, name), text);
    }
  }
}

const actual = inFolder(PROJECT, synthesize);
if (process.env.UPDATE_GOLDEN === "1") {
  writeExpected(actual);
}

describe("the golden deployments", () => {
  it.each(Object.keys(actual))("%s becomes exactly the committed files", (stack) => {
    expect(actual[stack]).toEqual(readFolder(join(EXPECTED, stack)));
  });

  it.each(WITH_REVIEW_PACK)(
    "%s is reviewed as it is applied, without CDKTF's comments",
    (stack) => {
      const [terraform = "", applied] = reviewed.get(stack) ?? [];
      const expected: unknown = JSON.parse(terraform, (key, value: unknown) =>
        key === "//" ? undefined : value,
      );
      expect(applied).toBe(`${JSON.stringify(expected, null, 2)}\n`);
    },
  );

  it.each(goldenDeployments().map((deployment) => [deployment.stack, deployment] as const))(
    "%s has normalized settings that are valid settings again",
    (stack, deployment) => {
      expect(deploymentOf(stack, normalizedSettings(deployment).settings)).toMatchObject({ stack });
    },
  );

  it("have no expected files of removed deployments", () => {
    expect(readdirSync(EXPECTED).sort()).toEqual(Object.keys(actual).sort());
  });

  it("are JSON of which every byte counts, wrapped or not", () => {
    const value = { a: ["1", "2"] };
    const texts = [
      JSON.stringify(value, null, 2),
      `${JSON.stringify(value, null, 2)}\n`,
      JSON.stringify(value),
      '{ "a": [ "1", "2" ] }',
    ];
    expect(new Set(texts.map(wrappedJson)).size).toBe(texts.length);
  });
});

/** The part of a JSON schema that lists the settings and their fixed values. */
interface Field {
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Field>>;
  readonly items?: Field;
  readonly anyOf?: readonly Field[];
}

/**
 * Arguments of a backend are Terraform's and go through unchanged, so that the fields end at the
 * backend's type.
 */
const BACKEND_ARGUMENTS = /^(?:backend\.\w+|cloud)$/;

const below = (path: string, name: string) => (path === "" ? name : `${path}.${name}`);

/** By path, the fields of a schema that have no fields of their own. */
function fieldsIn(field: Field, path = ""): readonly (readonly [path: string, field: Field])[] {
  const { properties = {}, items, anyOf = [] } = field;
  const inner = [
    ...Object.entries(properties).map(([name, own]) => [below(path, name), own] as const),
    ...(items === undefined ? [] : [[`${path}[]`, items] as const]),
    ...anyOf.map((option) => [path, option] as const),
  ];
  const isLast = inner.length === 0 || BACKEND_ARGUMENTS.test(path);
  return isLast ? [[path, field]] : inner.flatMap(([at, own]) => fieldsIn(own, at));
}

/** By path, the values in settings that have none of their own. */
function valuesIn(value: unknown, path = ""): readonly (readonly [path: string, value: unknown])[] {
  const inner = Array.isArray(value)
    ? value.map((item: unknown) => [`${path}[]`, item] as const)
    : Object.entries(objectOf(value)).map(([name, own]) => [below(path, name), own] as const);
  return inner.length === 0 ? [[path, value]] : inner.flatMap(([at, own]) => valuesIn(own, at));
}

/**
 * The settings that none of the values uses, with each fixed value as a setting of its own. A
 * setting is used by a value that differs from its default.
 */
function unusedSettings(schema: Field, settings: readonly unknown[]): readonly string[] {
  const used = settings.flatMap((each) => valuesIn(each));
  return fieldsIn(schema).flatMap(([path, field]) => {
    const values = used.flatMap(([at, value]) =>
      at === path || at.startsWith(`${path}.`) ? [value] : [],
    );
    const fixed = field.enum ?? (field.const === undefined ? [] : [field.const]);
    if (fixed.length > 0) {
      const others = fixed.filter((choice) => choice !== null && choice !== field.default);
      const unused = others.filter((choice) => !values.includes(choice));
      return unused.map((choice) => `${path}: ${JSON.stringify(choice)}`);
    }
    return values.some((value) => value !== field.default) ? [] : [path];
  });
}

describe("the golden deployments together", () => {
  const schema = JSON.parse(projectFile("deployments/schema.json")) as Field;

  it("use every setting of the schema with a value other than its default, and every choice of those with fixed values", () => {
    const settings = [...GOLDEN_SETTINGS.values()].map((text): unknown => parse(text));
    expect(unusedSettings(schema, settings)).toEqual([]);
  });

  it("each say in a comment what they show", () => {
    for (const [stack, text] of GOLDEN_SETTINGS) {
      expect(`${stack}: ${text.split("\n")[1]}`).toMatch(/^[\w-]+: # Shows [^\n]+\.$/);
    }
  });
});
