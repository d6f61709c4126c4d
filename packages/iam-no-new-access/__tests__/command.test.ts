import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../src/command";

const allowedOn = (Resource: string, ...Action: readonly string[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource }] });
const denying = (...actions: readonly string[]) =>
  allowing(...actions).replace('"Allow"', '"Deny"');
const allowing = (...actions: readonly string[]) => allowedOn("*", ...actions);

const FILES: Readonly<Record<string, string>> = {
  "narrow.json": allowing("s3:GetObject"),
  "wide.json": allowing("s3:GetObject", "s3:PutObject"),
  "s3.json": allowedOn("arn:aws:s3:::bucket/*", "s3:*"),
  "all.json": allowedOn("arn:aws:s3:::bucket/*", "*"),
  "no-policy.json": "{}",
  "twice.json": allowing("s3:*").replace('"Action"', '"Action":"*","Action"'),
  "deny-all.json": denying("s3:*"),
  "deny-get.json": denying("s3:GetObject"),
  "variable.json": allowedOn(`arn:aws:s3:::\${aws:username}`, "s3:GetObject"),
  "::debug::x": allowedOn("arn:aws:s3:::a/##[add-mask]e\u202e\n::stop-commands::x", "s3:GetObject"),
};

function read(file: string): string {
  const text = FILES[file];
  if (text === undefined) {
    throw new Error(`${file}: cannot be read (ENOENT); check the path`);
  }
  return text;
}

function output(...args: readonly string[]): {
  readonly code: number;
  readonly out: string;
  readonly err: string;
} {
  const printed = { out: "", err: "" };
  const print = (stream: "out" | "err") => (text: string) => {
    printed[stream] += text;
  };
  const code = run(args, "1.2.3", { read, out: print("out"), err: print("err") });
  return { code, ...printed };
}

it("shows what is allowed that was not, with exit code 2", () => {
  expect(output("narrow.json", "wide.json")).toEqual({
    code: 2,
    out: `Verdict: new access, or it cannot be excluded (exit code 2)
wide.json: allows more
  for example, denied before: s3:PutObject on arn:aws:s3:::example/example
  access level Write, and nothing of a higher access level is new
`,
    err: "",
  });
});

it("has an example where the actions of every service become allowed", () => {
  expect(output("s3.json", "all.json")).toEqual({
    code: 2,
    out: expect.stringMatching(
      /^all\.json: allows more\n {2}for example, denied before: \S+ on arn:/m,
    ),
    err: "",
  });
});

it("has exit code 0 where nothing is new", () => {
  expect(output("wide.json", "narrow.json")).toEqual({
    code: 0,
    out: "Verdict: nothing new is allowed (exit code 0)\nnarrow.json: allows nothing new\n",
    err: "",
  });
});

it("prints the same as JSON", () => {
  const { code, out } = output("narrow.json", "wide.json", "--format", "json");
  expect([code, JSON.parse(out)]).toEqual([
    2,
    {
      isNew: true,
      kind: "new-request",
      request: { action: "s3:PutObject", resource: "arn:aws:s3:::example/example", context: {} },
      level: "Write",
      isWorst: true,
    },
  ]);
});

it.each<[what: string, before: string, after: string, lines: string]>([
  [
    "a Deny that covers fewer requests",
    "deny-all.json",
    "deny-get.json",
    "deny-get.json: a Deny covers fewer requests, which other policies can allow\n  for example, denied before: s3:",
  ],
  [
    "what is not comparable",
    "s3.json",
    "variable.json",
    "variable.json: is not comparable\n  because statement 1 after the change ",
  ],
])("names %s", (_, before, after, lines) => {
  expect(output(before, after)).toMatchObject({ code: 2, out: expect.stringContaining(lines) });
});

it.each(["text", "json"])("prints no workflow command of GitHub Actions as %s", (format) => {
  const { code, out } = output("s3.json", "::debug::x", "--format", format);
  expect([code, out]).toEqual([
    2,
    expect.stringContaining("arn:aws:s3:::a/#\\u0023[add-mask]e\\u202e"),
  ]);
  expect(out).not.toMatch(/^\s*::|##\[/m);
});

it("names a file whose name is a workflow command", () => {
  expect(output("narrow.json", " ::debug::##[a]").err).toBe(
    "iam-no-new-access:  ::debug::#\\u0023[a]: cannot be read (ENOENT); check the path\n",
  );
});

it.each<[args: string, message: string]>([
  ["", "name two policies, BEFORE.json AFTER.json; --help shows the usage"],
  ["wide.json", "name two policies, BEFORE.json AFTER.json; --help shows the usage"],
  ["a b c", "name two policies, BEFORE.json AFTER.json; --help shows the usage"],
  ["wide.json none.json", "none.json: cannot be read (ENOENT); check the path"],
  [
    "no-policy.json wide.json",
    "no-policy.json: is not an IAM policy, which is JSON with Statement, no key twice, and no number that is rounded",
  ],
  [
    "twice.json wide.json",
    "twice.json: is not an IAM policy, which is JSON with Statement, no key twice, and no number that is rounded",
  ],
  ["narrow.json wide.json --format xml", '--format: "xml" is no format; use text or json'],
])("has exit code 1 and says why: %s", (args, message) => {
  expect(output(...args.split(" ").filter((arg) => arg !== ""))).toEqual({
    code: 1,
    out: "",
    err: `iam-no-new-access: ${message}\n`,
  });
});

it("prints its help and its version", () => {
  expect(output("--help")).toMatchObject({
    code: 0,
    out: expect.stringContaining("Exit codes: 0 nothing new is allowed\n"),
  });
  expect(output("--version")).toEqual({ code: 0, out: "1.2.3\n", err: "" });
});

it("README.md has the first command within ten lines", () => {
  const lines = readFileSync(join(__dirname, "../README.md"), "utf8").split("\n");
  expect(
    lines.slice(0, 10).some((line) => line.includes("iam-no-new-access before.json after.json")),
  ).toBe(true);
});
