import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { loadDeployments } from "../../src/settings/load";
import { inFolder } from "../helpers/folder";
import { projectFile } from "../helpers/project-root";
import { runCli } from "../helpers/run-cli";

const COMMANDS = {
  synth: [["synth"]],
  policy: [["policy"], ["policy", "dev", "--mode", "documented"]],
  review: [["review"], ["review", "dev"], ["review", "--check"]],
  diff: [
    ["diff", "--against", "./packs"],
    ["diff", "dev", "--plan", "plan.json"],
  ],
  plan: [["plan", "dev"]],
  apply: [["apply", "dev", "--approved", "0".repeat(64)]],
  preflight: [["preflight", "dev"]],
  keys: [["keys"], ["keys", "dev", "--cluster"]],
  "hand-over": [["hand-over", "dev", "--yes"]],
  rotate: [["rotate", "dev", "--cluster"]],
  drift: [["drift", "dev"]],
};

/** The part of a JSON schema that says where values are, and of which types. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
}

interface Field {
  /** Keys, and 0 for an item of a list. */
  readonly path: readonly (string | number)[];
  /** None where the schema leaves the type to Terraform. */
  readonly types: readonly string[];
}

function fieldsOf(schema: Schema, path: Field["path"] = []): readonly Field[] {
  const { properties = {}, items, additionalProperties, anyOf = [] } = schema;
  const below = [
    ...Object.entries(properties),
    ...(items === undefined ? [] : [[0, items] as const]),
    ...(typeof additionalProperties === "object" ? [["any", additionalProperties] as const] : []),
  ].flatMap(([key, inner]) => fieldsOf(inner, [...path, key]));
  const options = anyOf.flatMap((option) => fieldsOf(option, path));
  const own =
    anyOf.length > 0 ? options.filter((option) => option.path.length === path.length) : [];
  const fixed = schema.const ?? schema.enum?.[0];
  const types = [
    ...(typeof fixed === "string" ? ["string"] : [schema.type].flat()),
    ...own.flatMap((option) => option.types),
  ];
  // An option without a type takes every one.
  const isAny = own.some((option) => option.types.length === 0);
  const field = { path, types: isAny ? [] : types.filter((type) => type !== undefined) };
  return [field, ...below, ...options.filter((option) => option.path.length > path.length)];
}

/** A value of each type of YAML. No setting accepts null without a value in defaults.yaml. */
const VALUES = {
  string: "minimal",
  number: 7,
  boolean: true,
  array: [],
  object: {},
};

function settingsWith(path: Field["path"], value: unknown) {
  const inner = [...path]
    .reverse()
    .reduce((content, key) => (key === 0 ? [content] : { [key]: content }), value);
  if (path.length === 0) {
    return inner;
  }
  const state = path[0] === "cloud" ? {} : { backend: { s3: { bucket: "states" } } };
  return { region: "eu-central-1", ...state, ...(inner as object) };
}

describe("a value of a wrong type", () => {
  const root = mkdtempSync(join(tmpdir(), "wrong-types-"));
  mkdirSync(join(root, "deployments"));

  afterAll(() => rmSync(root, { recursive: true }));

  const schema = JSON.parse(projectFile("deployments/schema.json")) as Schema;
  const cases = fieldsOf(schema).map(({ path, types }) => {
    const wrong = Object.entries(VALUES).filter(
      ([type]) => types.length > 0 && !types.includes(type),
    );
    // `backend: { local: }` is a backend without arguments.
    const isBackend = path[0] === "backend" && path.length === 2;
    return { path, values: [...(isBackend ? [] : [null]), ...wrong.map(([, value]) => value)] };
  });

  function messageAbout(path: Field["path"], value: unknown) {
    writeFileSync(join(root, "deployments/dev.yaml"), stringify(settingsWith(path, value)));
    try {
      inFolder(root, () => loadDeployments("deployments"));
      return "accepted";
    } catch (error) {
      return (error as Error).message;
    }
  }

  it(`is rejected: ${cases.flatMap(({ values }) => values).length} values`, () => {
    const accepted = cases.flatMap(({ path, values }) =>
      values.filter((value) => messageAbout(path, value) === "accepted"),
    );
    expect(accepted).toEqual([]);
  });

  it(`is rejected with the same message by every command: one value at each of ${cases.length} paths`, async () => {
    const unlike: unknown[] = [];
    for (const [at, { path, values }] of cases.entries()) {
      const value = values[at % values.length];
      const message = messageAbout(path, value);
      for (const args of Object.values(COMMANDS).flat()) {
        const { status, stdout, stderr } = await runCli(root, args);
        if (status !== 1 || stdout !== "" || stderr !== `${message}\n`) {
          unlike.push({ path, value, args, status, stdout, stderr });
        }
      }
    }
    expect(unlike).toEqual([]);
  });
});
