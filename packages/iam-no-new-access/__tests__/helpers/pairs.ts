import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Answer, Side } from "../../src/model";

type Json = Readonly<Record<string, unknown>>;

/** Two sides with the expected answer. */
export interface Pair {
  readonly title: string;
  readonly after: Side;
  readonly before: Side;
  /** The kind of the answer, and what else is known of it. */
  readonly answer: {
    readonly kind: Answer["kind"];
    readonly request?: unknown;
    readonly reason?: string;
  };
}

const KEYS: Readonly<Record<string, string>> = {
  REGION: "aws:RequestedRegion",
  TAGS: "aws:TagKeys",
  IP: "aws:SourceIp",
  TIME: "aws:CurrentTime",
  NUMBER: "test:Number",
};

/** A row is `title | after | before | answer`; `pairs.txt` describes the notation. */
export function pairOf(row: string): Pair {
  const [title = "", after = "", before = "", answer = ""] = row.split(" | ");
  return { title, after: sideOf(after), before: sideOf(before), answer: answerOf(answer) };
}

/** The pairs of `pairs.txt`. */
export function listedPairs(): readonly Pair[] {
  const rows = readFileSync(join(__dirname, "pairs.txt"), "utf8").split("\n");
  return rows.filter((row) => row.includes(" | ") && !row.startsWith("#")).map(pairOf);
}

export function sideOf(text: string): Side {
  const parts = text === "-" ? [] : text.split(" & ");
  const [boundary] = parts
    .filter((part) => part.startsWith("boundary "))
    .map((part) => documentOf(part.slice(9)));
  const levels = parts
    .filter((part) => part.startsWith("scp "))
    .map((part) => part.slice(4).split(" + ").map(documentOf));
  return {
    identity: parts.filter((part) => !/^(?:boundary|scp) /.test(part)).map(documentOf),
    ...(boundary !== undefined && { boundary }),
    ...(levels.length > 0 && { controlPolicies: levels }),
  };
}

function documentOf(text: string): Json {
  const isOlder = text.startsWith("2008 ");
  const statements = (isOlder ? text.slice(5) : text).split("; ").map(statementOf);
  return { Version: isOlder ? "2008-10-17" : "2012-10-17", Statement: statements };
}

function statementOf(text: string): Json {
  const lists: string[][] = [[]];
  for (const word of text.split(" ")) {
    if (word === "on" || word === "if") {
      lists.push([]);
    }
    lists.at(-1)?.push(word);
  }
  const [actions = [], ...others] = lists;
  const named = actions.filter((word) => word !== "allow" && word !== "deny");
  const conditions: Record<string, Json> = {};
  for (const [, operator = "", key = "", ...values] of others.filter(([word]) => word === "if")) {
    conditions[operator] = {
      ...conditions[operator],
      [KEYS[key] ?? key]: values.map((value) => value.replaceAll("·", " ")),
    };
  }
  const [resources = ["*"]] = others.filter(([word]) => word === "on").map(([, ...words]) => words);
  return {
    Effect: actions[0] === "deny" ? "Deny" : "Allow",
    ...elementOf("Action", named.length === 0 ? ["ec2:RunInstances"] : named),
    ...elementOf("Resource", resources.map(resourceOf)),
    ...(Object.keys(conditions).length > 0 && { Condition: conditions }),
  };
}

function elementOf(name: string, words: readonly string[]): Json {
  const isNegated = words[0]?.startsWith("!") === true;
  const values = words.filter((word) => word !== "[]").map((word) => word.replace(/^!/, ""));
  return { [isNegated ? `Not${name}` : name]: values };
}

function resourceOf(word: string): string {
  return word.replace(/^(!?)@/, "$1arn:aws:s3:::").replaceAll("·", " ");
}

function answerOf(text: string): Pair["answer"] {
  const [kind = "", ...words] = text.split(" ");
  if (kind === "nothing") {
    return { kind: "nothing-new" };
  }
  if (kind === "open") {
    return words.length === 0
      ? { kind: "not-comparable" }
      : { kind: "not-comparable", reason: words.join(" ") };
  }
  const [action = ""] =
    words.length > 0 && /^[\w-]+:[\w-]+$/.test(words[0] ?? "")
      ? words.splice(0, 1)
      : ["ec2:runinstances"];
  const [resource, ...context] = words;
  const entries = context.map((word) => {
    const [key = "", value = ""] = word.split("=");
    return [
      KEYS[key] ?? key,
      value.startsWith("[") ? value.slice(1, -1).split(",") : value,
    ] as const;
  });
  const request = {
    action,
    resource: resourceOf(resource ?? ""),
    context: Object.fromEntries(entries),
  };
  return { kind: "new-request", ...(resource !== undefined && { request }) };
}
