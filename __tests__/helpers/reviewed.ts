import { reviewPack } from "../../src/cli/review/pack";
import { type Reviewed, reviewed } from "../../src/cli/review/reviewed";
import type { Deployment } from "../../src/settings/deployment";
import { deployment } from "./deployment";

/** What a review pack states of a deployment, or of settings as YAML. @param terraform by default its own Terraform JSON */
export function reviewOf(of: Deployment | string, terraform?: Reviewed["terraform"]): Reviewed {
  return reviewed(typeof of === "string" ? deployment(of) : of, terraform);
}

/** The review pack of a deployment, or of settings as YAML: text by file name. */
export function packFilesOf(of: Deployment | string, terraform?: Reviewed["terraform"]): Readonly<Record<string, string>> {
  return reviewPack(reviewOf(of, terraform));
}

/** The settings for which REVIEW.md recommends a stronger value, in its order. */
export function weakSettings(of: Deployment | string): readonly string[] {
  const [, page = ""] = (packFilesOf(of, {})["REVIEW.md"] ?? "").split("\n## Decisions for the reviewer\n");
  return [...(page.split("\n## ")[0] ?? "").matchAll(/^\| `([^`]+)`/gm)].map(([, setting = ""]) => setting);
}
