import { readFileSync } from "node:fs";
import { packageFile } from "../../text/package-file";
import { REASONS } from "../recommended-settings";
import { fillTemplate } from "../text/template";

/** The pipeline files of the documentation, and where each system expects its own. */
export const PIPELINES = {
  github: { template: "docs/pipelines/github-actions.yml", path: ".github/workflows/dkp-access.yml" },
  gitlab: { template: "docs/pipelines/gitlab-ci.yml", path: ".gitlab-ci.yml" },
} as const;

export interface RepositoryOptions {
  /** Name of the first deployment. */
  readonly stack: string;
  readonly pipeline: keyof typeof PIPELINES | undefined;
  /** Whether npm installs CDK Terrain under the names of CDKTF. */
  readonly cdkTerrain: boolean;
  /** What package.json names to install this package. */
  readonly source: string;
}

/** The newest Node.js that the command `cdktf` 0.21 starts with: it has no build of node-pty for a newer one. */
export const CDKTF_NODE = 22;

interface PackageJson {
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

/** The files of a repository for deployments, by path. */
export function repositoryFiles(options: RepositoryOptions): Readonly<Record<string, string>> {
  const { stack, pipeline } = options;
  return {
    [`deployments/${stack}.yaml`]: fillTemplate("templates/deployment.yaml", REASONS),
    ...Object.fromEntries(Object.entries(COPIED).map(([path, template]) => [path, read(template)])),
    "package.json": packageJson(options),
    "README.md": fillTemplate("templates/README.md", { stack, pipelineFile: pipeline && PIPELINES[pipeline].path }),
    ...(pipeline === undefined ? {} : { [PIPELINES[pipeline].path]: read(PIPELINES[pipeline].template) }),
  };
}

/** CDK Terrain under the names of CDKTF. */
const TERRAIN = {
  "@cdktf/provider-aws": "npm:@cdktn/provider-aws@25.7.0",
  cdktf: "npm:cdktn@0.24.0",
  cdktn: "0.24.0",
};

/** With the versions of the peers and tools that this release is tested with. */
function packageJson({ cdkTerrain, source }: RepositoryOptions): string {
  const { devDependencies } = JSON.parse(read("package.json")) as PackageJson;
  const tested = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, devDependencies[name]]));
  const command = cdkTerrain ? "cdktn" : "cdktf";
  const content = {
    name: "dkp-access-deployments",
    description: "AWS access of DKP clusters",
    private: true,
    license: "UNLICENSED",
    engines: { node: cdkTerrain ? ">=22.19" : `>=20.9 <${CDKTF_NODE + 1}` },
    scripts: {
      ...Object.fromEntries(["synth", "review", "diff"].map((name) => [name, `dkp-access ${name}`])),
      "dkp-access": "dkp-access",
      deploy: `CHECKPOINT_DISABLE=1 ${command} deploy`,
    },
    dependencies: {
      ...(cdkTerrain ? TERRAIN : tested("@cdktf/provider-aws", "cdktf")),
      ...tested("constructs"),
      "dkp-access": source,
    },
    devDependencies: { [`${command}-cli`]: cdkTerrain ? TERRAIN.cdktn : devDependencies["cdktf-cli"], ...tested("typescript") },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
