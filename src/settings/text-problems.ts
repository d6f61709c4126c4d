import type { Problem } from "./problems";
import { secretIn } from "./secrets";

/** A text of the settings, a value or a key, and where it stands. */
interface Text {
  readonly path: readonly string[];
  readonly text: string;
}

/** `${...}` and `%{...}` anywhere: Terraform would run them, `${file("...")}` for one, and no setting needs them. */
export function templateProblems(value: unknown): readonly Problem[] {
  return texts(value).flatMap(({ path, text }) => {
    const [sign] = /[$%]\{/.exec(text) ?? [];
    return sign === undefined
      ? []
      : [{ path, message: `holds "${sign}", which Terraform would run as code; write the value itself` }];
  });
}

/** Fields whose own rule tells secrets from what belongs there: a public key, whose last line may have 40 characters, and a key id. */
const NOT_SECRET: ReadonlySet<string> = new Set(["pgpKey", "accessKeyId"]);

/** What looks like a secret, in any value or key. Settings are committed, so none belongs there. */
export function secretProblems(value: unknown): readonly Problem[] {
  return texts(value).flatMap(({ path, text }) => {
    const secret = NOT_SECRET.has(path.at(-1) ?? "") ? undefined : secretIn(text);
    return secret === undefined
      ? []
      : [{ path, message: `looks like ${secret} (not shown) and settings are committed; remove it` }];
  });
}

/** Keys that JavaScript objects treat in their own way: they would get lost on the way to Terraform. */
export function reservedKeyProblems(value: unknown): readonly Problem[] {
  return texts(value).flatMap(({ path, text }) =>
    path.at(-1) === text && ["__proto__", "constructor", "prototype"].includes(text)
      ? [{ path, message: "is a name that can't be used here; choose another" }]
      : [],
  );
}

export { showSegment } from "./words";

function texts(value: unknown, path: readonly string[] = []): readonly Text[] {
  if (typeof value === "string") {
    return [{ path, text: value }];
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, content]) => {
    const below = [...path, key];
    return [...(Array.isArray(value) ? [] : [{ path: below, text: key }]), ...texts(content, below)];
  });
}
