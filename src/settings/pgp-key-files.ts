import { resolve } from "node:path";
import { SLOTS } from "../iam/key-slots";
import { isInside, physicalPath, readBytes } from "../text/files";
import { objectOf, textOf, valueAt } from "../text/json";
import { errorAt, type FieldError, show } from "./errors";
import { pgpKeyError } from "./schema/access-schema";

export interface KeyFiles {
  readonly keyFiles: Readonly<Record<string, string>>;
  readonly errors: readonly FieldError[];
}

/** The lines around the output of `gpg --armor --export`. RFC 9580, section 6.2. */
const BEGIN = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const END = "-----END PGP PUBLIC KEY BLOCK-----";

/** Base64 has no dot. */
const isFileName = (text: string): boolean => text.includes(".") && !/-----|^keybase:/i.test(text);

/**
 * Reads the OpenPGP keys that settings name by a file, armored or binary, as the same bytes in
 * base64: the AWS provider replaces a live access key if they change.
 * @param folder of the settings file, which names are relative to
 */
export function withKeyFiles(
  value: unknown,
  folder: string,
): KeyFiles & { readonly value: unknown } {
  const accessKeys: Record<string, unknown> = { ...objectOf(objectOf(value).accessKeys) };
  const keyFiles: Record<string, string> = {};
  const errors: FieldError[] = [];
  for (const slot of SLOTS) {
    const name = textOf(valueAt(accessKeys, [slot, "pgpKey"]));
    if (name === undefined || !isFileName(name)) {
      continue;
    }
    const { text, error } = readKeyFile(name, folder);
    accessKeys[slot] = { ...objectOf(accessKeys[slot]), pgpKey: text };
    if (text === undefined) {
      errors.push(errorAt(`accessKeys.${slot}.pgpKey`, `${show(name)} ${error}`));
    } else {
      keyFiles[text] = name;
    }
  }
  const isNamed = errors.length > 0 || Object.keys(keyFiles).length > 0;
  return { value: isNamed ? { ...objectOf(value), accessKeys } : value, keyFiles, errors };
}

/** No error has content of the file, which may be a private key. */
function readKeyFile(
  name: string,
  folder: string,
): { readonly text?: string; readonly error?: string } {
  const path = resolve(folder, name);
  if (!isInside(physicalPath(path), physicalPath("."))) {
    return { error: "is outside the project; copy the public key into the folder of the settings" };
  }
  let bytes: Buffer;
  try {
    bytes = readBytes(path);
  } catch (error) {
    const reason = (error as Error).message.replace(`${path}: `, "");
    return { error: `cannot be read, relative to the folder of the settings: ${reason}` };
  }
  const text = bytes.toString("latin1");
  const base64 = /-----BEGIN/.test(text) ? armored(text) : bytes.toString("base64");
  const error = pgpKeyError(base64);
  return error === undefined ? { text: base64 } : { error };
}

/** A text that is no public key stays, so that the error names it. */
function armored(text: string): string {
  const [begin, ...lines] = text.trim().split("\n");
  const isBlock = begin?.trim() === BEGIN && lines.pop() === END;
  const isHeader = (line: string) => line.indexOf(": ") > 0;
  const base64 = lines
    .slice(lines.findIndex((line) => !isHeader(line)))
    .join("\n")
    .trim()
    .replace(/\s=[A-Za-z0-9+/]{4}$/, "");
  return isBlock && /^[A-Za-z0-9+/=\s]+$/.test(base64) ? base64.replaceAll(/\s/g, "") : text;
}
