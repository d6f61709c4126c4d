import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PROJECT } from "../../helpers/project-root";
import { temporaryFolder } from "./cleanup";
import { type AnyAws, DKP_ACCESS, mustSucceed, runIn, Terraform } from "./terraform";

export function folder(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const path = temporaryFolder();
  write(path, files);
  return path;
}

export function write(path: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
}

/** Of the stack `deckhouse` in a copy of this project: the first deployment of the README. */
export const EXAMPLE = `region: eu-central-1

backend:
  s3:
    bucket: example-terraform-state
    region: eu-central-1
`;

/**
 * A copy of this project, with the deployment of the README, for the CDKTF command, which must run
 * inside a project: as after `npm ci` and a first build, which takes ten seconds, or before them.
 */
export function copyOfProject({ installed } = { installed: true }): string {
  const path = folder();
  const sources = [
    "main.ts",
    "bin",
    "packages/cli/src",
    "src",
    "scripts",
    "cdktf.json",
    "package.json",
    "tsconfig.json",
    "tsconfig.package.json",
  ];
  for (const part of installed ? [...sources, "build"] : sources) {
    cpSync(join(PROJECT, part), join(path, part), { recursive: true, preserveTimestamps: true });
  }
  write(path, { "deployments/deckhouse.yaml": EXAMPLE });
  if (installed) {
    symlinkSync(join(PROJECT, "node_modules"), join(path, "node_modules"));
  }
  return path;
}

/** YAML of the stack `deckhouse`, or by stack name. */
type Settings = string | Readonly<Record<string, string>>;

export class Deployments {
  private constructor(readonly path: string) {}

  /** @param files that the settings name, by path */
  static of(
    settings: Settings,
    files: Readonly<Record<string, string | Uint8Array>> = {},
  ): Deployments {
    const deployments = new Deployments(folder(files));
    deployments.change(settings);
    return deployments;
  }

  /**
   * Replaces the settings and synthesizes.
   * @throws Error with the output of the app if it fails
   */
  change(settings: Settings): void {
    this.write(settings);
    this.synth();
  }

  write(settings: Settings): void {
    const texts = typeof settings === "string" ? { deckhouse: settings } : settings;
    write(
      this.path,
      Object.fromEntries(
        Object.entries(texts).map(([stack, text]) => [`deployments/${stack}.yaml`, text]),
      ),
    );
  }

  /** Before a run of Terraform; `dkp-access plan` and `apply` do it themselves. */
  synth(): void {
    mustSucceed(runIn(this.path, { PATH: process.env.PATH }, ...DKP_ACCESS, "synth"));
  }

  /** @param program Terraform by default */
  terraform(aws: AnyAws, stack = "deckhouse", program?: string): Terraform {
    return new Terraform(join(this.path, "cdktf.out/stacks", stack), aws, program);
  }
}
