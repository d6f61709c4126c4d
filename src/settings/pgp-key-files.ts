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

/** The output of `gpg --armor --export`, with its base64 as a group. RFC 9580, section 6.2. */
const HEADER = /^\s*-----BEGIN PGP PUBLIC KEY BLOCK-----[^\S\n]*\n(?:[^\n]+: [^\n]*\n)*\s*/;
const BASE64 = /([A-Za-z0-9+/=\s]+?)(?:\s=[A-Za-z0-9+/]{4})?/;
const FOOTER = /\s*-----END PGP PUBLIC KEY BLOCK-----\s*$/;
const ARMOR = new RegExp(HEADER.source + BASE64.source + FOOTER.source);

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
const armored = (text: string): string => ARMOR.exec(text)?.[1]?.replaceAll(/\s/g, "") ?? text;
