import type { FieldError } from "../errors";
import { secretIn } from "../secrets";

/** What no string of the settings may hold, value or key, wherever it is. */
export function forbiddenStrings(value: unknown): readonly FieldError[] {
  return stringsIn(value, []).flatMap(({ path, string }) => {
    const message = templateError(string) ?? keyError(path, string) ?? secretError(path, string);
    return message === undefined ? [] : [{ path, message }];
  });
}

/**
 * `${...}` and `%{...}` anywhere: Terraform would run them, `${file("...")}` for one, and no setting needs them.
 * CDKTF's tokens become such expressions at synth.
 */
function templateError(text: string): string | undefined {
  const [sign] = /[$%]\{/.exec(text) ?? [];
  if (sign !== undefined) {
    return `holds "${sign}", which Terraform would run as code; write the value itself`;
  }
  return isToken(text) ? "holds a CDKTF token, which becomes a Terraform expression; write the value itself" : undefined;
}

/** Whether CDKTF takes a text for a token: one of a string, a list or a map, or a number. Source: cdktf `lib/tokens/private/encoding.js`. */
function isToken(text: string): boolean {
  // CDKTF looks for numbers between all other characters, an exponent included.
  const numbers = text.split(/[^-|\d.+e]+/).map((part) => Number.parseFloat(part.replace(/^e+/, "")));
  return text.includes("TfToken[") || numbers.some((number) => number >= -2e289 && number <= -1.8e289);
}

/** Keys that JavaScript objects treat in their own way: they would get lost on the way to Terraform. */
function keyError(path: readonly string[], text: string): string | undefined {
  const isLost = path.at(-1) === text && ["__proto__", "constructor", "prototype"].includes(text);
  return isLost ? "is a name that can't be used here; choose another" : undefined;
}

/** Fields with a rule of their own for secrets: a public key, whose last line may have 40 characters, and a key id. */
const NOT_SECRET: readonly string[] = ["accessKeys.primary.pgpKey", "accessKeys.secondary.pgpKey", "import.accessKeyId"];

/** Settings are committed, so no secret belongs there. */
function secretError(path: readonly string[], text: string): string | undefined {
  const secret = NOT_SECRET.includes(path.join(".")) ? undefined : secretIn(text);
  return secret === undefined ? undefined : `looks like ${secret} (not shown) and settings are committed; remove it`;
}

/** Every string in a value, keys of objects included. */
function stringsIn(value: unknown, path: readonly string[]): readonly { path: readonly string[]; string: string }[] {
  if (typeof value === "string") {
    return [{ path, string: value }];
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, content]) => {
    const below = [...path, key];
    return [...(Array.isArray(value) ? [] : [{ path: below, string: key }]), ...stringsIn(content, below)];
  });
}
