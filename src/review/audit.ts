import { secretKeysIn } from "../settings/secrets";

/** A place where the secret of an access key is in clear. Never the secret itself. */
export interface Finding {
  /** `resources.aws_iam_access_key.user.instances.0.attributes.secret` */
  readonly place: string;
  readonly what: string;
}

/** Attributes of `aws_iam_access_key` that are credentials: the password for sending mail is made from the secret. */
const CREDENTIALS: ReadonlySet<string> = new Set(["secret", "ses_smtp_password_v4"]);

/**
 * Where a state, or a plan as `terraform show -json` prints it, holds the secret of an access key in clear:
 * in the key's own attributes, and in any other text, since a workspace that reads an output has it in its own state.
 *
 * Limit: elsewhere a secret is known by its shape, 40 random characters, so a secret that is encoded is not seen there.
 */
export function secretsInClear(document: unknown): readonly Finding[] {
  return visit(document, [], false);
}

function visit(value: unknown, path: readonly string[], inKey: boolean): readonly Finding[] {
  const place = path.join(".");
  if (typeof value === "string") {
    if (inKey && value !== "" && CREDENTIALS.has(path.at(-1) ?? "")) {
      return [{ place, what: "the secret of an access key" }];
    }
    return secretKeysIn(value).length > 0 ? [{ place, what: "what looks like the secret of an access key" }] : [];
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  const below = inKey || (value as { type?: unknown }).type === "aws_iam_access_key";
  return Object.entries(value).flatMap(([key, content]) => visit(content, [...path, nameOf(key, content)], below));
}

/** What a person calls an element of a list: its address, or its type and name, as resources have them. */
function nameOf(key: string, content: unknown): string {
  const { address, type, name } = (content ?? {}) as Readonly<Record<string, unknown>>;
  if (/^\d+$/.test(key) && typeof address === "string") {
    return address;
  }
  return /^\d+$/.test(key) && typeof type === "string" && typeof name === "string" ? `${type}.${name}` : key;
}
