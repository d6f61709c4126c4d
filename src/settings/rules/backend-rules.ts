import { relative, sep } from "node:path";
import { parseIamArn } from "../../iam/arns";
import { backendType } from "../../terraform/backends";
import { textOf, valueAt } from "../../text/json";
import { errorAt, show } from "../errors";
import { BACKEND_EXAMPLE } from "../schema/backend-schema";
import { type Rule, rule } from "./rule";

/**
 * The canned ACLs with which only the owners of object and bucket can read the state. Others let
 * everyone, every AWS account or EC2 read it. Source: Amazon S3 User Guide, "Canned ACL".
 */
const ACLS: readonly unknown[] = ["private", "bucket-owner-read", "bucket-owner-full-control"];

const IN_ADDRESS =
  "has a user, a password or a query (not shown), and the review pack shows addresses; " +
  "remove it, and set credentials in the environment, " +
  "or the address with -backend-config and backend.partial: true";

/**
 * Rules about the location of the state. Terraform itself checks which arguments a backend
 * requires, and their values.
 */
export const BACKEND_RULES: readonly Rule[] = [
  rule(["backend", "cloud"], ({ backend, cloud }) => {
    if (backend === undefined && cloud === undefined) {
      return (
        "missing: the settings must say where the Terraform state is; " +
        `write for example ${BACKEND_EXAMPLE}`
      );
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
  rule(["backend", "cloud"], ({ backend, cloud }) =>
    Object.entries({ ...backend, cloud }).flatMap(([type, given]) => {
      const names = backendType(type)?.destinations ?? [];
      const secret = names.filter((name) =>
        /[@?]/.test(textOf(valueAt(given, name.split("."))) ?? ""),
      );
      return secret.map((name) =>
        errorAt(`${type === "cloud" ? "" : "backend."}${type}.${name}`, IN_ADDRESS),
      );
    }),
  ),
  ...["local.path", "local.workspace_dir"].map((argument) =>
    argumentRule(argument, (path) => {
      const [folder = ""] = relative(".", textOf(path) ?? ".").split(sep);
      return (
        folder.endsWith(".out") &&
        `is in the output folder ${folder}, which is generated; write a path outside of it`
      );
    }),
  ),
  // The policy of the pipeline names the role, so that a wildcard would grant more than one.
  ...["s3.role_arn", "s3.assume_role.role_arn"].map((argument) =>
    argumentRule(
      argument,
      (arn) =>
        parseIamArn(String(arn))?.kind !== "role" &&
        "is not the ARN of an IAM role, which reads arn:aws:iam::123456789012:role/NAME",
    ),
  ),
  argumentRule(
    "s3.acl",
    (acl) =>
      !ACLS.includes(acl) &&
      "is not an ACL that keeps the state, and the secret in it, from others; " +
        `write ${ACLS.join(" or ")}`,
  ),
];

/** @param check continues the value of the argument in the message */
function argumentRule(argument: string, check: (value: unknown) => string | false): Rule {
  return rule(["backend"], ({ backend }) => {
    const value = valueAt(backend, argument.split("."));
    const message = value !== undefined && check(value);
    return message && errorAt(`backend.${argument}`, `${show(value)} ${message}`);
  });
}
