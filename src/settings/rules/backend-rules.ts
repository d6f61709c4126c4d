import { isAbsolute } from "node:path";
import { parseIamArn } from "../../iam/arns";
import { argumentsOf, backendType, requiredArguments } from "../../terraform/backends";
import { defaultArguments } from "../../terraform/state-location";
import { isInside } from "../../text/files";
import type { FieldError } from "../errors";
import { isObject } from "../is-object";
import { show } from "../message-parts";
import { BACKEND_EXAMPLE } from "../schema/backend-schema";
import type { Settings } from "../schema/deployment-schema";
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
  rule(["backend"], ({ backend }) => {
    const types = typesOf(backend);
    if (backend === undefined || types.length === 1) {
      return undefined;
    }
    const message =
      types.length === 0
        ? `names no backend type; write one, for example ${BACKEND_EXAMPLE}`
        : `names ${types.length} types (${types.join(", ")}), a state has one; keep one of them`;
    return { path: ["backend"], message };
  }),
  rule(["backend"], ({ backend }) => {
    const [type] = typesOf(backend);
    return type === undefined || backend?.partial === true
      ? []
      : missingErrors(
          type,
          ["backend", type],
          argumentsIn(backend, type),
          ", or set backend.partial: true and pass it with -backend-config",
        );
  }),
  rule(["cloud"], ({ cloud }) => (cloud === undefined ? [] : missingErrors("cloud", ["cloud"], cloud, ""))),
  rule(["backend"], ({ backend }) => {
    const { role_arn, assume_role } = argumentsIn(backend, "s3");
    const inner = isObject(assume_role) ? assume_role.role_arn : undefined;
    // The policy of the pipeline names the role, so that a wildcard would grant more than one.
    return [roleError(["role_arn"], role_arn), roleError(["assume_role", "role_arn"], inner)].flatMap((error) => error ?? []);
  }),
  ...["path", "workspace_dir"].map((argument) =>
    rule(["backend"], ({ backend }, context) => {
      const path = argumentsIn(backend, "local")[argument];
      return path === undefined ? undefined : localPathError(["backend", "local", argument], path, context);
    }),
  ),
];

function typesOf(backend: Settings["backend"]): readonly string[] {
  return Object.keys(backend ?? {}).filter((name) => name !== "partial");
}

function argumentsIn(backend: Settings["backend"], type: string): Readonly<Record<string, unknown>> {
  const given = Object.entries(backend ?? {}).find(([name]) => name === type)?.[1];
  return isObject(given) ? given : {};
}

/** Arguments that have no default, as far as settings may have them. `key` of S3 and `path` of a local state have one here. */
function missingErrors(
  name: string,
  path: readonly string[],
  given: Readonly<Record<string, unknown>>,
  remedy: string,
): readonly FieldError[] {
  const type = backendType(name);
  const defaults = Object.keys(defaultArguments("", name));
  const accepted = type === undefined ? [] : [...argumentsOf(type).keys()].map((argument) => argument.replace(/\..*/, ""));
  const required = type === undefined ? [] : requiredArguments(type).filter((argument) => accepted.includes(argument));
  return required
    .filter((argument) => given[argument] === undefined && !defaults.includes(argument))
    .map((argument) => ({
      path: [...path, argument],
      message: `missing, the ${name} backend requires it; write it${remedy}`,
    }));
}

function roleError(path: readonly string[], arn: unknown): FieldError | undefined {
  return arn === undefined || parseIamArn(String(arn))?.kind === "role"
    ? undefined
    : {
        path: ["backend", "s3", ...path],
        message: `${show(arn)} is not the ARN of an IAM role, which reads arn:aws:iam::123456789012:role/NAME`,
      };
}

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
  if (/\.ya?ml$/i.test(path)) {
    return {
      path: field,
      message: `${show(path)} is the name of a settings file, which Terraform would overwrite; choose another`,
    };
  }
  // A state is a file; workspaces have a folder.
  const folders = field.at(-1) === "path" ? [settingsFolder, outputFolder] : [];
  const folder = folders.find((known) => known !== undefined && isInside(known, path));
  return folder === undefined
    ? undefined
    : { path: field, message: `${show(path)} is the folder ${folder} or one above it; write the path of a file` };
}
