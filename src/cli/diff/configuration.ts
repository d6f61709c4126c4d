import { type UnzipFileInfo, unzipSync } from "fflate";
import { isObject, parseJson } from "../../text/json";
import { canonical, type JsonObject, objectOf } from "./json-values";

/** The files of a stack by name, with each content that is the configuration of the settings; undefined: the file may be absent. */
export type Configuration = Readonly<Record<string, readonly (string | undefined)[]>>;

/** Whether a plan is of the configuration of the settings: proven, not stated in the plan, or how it differs. */
export type Verification = "verified" | "unverified" | { readonly differences: readonly string[] };

/** What a saved plan has beside its configuration. Source: Terraform's and OpenTofu's package `planfile`. */
const LOCK = ".terraform.lock.hcl";
const OTHER_FILES: readonly string[] = ["tfplan", "tfstate", "tfstate-prev", LOCK];

/** Where a saved plan has the files of its root module, and its list of modules. */
const ROOT = "tfconfig/m-/";
const MODULES = "tfconfig/modules.json";

/** A plan has less than a megabyte of configuration; an archive that claims more is not read. */
const MAX_BYTES = 2 ** 24;

/**
 * Whether a saved plan was generated from exactly these files. The comparison is of bytes, because Terraform reads two keys of the same name in
 * JSON as two blocks. This one rule covers providers, backends, data sources, `removed`, `import`, `moved`, `check`, provisioners,
 * lifecycle, outputs and modules. Tried with Terraform 1.11.4.
 */
export function verifyConfiguration(plan: Uint8Array, expected: Configuration): Verification {
  const files = filesIn(plan);
  if (files === undefined) {
    return { differences: ["the configuration in the plan cannot be read"] };
  }
  const unknown = [...files.keys()].filter(
    (name) => !OTHER_FILES.includes(name) && name !== MODULES && !(name.startsWith(ROOT) && name.slice(ROOT.length) in expected),
  );
  const differences = [
    ...unknown.map((name) => `the file ${name}`),
    ...(hasOneModule(files.get(MODULES)) ? [] : ["modules"]),
    ...Object.entries(expected).flatMap(([name, contents]) => {
      const given = files.get(`${ROOT}${name}`);
      return contents.includes(given) ? [] : differencesOf(name, contents[0], given);
    }),
  ];
  return differences.length === 0 ? "verified" : { differences: [...new Set(differences)] };
}

/** The files of a saved plan; those that are not its configuration or provider lock are empty. Undefined if it is no archive. */
function filesIn(plan: Uint8Array): ReadonlyMap<string, string> | undefined {
  const names: string[] = [];
  try {
    const contents = unzipSync(plan, {
      filter: ({ name, originalSize }: UnzipFileInfo) => {
        names.push(name);
        return (name.startsWith("tfconfig/") || name === LOCK) && originalSize <= MAX_BYTES;
      },
    });
    // Two entries of one name: Terraform may read the other one.
    return names.length === new Set(names).size
      ? new Map(names.map((name) => [name, new TextDecoder().decode(contents[name])]))
      : undefined;
  } catch {
    return undefined;
  }
}

/** The provider lock in a saved plan. */
export function lockFileIn(plan: Uint8Array): string | undefined {
  return filesIn(plan)?.get(LOCK);
}

/** The list of modules has the root module alone. */
function hasOneModule(text: string | undefined): boolean {
  const modules = parseJson(text ?? "");
  return Array.isArray(modules) && modules.length === 1 && objectOf(modules[0]).Key === "";
}

/** The blocks that differ; the name of the file where that shows nothing. */
function differencesOf(name: string, expected = "", given: string | undefined): readonly string[] {
  if (given === undefined) {
    return [`no ${name}`];
  }
  const [wanted, has] = [expected, given].map((text) => blocksIn(objectOf(parseJson(text)), 3)) as [Blocks, Blocks];
  const blocks = [...new Set([...wanted.keys(), ...has.keys()])].filter((block) => wanted.get(block) !== has.get(block));
  return blocks.length === 0 ? [`the text of ${name}`] : blocks;
}

type Blocks = ReadonlyMap<string, string>;

/** By address, what is in a block. CDKTF's comments are none. */
function blocksIn(content: JsonObject, depth: number, path: readonly string[] = []): Blocks {
  const entries = Object.entries(content).filter(([name]) => name !== "//");
  return new Map(
    entries.flatMap(([name, inner]) => {
      const address = [...path, name];
      return depth > 1 && isObject(inner) ? [...blocksIn(inner, depth - 1, address)] : [[address.join("."), canonical(inner)]];
    }),
  );
}
