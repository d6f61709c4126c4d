type Operator = "=" | "!=" | ">" | ">=" | "<" | "<=" | "~>";
type Version = readonly [number, number, number];

interface Term {
  readonly operator: Operator;
  readonly version: Version;
  /** First version beyond those that `~>` takes. */
  readonly end: Version;
}

/** One part of a constraint. Numbers of seven digits and more are no versions of the AWS provider. */
const TERM = /^(=|!=|>=|<=|~>|>|<)?[ \t]{0,9}(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?$/;
const MAX_TERMS = 20;

/**
 * Why a string is not a version constraint that Terraform can meet; follows the quoted string; undefined if it is one.
 * Source: Terraform documentation, version constraints.
 */
export function versionConstraintError(text: string): string | undefined {
  const parts = text.split(",");
  const terms = parts.length > MAX_TERMS ? [] : parts.flatMap((part) => termOf(part.trim()) ?? []);
  if (terms.length < parts.length) {
    return 'is not a version constraint; write for example ">= 5.100.0, < 7.0.0"';
  }
  // If any version meets all terms, the lowest of them does: 0.0.0, one that a term names, or the next one after it.
  const candidates: readonly Version[] = [[0, 0, 0], ...terms.flatMap(({ version }) => [version, next(version)])];
  return candidates.some((candidate) => terms.every((term) => meets(candidate, term)))
    ? undefined
    : 'is met by no version; write for example ">= 5.100.0, < 7.0.0"';
}

function termOf(part: string): Term | undefined {
  const match = TERM.exec(part);
  if (match === null) {
    return undefined;
  }
  const [, operator = "=", major = "0", minor, patch] = match;
  const version: Version = [Number(major), Number(minor ?? 0), Number(patch ?? 0)];
  // "~> 5" and "~> 5.1" let the minor version rise, "~> 5.1.2" only the last number.
  const end: Version = patch === undefined ? [version[0] + 1, 0, 0] : [version[0], version[1] + 1, 0];
  return { operator: operator as Operator, version, end };
}

function next([major, minor, patch]: Version): Version {
  return [major, minor, patch + 1];
}

function meets(candidate: Version, { operator, version, end }: Term): boolean {
  const order = compare(candidate, version);
  const rules: Readonly<Record<Operator, boolean>> = {
    "=": order === 0,
    "!=": order !== 0,
    ">": order > 0,
    ">=": order >= 0,
    "<": order < 0,
    "<=": order <= 0,
    "~>": order >= 0 && compare(candidate, end) < 0,
  };
  return rules[operator];
}

function compare(one: Version, other: Version): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}
