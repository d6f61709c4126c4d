import type { FieldError } from "../errors";
import { secretIn } from "../secrets";
import { characterError, multilineCharacterError } from "./forbidden-characters";

/** A string of the settings, a value or a key, and its path. */
export interface StringAt {
  readonly path: readonly string[];
  readonly string: string;
}

/**
 * `${...}` and `%{...}` anywhere: Terraform would run them, `${file("...")}` for one, and no setting needs them.
 * CDKTF's tokens become such expressions at synth.
 */
export function templateErrors(strings: readonly StringAt[]): readonly FieldError[] {
  return strings.flatMap(({ path, string }) => {
    const [sign] = /[$%]\{/.exec(string) ?? [];
    if (sign !== undefined) {
      return [{ path, message: `holds "${sign}", which Terraform would run as code; write the value itself` }];
    }
    return isToken(string)
      ? [{ path, message: "holds a CDKTF token, which becomes a Terraform expression; write the value itself" }]
      : [];
  });
}

/** Between these lie all numbers that stand for a token. Source: cdktf `lib/tokens/private/encoding.js`, marker 0xFBFF of a double. */
const NUMBER_TOKENS = { from: -2e289, to: -1.8e289 } as const;

/** Whether CDKTF may take a text for a token: one of a string, a list or a map, or a number. Source: cdktf, as above. */
function isToken(text: string): boolean {
  return (
    text.includes("TfToken[") ||
    text
      // CDKTF looks for numbers between all other characters, an exponent included.
      .split(/[^-|\d.+e]+/)
      .map((part) => Number.parseFloat(part.replace(/^e+/, "")))
      .some((number) => number >= NUMBER_TOKENS.from && number <= NUMBER_TOKENS.to)
  );
}

/** Fields with a rule of their own for secrets: a public key, whose last line may have 40 characters, and a key id. */
const NOT_SECRET: readonly string[] = ["accessKeys.primary.pgpKey", "accessKeys.secondary.pgpKey", "import.accessKeyId"];

/** What looks like a secret, in any value or key. Settings are committed, so none belongs there. */
export function secretErrors(strings: readonly StringAt[]): readonly FieldError[] {
  return strings.flatMap(({ path, string }) => {
    const secret = NOT_SECRET.includes(path.join(".")) ? undefined : secretIn(string);
    return secret === undefined
      ? []
      : [{ path, message: `looks like ${secret} (not shown) and settings are committed; remove it` }];
  });
}

/** Fields that may have several lines: prose, JSON, and a public key, which `base64` breaks. */
const SEVERAL_LINES =
  /^(?:policy\.description|accessKeys\.(?:primary|secondary)\.pgpKey|backend\.[a-z0-9]{1,20}\.(?:assume_role_policy|assume_role(?:_with_web_identity)?\.policy))$/;

/** Control characters, line breaks where there is one line, controls of the direction of string, and invisible letters. */
export function characterErrors(strings: readonly StringAt[]): readonly FieldError[] {
  return strings.flatMap(({ path, string }) => {
    const message = SEVERAL_LINES.test(path.join(".")) ? multilineCharacterError(string) : characterError(string);
    return message === undefined ? [] : [{ path, message }];
  });
}

/** Keys that JavaScript objects treat in their own way: they would get lost on the way to Terraform. */
export function reservedKeyErrors(strings: readonly StringAt[]): readonly FieldError[] {
  return strings.flatMap(({ path, string }) =>
    path.at(-1) === string && ["__proto__", "constructor", "prototype"].includes(string)
      ? [{ path, message: "is a name that can't be used here; choose another" }]
      : [],
  );
}

/** Every string in a value, keys of objects included. */
export function stringsIn(value: unknown, path: readonly string[] = []): readonly StringAt[] {
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
