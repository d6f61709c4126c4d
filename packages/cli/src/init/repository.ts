import { existsSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { DEFAULTS } from "../../../../src/settings/defaults";
import { parseJson, textOf, valueAt } from "../../../../src/text/json";
import { packageFile, packageJson } from "../../../../src/text/package-file";
import { REASONS } from "../iam/recommended-settings";
import type { Environment } from "../process/environment";
import { gitWith } from "../process/git";
import { fillTemplate } from "../text/template";

export const PIPELINES = {
  github: {
    template: "docs/pipelines/github-actions.yml",
    path: ".github/workflows/dkp-access.yml",
  },
  gitlab: { template: "docs/pipelines/gitlab-ci.yml", path: ".gitlab-ci.yml" },
} as const;

export interface RepositoryOptions {
  /** At least one. Several share `defaults.yaml`. */
  readonly stacks: readonly string[];
  readonly pipeline: keyof typeof PIPELINES | undefined;
  /** Whether the repository has a program, and not only settings. */
  readonly cdktf?: true;
  readonly source: string;
  /** The running cluster that the settings are of. */
  readonly adopted?: AdoptedCluster | undefined;
}

export interface AdoptedCluster {
  readonly context: string;
  readonly managedBy: "rotate" | "none";
}

/** The newest one with a build of node-pty for the command `cdktf` 0.21. */
export const CDKTF_NODE = 22;

/** npm packs no files named `.gitignore` and `.npmrc`: the templates have no point in front. */
const SETTINGS_FILES = [".gitattributes", ".gitignore", ".npmrc"];

const read = (path: string) => readFileSync(packageFile(path), "utf8");

/** By path. */
export function repositoryFiles(options: RepositoryOptions): Readonly<Record<string, string>> {
  const { stacks, pipeline, cdktf, adopted } = options;
  const [stack] = stacks;
  const isShared = stacks.length > 1;
  const program = cdktf ? ["cdktf.json", "main.ts", "tsconfig.json"] : [];
  const copied = [...SETTINGS_FILES, ...program];
  return {
    ...settingsFiles(stacks),
    ...Object.fromEntries(
      copied.map((path) => [path, read(`templates/${path.replace(/^\./, "")}`)]),
    ),
    "package.json": packageJsonOf(options),
    "README.md": fillTemplate("templates/README.md", {
      stack,
      isShared,
      cdktf,
      pipelineFile: pipeline && PIPELINES[pipeline].path,
      context: adopted?.context,
      managedBy: adopted?.managedBy,
    }),
    ...(pipeline === undefined
      ? {}
      : { [PIPELINES[pipeline].path]: read(PIPELINES[pipeline].template) }),
  };
}

function settingsFiles(stacks: readonly string[]): Readonly<Record<string, string>> {
  const file = (name: string, parts: object) => {
    const text = fillTemplate("templates/deployment.yaml", { ...REASONS, ...parts });
    return [`deployments/${name}.yaml`, text] as const;
  };
  const [first = ""] = stacks;
  return Object.fromEntries(
    stacks.length === 1
      ? [file(first, { own: true, shared: true })]
      : [
          file(DEFAULTS, { shared: true }),
          ...stacks.map((stack) => file(stack, { own: true, stack })),
        ],
  );
}

/** Of a program, in the versions that this release is tested with. */
const PROGRAM_PACKAGES = ["@cdktf/provider-aws", "cdktf", "cdktf-cli", "constructs", "typescript"];

/** Jobs of a pipeline install no development dependencies, such as the packages of a program. */
function packageJsonOf({ cdktf, source }: RepositoryOptions): string {
  const { devDependencies } = packageJson();
  const content = {
    name: "dkp-access-deployments",
    description: "AWS access of DKP clusters",
    private: true,
    license: "UNLICENSED",
    engines: { node: `>=20.9${cdktf ? ` <${CDKTF_NODE + 1}` : ""}` },
    ...(cdktf && { scripts: { deploy: "CHECKPOINT_DISABLE=1 cdktf deploy" } }),
    dependencies: { "dkp-access": source },
    ...(cdktf && {
      devDependencies: Object.fromEntries(
        PROGRAM_PACKAGES.map((name) => [name, devDependencies[name]]),
      ),
    }),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

interface PackageSource {
  /** For package.json: the version, or the packed file in the repository. */
  readonly named: string;
  /** Only its name if nothing says where it is. */
  readonly file?: string;
  /** Whether `npm run package` creates the file. */
  readonly isCheckout: boolean;
}

/** This checkout, the packed file that it was installed from, or a registry. */
export function packageSource(environment: Environment): PackageSource {
  const { name, version } = packageJson();
  const isCheckout = basename(packageFile("..")) !== "node_modules";
  const file = isCheckout
    ? packageFile(`${name}-${packedVersion(version, environment)}.tgz`)
    : (installedFile(`node_modules/${name}`) ?? unnamedFile(name, version));
  return file === undefined
    ? { named: version, isCheckout }
    : { named: `file:${basename(file)}`, file, isCheckout };
}

const PACKED_CHECKOUT = /-(g[0-9a-f]+|unknown|dirty)\b/;

/** npm's global installations, pnpm and Yarn do not keep where the packed file is. */
function unnamedFile(name: string, version: string): string | undefined {
  return PACKED_CHECKOUT.test(version) ? `${name}-${version}.tgz` : undefined;
}

/**
 * With the commit, unless that has the tag of the version; with `dirty` if a file differs from it,
 * so that one version has one content.
 */
export function packedVersion(version: string, environment: Environment): string {
  const git = (...args: readonly string[]) =>
    gitWith(environment)(packageFile("."), args).stdout.toString("utf8").trim();
  const commit = git("rev-parse", "--short=8", "HEAD");
  // A checkout without Git may lie in another repository.
  if (commit === "" || git("rev-parse", "--show-prefix") !== "") {
    return `${version}-unknown`;
  }
  const isRelease = git("tag", "--points-at", "HEAD").split("\n").includes(`v${version}`);
  const isClean = git("status", "--porcelain") === "";
  return `${version}${isRelease ? "" : `-g${commit}`}${isClean ? "" : "-dirty"}`;
}

/** npm's record of where it installed each package from, relative to the folder above. */
function installedFile(path: string): string | undefined {
  const lock = packageFile("../.package-lock.json");
  const installed = existsSync(lock) ? parseJson(readFileSync(lock, "utf8")) : undefined;
  const [, file] =
    /^file:(.+)$/.exec(textOf(valueAt(installed, ["packages", path, "resolved"])) ?? "") ?? [];
  return file === undefined ? undefined : resolve(packageFile("../.."), file);
}
