import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { parseIamArn } from "../../iam/arns";
import { valueAt } from "../../text/json";
import { errorAt } from "../errors";
import { show } from "../message-parts";
import { BACKEND_EXAMPLE } from "../schema/backend-schema";
import { type Rule, rule } from "./rule";

/**
 * The canned ACLs with which only the owners of object and bucket can read the state. Others let everyone, every AWS account or EC2
 * read it. Source: Amazon S3 User Guide, "Canned ACL"; backends "cos" and "oss" of Terraform: private or public-read, and of "oss" also
 * public-read-write.
 */
const ACLS = { s3: ["private", "bucket-owner-read", "bucket-owner-full-control"], cos: ["private"], oss: ["private"] };

/** Rules about the location of the state. Terraform itself checks which arguments a backend requires. */
export const BACKEND_RULES: readonly Rule[] = [
  rule(["backend", "cloud"], ({ backend, cloud }) => {
    if (backend === undefined && cloud === undefined) {
      return `missing: the settings must say where the Terraform state is; write for example ${BACKEND_EXAMPLE}`;
    }
    const both = "is set together with backend, a state has one location; keep one of them";
    return backend !== undefined && cloud !== undefined && errorAt("cloud", both);
  }),
  rule(["backend"], ({ backend }) => {
    const types = Object.keys(backend ?? {}).filter((name) => name !== "partial");
    if (backend === undefined || types.length === 1) {
      return undefined;
    }
    return types.length === 0
      ? `names no backend type; write one, for example ${BACKEND_EXAMPLE}`
      : `names ${types.length} types (${types.join(", ")}), a state has one; keep one of them`;
  }),
  // The policy of the pipeline names the role, so that a wildcard would grant more than one.
  ...["role_arn", "assume_role.role_arn"].map((argument) =>
    rule(["backend"], ({ backend }) => {
      const arn = valueAt(backend, ["s3", ...argument.split(".")]);
      const message = `${show(arn)} is not the ARN of an IAM role, which reads arn:aws:iam::123456789012:role/NAME`;
      return arn !== undefined && parseIamArn(String(arn))?.kind !== "role" && errorAt(`backend.s3.${argument}`, message);
    }),
  ),
  ...Object.entries(ACLS).map(([type, acls]) =>
    rule(["backend"], ({ backend }) => {
      const acl = valueAt(backend, [type, "acl"]);
      const message = `${show(acl)} is not an ACL that keeps the state, and the secret in it, from others; write ${acls.join(" or ")}`;
      return acl !== undefined && acls.every((allowed) => allowed !== acl) && errorAt(`backend.${type}.acl`, message);
    }),
  ),
  ...["path", "workspace_dir"].map((argument) =>
    rule(["backend"], ({ backend }) => {
      const path = valueAt(backend, ["local", argument]);
      const reason = path === undefined ? undefined : localPathError(path, argument);
      return reason !== undefined && errorAt(`backend.local.${argument}`, `${show(path)} ${reason}`);
    }),
  ),
];

/** Why a local state cannot be at a path, as a continuation of the path; undefined if it can. */
function localPathError(path: unknown, argument: string): string | undefined {
  if (typeof path !== "string") {
    return "is not a path; write it in quotes";
  }
  if (isAbsolute(path)) {
    return "is absolute; write it relative to the project's root, so that it is valid on any computer";
  }
  if (/\.ya?ml$/i.test(path)) {
    return "is the name of a settings file, which Terraform would overwrite; choose another";
  }
  // A state is a file; workspaces have a folder. Only a folder has an entry ".".
  const isFolder = argument === "path" && existsSync(`${path}/.`);
  return isFolder ? "is a folder; write the path of a file" : undefined;
}
