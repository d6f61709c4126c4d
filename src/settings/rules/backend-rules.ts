import { isAbsolute, relative } from "node:path";
import type { FieldError } from "../errors";
import { isObject } from "../is-object";
import { show } from "../message-parts";
import { BACKEND_EXAMPLE } from "../schema/backend-schema";
import { type Rule, type RuleContext, rule } from "./rule";

/** Rules about the location of the state. */
export const BACKEND_RULES: readonly Rule[] = [
  rule(["backend", "cloud"], ({ backend, cloud }) => {
    if (backend === undefined && cloud === undefined) {
      return {
        path: ["backend"],
        message: `missing: the location of the Terraform state must be stated; write for example ${BACKEND_EXAMPLE}`,
      };
    }
    return backend !== undefined && cloud !== undefined
      ? { path: ["cloud"], message: "is set together with backend, a state has one location; keep one of them" }
      : undefined;
  }),
  ...["path", "workspace_dir"].map((argument) =>
    rule(["backend"], ({ backend }, context) => {
      const path = isObject(backend?.local) ? backend.local[argument] : undefined;
      return path === undefined ? undefined : localPathError(["backend", "local", argument], path, context);
    }),
  ),
];

function localPathError(
  field: readonly string[],
  path: unknown,
  { outputFolder, settingsFolder }: RuleContext,
): FieldError | undefined {
  if (typeof path !== "string") {
    return { path: field, message: `${show(path)} is not a path; write it in quotes` };
  }
  if (isAbsolute(path)) {
    return {
      path: field,
      message: `${show(path)} is absolute; write it relative to the project's root, so that it is valid on any computer`,
    };
  }
  if (isInside(path, outputFolder)) {
    return {
      path: field,
      message: `${show(path)} lies in ${outputFolder}, which is rewritten and deleted freely; choose a path outside it`,
    };
  }
  // A state is a file; workspaces have a folder.
  const folders = field.at(-1) === "path" ? [settingsFolder, outputFolder] : [];
  const folder = folders.find((known) => known !== undefined && isInside(known, path));
  return folder === undefined
    ? undefined
    : { path: field, message: `${show(path)} is the folder ${folder} or one above it; write the path of a file` };
}

/** Whether a path is a folder, or lies in it. */
function isInside(path: string, folder: string): boolean {
  return !/^\.\.(?:[/\\]|$)/.test(relative(folder, path));
}
