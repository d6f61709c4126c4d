import { parseArgs } from "node:util";
import { compare, type Result } from "./compare";
import { type PlanReport, reportOf } from "./plan";
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
       iam-no-new-access --plan PLAN.json [--format text|json]

Whether one IAM policy allows what another does not, for all requests at once.
Calls neither AWS nor Terraform, and writes nothing.

BEFORE.json AFTER.json  two versions of one identity policy
--plan FILE             a plan, which terraform show -json prints: each policy
                        that it changes, and what changes IAM without one
--format FORMAT         text (default) or json
--version               the version

Exit codes: 0 nothing new is allowed
            1 error
            2 something new is allowed, or it could not be excluded

Examples: iam-no-new-access before.json after.json
          terraform show -json tfplan > plan.json
          iam-no-new-access --plan plan.json --format json
`;

/** A policy with its name, and what its change allows. */
interface Named {
  readonly name: string;
  readonly result: Result | { readonly kind: "unknown" };
}

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
    const report = reportAsked(values.plan, positionals, io);
    const isNew =
      report.unread.length > 0 ||
      report.policies.some(({ result }) => result.kind !== "nothing-new");
    io.out(
      format === "json"
        ? `${JSON.stringify({ isNew, ...report }, null, 2)}\n`
        : textOf(report, isNew),
    );
    return isNew ? 2 : 0;
  } catch (error) {
    io.err(`iam-no-new-access: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

const OPTIONS = {
  plan: { type: "string" },
  format: { type: "string", default: "text" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;

interface Report {
  readonly policies: readonly Named[];
  readonly unread: PlanReport["unread"];
}

function reportAsked(plan: string | undefined, files: readonly string[], io: Io): Report {
  const [before, after, ...more] = files;
  if (plan !== undefined && files.length === 0) {
    const text = io.read(plan);
    const { policies, unread } = ofFile(plan, () => reportOf(jsonIn(text)));
    return {
      policies: policies.map(({ address, attribute, result }) => ({
        name: `${address} (${attribute})`,
        result,
      })),
      unread,
    };
  }
  if (plan !== undefined || before === undefined || after === undefined || more.length > 0) {
    throw new Error(
      "name two policies, BEFORE.json AFTER.json, or --plan PLAN.json; --help shows the usage",
    );
  }
  return {
    policies: [{ name: after, result: compare(policyOf(before, io), policyOf(after, io)) }],
    unread: [],
  };
}

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

function jsonIn(text: string): unknown {
  if (text.startsWith("PK\u0003\u0004")) {
    throw new Error("is a saved plan; give its JSON, which terraform show -json prints");
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, in which secrets may be.
    throw new Error("is no JSON; give the output of terraform show -json");
  }
}

function ofFile<Value>(file: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function textOf({ policies, unread }: Report, isNew: boolean): string {
  const changed = `${policies.length} changed ${policies.length === 1 ? "policy" : "policies"}`;
  const verdict = isNew
    ? "Verdict: new access, or it cannot be excluded (exit code 2)"
    : `Verdict: nothing new is allowed (exit code 0), in ${changed}`;
  const others = unread.map(
    ({ address, reason }) =>
      `${printable(address)}: changes IAM without a policy that can be compared\n  ` +
      printable(reason),
  );
  return `${[verdict, ...policies.map(lineOf), ...others].join("\n")}\n`;
}

function lineOf({ name, result }: Named): string {
  const lines = {
    "nothing-new": "allows nothing new",
    unknown: "its policy is known only after the apply",
  };
  if (result.kind === "nothing-new" || result.kind === "unknown") {
    return `${printable(name)}: ${lines[result.kind]}`;
  }
  if (result.kind === "not-comparable") {
    return `${printable(name)}: is not comparable\n  because ${printable(result.reason ?? "")}`;
  }
  const what =
    result.kind === "new-request"
      ? "allows more"
      : "a Deny covers fewer requests, which other policies can allow";
  return `${printable(name)}: ${what}\n${exampleText(result)}`;
}

function exampleText({ request, level, isWorst }: Result): string {
  const { action = "", resource = "", context = {} } = request ?? {};
  const values = Object.entries(context).map(
    ([key, value]) => `${key} = ${[value].flat().join(", ")}`,
  );
  const rank = isWorst ? ", and nothing of a higher access level is new" : "";
  const kind = level === undefined ? "" : `\n  access level ${level}${rank}`;
  const given = values.length === 0 ? "" : `, with ${values.join("; ")}`;
  return `  for example, denied before: ${printable(`${action} on ${resource}${given}`)}${kind}`;
}

/**
 * Text of a policy or a plan, without characters that move the cursor or change the direction of
 * writing.
 */
function printable(text: string): string {
  return text.replaceAll(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}
