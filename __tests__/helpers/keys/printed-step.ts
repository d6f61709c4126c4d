// What a person reads of `dkp-access keys` and `keys --leaked`, and nothing else.

/** What a person does to the letter. */
export type PrintedAction =
  | { readonly do: "apply" | "hand-over" | "create-key" | "push-state" | "move-errored-state" }
  | { readonly do: "restore" }
  | { readonly do: "respond"; readonly key: string }
  | { readonly do: "rename"; readonly setting: string }
  | { readonly do: "untaint"; readonly address: string }
  | { readonly do: "import"; readonly address: string; readonly arn: string }
  | { readonly do: "activate" | "deactivate" | "delete"; readonly key: string; readonly user: string }
  | { readonly do: "wait"; readonly minutes: number };

export interface PrintedStep {
  readonly why: string;
  /** Why nothing is advised, with the section of recover.md. */
  readonly stop?: string | undefined;
  readonly edits: { readonly setting: string; readonly value: string | boolean | undefined }[];
  readonly actions: PrintedAction[];
  /** What is done instead, under a condition that only a person can check; the first one that applies. */
  readonly instead: { readonly condition: Condition; readonly step: PrintedStep }[];
}

/** What only a person knows. */
export type Condition =
  /** An older version of the state has these IDs of keys, and `the user deckhouse`. */
  | { readonly version: readonly string[] }
  | { readonly ofAnother: { readonly kind: string; readonly name: string } }
  | { readonly leaked: string }
  /** The key that DKP has; undefined: none of the others that are named. */
  | { readonly dkp: string | undefined };

/** A report of `keys`. */
export interface PrintedReport {
  /** The lines that report something, except notes. */
  readonly findings: readonly string[];
  readonly next: PrintedStep;
  /** Whether the text asks for the command again. */
  readonly isDone: boolean;
  /** Keys of which the text asks whether anybody in the team created them. */
  readonly suspects: readonly string[];
}

/** The response to a leak. */
export interface PrintedLeak {
  readonly contain: PrintedStep;
  readonly after: PrintedStep;
  readonly suspects: readonly string[];
}

const suspectsIn = (text: string) =>
  [...text.matchAll(/if nobody created (AKIA\w+) for a deployment/g)].map(([, key = ""]) => key);

const OF_ANOTHER = /(the \w+ \S+ belongs to another deployment), .*\n.*\n {2}-> choose another ([\w.]+)/g;

export function printedReport(text: string): PrintedReport {
  const lines = text.trimEnd().split("\n");
  const at = lines.findIndex((line) => line.startsWith("next: "));
  const isLast = !/^ {2}then npx dkp-access keys \S+$/.test(lines.at(-1) ?? "");
  const [next = "", ...rest] = lines.slice(at, isLast ? undefined : -1);
  const isDone = isLast && !next.startsWith("next: stop: ");
  const findings = lines.slice(0, at).filter((line) => /^(?:attention|unverifiable|breaking): /.test(line));
  const step = printedStep([next.slice("next: ".length), ...rest]);
  for (const [, condition = "", setting = ""] of step.stop === undefined ? [] : text.matchAll(OF_ANOTHER)) {
    const renaming = { ...printedStep([condition]), actions: [{ do: "rename", setting } as const] };
    step.instead.push({ condition: understood(condition, CONDITIONS), step: renaming });
  }
  return { findings, next: step, isDone, suspects: suspectsIn(text) };
}

export function printedLeak(text: string): PrintedLeak {
  const [head = "", ...sections] = text.split(/^\d\. /m);
  const lines = (number: number) => (sections[number - 1] ?? "").trimEnd().split("\n");
  const commands = [...lines(1), ...lines(3)].filter((line) => line.startsWith("    ")).map((line) => `  then ${line.trim()}`);
  const edits = lines(3)
    .filter((line) => /^ {3}\S+\.yaml: /.test(line))
    .map((line) => line.slice(1));
  const [title = "", ...after] = lines(4);
  const why = title.replace(/^.*?: /, "");
  const step = after.filter((line) => !line.includes("until there is nothing left")).map((line) => line.slice(1));
  return {
    contain: printedStep(["contain", ...edits, ...commands]),
    after: printedStep([why, ...step]),
    suspects: suspectsIn(head),
  };
}

/** @param lines why, and what to do, indented by two spaces */
function printedStep([why = "", ...lines]: readonly string[]): PrintedStep {
  const [, stop] = /^stop: (.*)$/.exec(why) ?? [];
  const step: PrintedStep = { why, stop, edits: [], actions: [], instead: [] };
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? "").slice(2);
    const nested: string[] = [];
    while (lines[at + 1]?.startsWith("    ") === true) {
      nested.push((lines[++at] ?? "").slice(2));
    }
    understood(line, ROWS, step, nested);
  }
  return step;
}

/** How a text is read. */
type Rows<T, Rest extends readonly unknown[] = []> = readonly (readonly [
  pattern: RegExp,
  read: (parts: readonly string[], ...rest: Rest) => T,
])[];

const ROWS: Rows<unknown, [step: PrintedStep, nested: readonly string[]]> = [
  [
    /^if (.*?): (.*)$/,
    ([condition = "", first = ""], step, nested) => {
      const isAction = / instead(?: \(\S+\))?$/.test(first);
      const printed = isAction ? [condition, `  then ${first}`] : [first, ...nested];
      step.instead.push({ condition: understood(condition, CONDITIONS), step: printedStep(printed) });
    },
  ],
  [/^\S+\.yaml: remove (\S+)$/, ([setting = ""], step) => step.edits.push({ setting, value: undefined })],
  [
    /^\S+\.yaml: ([\w.]+): (\S+)$/,
    ([setting = "", value = ""], step) =>
      step.edits.push({ setting, value: /^(?:true|false)$/.test(value) ? value === "true" : value }),
  ],
  [/^then npx dkp-access review \S+, and commit$/, () => undefined],
  [/^then (.*)$/, ([command = ""], step) => step.actions.push(understood(command, COMMANDS))],
];

const COMMANDS: Rows<PrintedAction> = [
  [/^npx dkp-access apply \S+; if its plan names a breaking change, apply nothing, and run keys again$/, () => ({ do: "apply" })],
  [/^unless DKP has the exposed key: npx dkp-access hand-over /, () => ({ do: "hand-over" })],
  [/^wait (\d+) hours$/, ([hours]) => ({ do: "wait", minutes: Number(hours) * 60 + 1 })],
  [/^wait (\d+) minutes$/, ([minutes]) => ({ do: "wait", minutes: Number(minutes) + 1 })],
  [/^set another ([\w.]+) in \S+ instead$/, ([setting = ""]) => ({ do: "rename", setting })],
  [/^restore the newest such version instead/, () => ({ do: "restore" })],
  [/^follow npx dkp-access keys --leaked \S+ --key (AKIA\w+) instead$/, ([key = ""]) => ({ do: "respond", key })],
  [/ state push errored\.tfstate && rm /, () => ({ do: "push-state" })],
  [/^mv -i \S*errored\.tfstate /, () => ({ do: "move-errored-state" })],
  [/ untaint (\S+)$/, ([address = ""]) => ({ do: "untaint", address })],
  [/ import (\S+) (\S+)$/, ([address = "", arn = ""]) => ({ do: "import", address, arn })],
  [
    /^aws iam update-access-key .*--user-name=(\S+) --access-key-id=(\S+) --status=(Active|Inactive)$/,
    ([user = "", key = "", status]) => ({ do: status === "Active" ? "activate" : "deactivate", key, user }),
  ],
  [
    /^aws iam delete-access-key .*--user-name=(\S+) --access-key-id=(\S+)$/,
    ([user = "", key = ""]) => ({ do: "delete", key, user }),
  ],
  [/^aws iam create-access-key .* && d8 system edit /, () => ({ do: "create-key" })],
];

const CONDITIONS: Rows<Condition> = [
  [/^a version of the state other than the present one has (.*)$/, ([parts = ""]) => ({ version: parts.split(" and ") })],
  [/^the (\w+) (\S+) belongs to another deployment$/, ([kind = "", name = ""]) => ({ ofAnother: { kind, name } })],
  [/^(AKIA\w+) leaked$/, ([leaked = ""]) => ({ leaked })],
  [/^DKP has (AKIA\w+)$/, ([dkp]) => ({ dkp })],
  [/^DKP has (?:neither|another one, or none)$/, () => ({ dkp: undefined })],
];

function understood<T, Rest extends readonly unknown[]>(text: string, rows: Rows<T, Rest>, ...rest: Rest): T {
  const row = rows.find(([pattern]) => pattern.test(text));
  if (row === undefined) {
    throw new Error(`a person does not understand: ${text}`);
  }
  const [pattern, read] = row;
  return read(pattern.exec(text)?.slice(1) as string[], ...rest);
}
