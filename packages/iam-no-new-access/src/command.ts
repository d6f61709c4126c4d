import { parseArgs } from "node:util";
import { compare, type Result } from "./compare";
import { policyIn } from "./policy-text";

/** What the program reads and prints. */
interface Io {
  /**
   * The text of a file.
   * @throws Error if it cannot be read
   */
  readonly read: (file: string) => string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const HELP = `Usage: iam-no-new-access BEFORE.json AFTER.json [--format text|json]

Whether one IAM policy allows what another does not, for all requests at once.
Does not call AWS, and writes nothing.

BEFORE.json AFTER.json  two versions of one identity policy
--format FORMAT         text (default) or json
--version               the version

Exit codes: 0 nothing new is allowed
            1 error
            2 something new is allowed, or it could not be excluded

Examples: iam-no-new-access before.json after.json
          iam-no-new-access before.json after.json --format json
`;

/**
 * Runs the command.
 * @returns the exit code
 */
export function run(args: readonly string[], version: string, io: Io): number {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: OPTIONS,
      allowPositionals: true,
    });
    if (values.help === true || values.version === true) {
      io.out(values.help === true ? HELP : `${version}\n`);
      return 0;
    }
    const { format } = values;
    if (format !== "text" && format !== "json") {
      throw new Error(`--format: "${format}" is no format; use text or json`);
    }
    const [before, after, ...more] = positionals;
    if (before === undefined || after === undefined || more.length > 0) {
      throw new Error("name two policies, BEFORE.json AFTER.json; --help shows the usage");
    }
    const result = compare(policyOf(before, io), policyOf(after, io));
    const isNew = result.kind !== "nothing-new";
    io.out(
      linesOf(
        format === "json"
          ? JSON.stringify({ isNew, ...result }, null, 2).split("\n")
          : [isNew ? NEW : NOTHING_NEW, ...resultLines(after, result)],
      ),
    );
    return isNew ? 2 : 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    io.err(linesOf(`iam-no-new-access: ${message}`.split("\n")));
    return 1;
  }
}

const OPTIONS = {
  format: { type: "string", default: "text" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;

const NEW = "Verdict: new access, or it cannot be excluded (exit code 2)";
const NOTHING_NEW = "Verdict: nothing new is allowed (exit code 0)";

function policyOf(file: string, io: Io): unknown {
  const policy = policyIn(io.read(file));
  if (policy === undefined) {
    throw new Error(
      `${file}: is not an IAM policy, which is JSON with Statement, no key twice, ` +
        "and no number that is rounded",
    );
  }
  return policy;
}

function resultLines(name: string, result: Result): readonly string[] {
  switch (result.kind) {
    case "nothing-new":
      return [`${name}: allows nothing new`];
    case "not-comparable":
      return [`${name}: is not comparable`, `  because ${result.reason}`];
    case "new-request":
      return [`${name}: allows more`, ...exampleLines(result)];
    case "weaker-deny":
      return [
        `${name}: a Deny covers fewer requests, which other policies can allow`,
        ...exampleLines(result),
      ];
  }
}

function exampleLines({ request, level, isWorst }: Result): readonly string[] {
  const { action = "", resource = "", context = {} } = request ?? {};
  const values = Object.entries(context).map(
    ([key, value]) => `${key} = ${[value].flat().join(", ")}`,
  );
  const given = values.length === 0 ? "" : `, with ${values.join("; ")}`;
  const lines = [`  for example, denied before: ${action} on ${resource}${given}`];
  if (level !== undefined) {
    const rank = isWorst ? ", and nothing of a higher access level is new" : "";
    lines.push(`  access level ${level}${rank}`);
  }
  return lines;
}

/**
 * Lines for a terminal or a log, whatever the policies contain, as JSON writes escape sequences, so
 * that JSON keeps its meaning: no character moves the cursor, starts a line or changes the
 * direction of writing, and GitHub Actions runs nothing. Its workflow commands are `::` at the
 * start of a line, after optional white space, and `##[` anywhere. Source: actions/runner,
 * src/Runner.Common/ActionCommand.cs.
 */
function linesOf(lines: readonly string[]): string {
  const printable = lines.map((line) =>
    line.replaceAll(/[\p{C}\p{Zl}\p{Zp}]|^\s*:(?=:)|(?<=#)#(?=\[)/gu, escaped),
  );
  return `${printable.join("\n")}\n`;
}

function escaped(text: string): string {
  const units = text.split("").map((unit) => unit.charCodeAt(0).toString(16).padStart(4, "0"));
  return units.map((unit) => `\\u${unit}`).join("");
}
