import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import type { Deployment } from "../../../../src/settings/deployment";
import { DeckhouseAccessStack } from "../../../../src/stack";
import { temporaryName } from "../../../../src/text/files";
import { sortedKeys } from "../../../../src/text/json";

/** As the app writes it, without CDKTF's comments: only the parts that are read. */
export interface TerraformJson {
  readonly resource?: Blocks;
  readonly output?: Readonly<
    Record<string, { readonly description?: string; readonly sensitive?: boolean }>
  >;
  readonly import?: readonly { readonly to: string; readonly id: string }[];
  readonly terraform?: Readonly<Record<string, unknown>>;
  readonly provider?: unknown;
  readonly variable?: Readonly<
    Record<
      string,
      { readonly type: string; readonly description: string; readonly default: string }
    >
  >;
}

export type Blocks = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>
>;

/**
 * As reviewers read it: without CDKTF's comments, and without a `local` backend, whose path is this
 * checkout's.
 */
export function reviewedJson(synthesized: string): TerraformJson {
  const { terraform = {}, ...rest } = JSON.parse(synthesized, (key, value: unknown) =>
    key === "//" ? undefined : value,
  );
  const { backend, ...settings } = terraform as {
    readonly backend?: Readonly<Record<string, unknown>>;
  };
  const shared = backend === undefined || "local" in backend ? {} : { backend };
  return { ...rest, terraform: { ...shared, ...settings } };
}

let app: App | undefined;

/** Never synthesized: the output folder that CDKTF creates for it is removed again. */
function emptyApp(): App {
  const outdir = join(tmpdir(), temporaryName("synth"));
  const empty = new App({ outdir, stackTraces: false, hclOutput: false });
  rmSync(outdir, { recursive: true });
  return empty;
}

/** Without comments: the same JSON that `AccessApp` writes. */
export function terraformJson(deployment: Deployment): TerraformJson {
  app ??= emptyApp();
  const stack = new DeckhouseAccessStack(app, deployment, { compared: false });
  app.node.tryRemoveChild(deployment.stack);
  return reviewedJson(JSON.stringify(stack.toTerraform(), sortedKeys));
}
