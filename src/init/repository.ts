import { readFileSync } from "node:fs";
import { trusted } from "../render/markdown";
import { packageFile } from "../render/package-file";
import { fillTemplate, fillTemplateFile } from "../render/template";
import { deploymentFile } from "./deployment-file";

/** The pipeline files of the documentation, and where each system expects its own. */
export const PIPELINES = {
  github: { template: "docs/pipelines/github-actions.yml", path: ".github/workflows/dkp-access.yml" },
  gitlab: { template: "docs/pipelines/gitlab-ci.yml", path: ".gitlab-ci.yml" },
} as const;

export interface RepositoryOptions {
  /** Name of the first deployment. */
  readonly stack: string;
  /** Path of DKP's installation file. */
  readonly configFile: string | undefined;
  readonly pipeline: keyof typeof PIPELINES | undefined;
}

interface PackageJson {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Files that are copied as they are. npm never packs files named `.gitignore` and `.npmrc`. */
const COPIED: Readonly<Record<string, string>> = {
  ".gitignore": "templates/gitignore",
  ".npmrc": "templates/npmrc",
  "cdktf.json": "templates/cdktf.json",
  "main.ts": "templates/main.ts",
  "tsconfig.json": "templates/tsconfig.json",
};

const read = (path: string) => readFileSync(packageFile(path), "utf8");

/**
 * The files of a repository for deployments, by path.
 * @throws SettingsError if DKP's installation file has errors
 */
export function repositoryFiles({ stack, configFile, pipeline }: RepositoryOptions): Readonly<Record<string, string>> {
  return {
    [`deployments/${stack}.yaml`]: deploymentFile(stack, configFile),
    ...Object.fromEntries(Object.entries(COPIED).map(([path, template]) => [path, read(template)])),
    "package.json": packageJson(),
    "README.md": fillTemplateFile("templates/README.md", {
      stack: trusted(stack),
      pipeline: pipeline !== undefined,
      pipelineFile: trusted(pipeline === undefined ? "" : PIPELINES[pipeline].path),
    }),
    ...(pipeline === undefined ? {} : pipelineFiles(stack, pipeline)),
  };
}

/** With the versions of the peers and tools that this release is tested with. */
function packageJson(): string {
  const { version, engines, devDependencies } = JSON.parse(read("package.json")) as PackageJson;
  const versionOf = (name: string) => trusted(devDependencies[name] ?? "");
  return fillTemplate(read("templates/package.json"), {
    node: trusted(engines.node),
    version: trusted(version),
    providerAws: versionOf("@cdktf/provider-aws"),
    cdktf: versionOf("cdktf"),
    cdktfCli: versionOf("cdktf-cli"),
    constructs: versionOf("constructs"),
    typescript: versionOf("typescript"),
  });
}

/** The pipeline for one stack. Its jobs do not require the CDKTF command or the compiler. */
function pipelineFiles(stack: string, pipeline: keyof typeof PIPELINES): Readonly<Record<string, string>> {
  const { template, path } = PIPELINES[pipeline];
  return {
    [path]: read(template)
      .replace(/^# Copy to \S+ /, "# ")
      .replaceAll("docs/pipelines.md", "node_modules/deckhouse-aws-access/docs/pipelines.md")
      .replace("STACK: deckhouse", `STACK: ${stack}`)
      .replaceAll("npm ci", "npm ci --omit=dev"),
    "scripts/pipeline.sh": read("scripts/pipeline.sh"),
  };
}
