import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { PROJECT } from "../../helpers/project-root";
import type { LocalAws } from "./local-aws";
import { copyOfProject, folder, write } from "./project";
import { type Finished, jsonOf, mustSucceed, runIn, Terraform } from "./terraform";

const EXAMPLE = join(PROJECT, "examples/cdktf-consumer");

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** Files that the package has besides those of a copy of the project. */
export const PACKED = [
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "deployments/schema.json",
  "docs",
  "templates",
];

/**
 * Packs a copy of this project into a folder, because packing compiles, and other tests use the
 * compiled files.
 * @param version other than the present one
 * @throws Error with the output of npm
 */
export function packProject(to: string, version?: string): Packed {
  const copy = copyOfProject();
  const manifest = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8"));
  write(copy, {
    "package.json": JSON.stringify({ ...manifest, version: version ?? manifest.version }),
  });
  for (const part of PACKED) {
    cpSync(join(PROJECT, part), join(copy, part), { recursive: true });
  }
  return pack(copy, to);
}

/**
 * npm finds its cache, and the registry of this computer, by the variables of this process.
 * @throws Error with the output of npm
 */
export function pack(project: string, to: string): Packed {
  const args = ["pack", "--ignore-scripts=false", "--json", "--pack-destination", to];
  const [packed] = jsonOf(project, process.env, "npm", ...args) as [Packed];
  return packed;
}

/**
 * Links the packages of one folder into another, or copies them between two file systems. npm
 * replaces the files of a package, and writes only its list in place.
 */
export function linkPackages(from: string, to: string): void {
  const [packages, list] = ["node_modules", "node_modules/.package-lock.json"];
  if (runIn(from, process.env, "cp", "-al", packages, to).status !== 0) {
    mustSucceed(runIn(from, process.env, "cp", "-R", packages, to));
  }
  rmSync(join(to, list));
  cpSync(join(from, list), join(to, list));
}

/**
 * Installs packages into a folder, starting from those of this project or another folder.
 * @throws Error with the output of npm
 */
export function install(path: string, args: readonly string[] = [], from = PROJECT): void {
  linkPackages(from, path);
  mustSucceed(runIn(path, process.env, "npm", "install", "--prefer-offline", ...args));
}

/**
 * The files of the example, a CDKTF program outside this project, with the package installed from
 * the file of `npm pack`.
 */
export class Consumer {
  private constructor(
    readonly path: string,
    readonly packed: Packed,
  ) {}

  /**
   * Other packages come from npm's cache or registry.
   * @throws Error with the output of npm
   */
  static install(): Consumer {
    const path = folder();
    cpSync(EXAMPLE, path, {
      recursive: true,
      filter: (source) => !/\/(node_modules|build|cdktf\.out)$|\.tgz$/.test(source),
    });
    const packed = packProject(path);
    install(path, ["--no-audit", "--no-fund", "--save-exact", `./${packed.filename}`]);
    return new Consumer(path, packed);
  }

  change(text: string, by: string): void {
    const main = readFileSync(join(EXAMPLE, "main.ts"), "utf8");
    if (!main.includes(text)) {
      throw new Error(`main.ts has no ${text}`);
    }
    this.write(main.replaceAll(text, by));
  }

  write(main: string, path = "main.ts"): void {
    write(this.path, { [path]: main });
  }

  attempt(): Finished {
    return runIn(this.path, process.env, "npm", "run", "--silent", "synth");
  }

  /** @throws Error with the output of the compiler or the program */
  synth(): void {
    mustSucceed(this.attempt());
  }

  /**
   * Without a type check, which takes ten times as long.
   * @throws Error with the output of the program
   */
  synthUnchecked(): void {
    const { code } = transformSync(readFileSync(join(this.path, "main.ts"), "utf8"), {
      loader: "ts",
      format: "cjs",
    });
    this.write(code, "build/main.js");
    mustSucceed(runIn(this.path, process.env, process.execPath, "build/main.js"));
  }

  /** @param override override file for the stack's JSON */
  terraform(stack: string, aws: LocalAws, override: object): Terraform {
    const path = join(this.path, "cdktf.out/stacks", stack);
    write(path, { "override.tf.json": JSON.stringify(override) });
    return new Terraform(path, aws);
  }
}
