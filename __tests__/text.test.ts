import { execFileSync, spawnSync } from "node:child_process";
import { statSync, symlinkSync } from "node:fs";
import { relative } from "node:path";
import { awsCommand, quote, shellWord } from "../packages/cli/src/text/advice";
import { fillTemplate } from "../packages/cli/src/text/template";
import { fileErrorMessage, readTextFile, writeFileAtomically } from "../src/text/files";
import { ascii, printable, visible, visibleLines } from "../src/text/printable";
import { bundled } from "./helpers/bundled";
import { folderForEach } from "./helpers/folder";
import { anchorOf } from "./helpers/links";
import { PROJECT, projectFile, trackedFiles } from "./helpers/project-root";

const { at, names, read: readIn, write } = folderForEach();

describe("writeFileAtomically", () => {
  it("writes a new file and replaces an old one, with the mode that is asked for and leaves no other file", () => {
    writeFileAtomically(at("file"), "old");
    writeFileAtomically(at("file"), "new", { mode: 0o600 });
    expect(readIn("file")).toBe("new");
    expect(statSync(at("file")).mode & 0o777).toBe(0o600);
    expect(names()).toEqual(["file"]);
  });

  it("replaces a symbolic link, not the file that it points to", () => {
    write({ target: "untouched" });
    symlinkSync("target", at("file"));
    writeFileAtomically(at("file"), "new");
    expect(readIn("file")).toBe("new");
    expect(readIn("target")).toBe("untouched");
  });

  it("names the path and the remedy in one line, and leaves no temporary file, when a folder is in the way", () => {
    write({ "file/": "" });
    expect(() => writeFileAtomically(at("file"), "x")).toThrow(
      `${at("file")}: illegal operation on a directory (EISDIR)`,
    );
    expect(names()).toEqual(["file"]);
    write({ plain: "" });
    for (const [name, error] of [
      ["no/file", "no such file or directory (ENOENT)"],
      ["plain/file", "not a directory (ENOTDIR)"],
    ] as const) {
      expect(() => writeFileAtomically(at(name), "x")).toThrow(`${at(name)}: ${error}`);
    }
  });

  it("keeps the old file, and no part of the new one, when the disk is full", () => {
    write({ file: "old" });
    // A limit on the size of files stands in for the full disk: the kernel interrupts the write at
    // the same point.
    const program = bundled(`
      import { writeFileAtomically } from "./src/text/files";
      writeFileAtomically("${at("file")}", "x".repeat(100000));`);
    const { status, stderr } = spawnSync(
      "sh",
      ["-c", `trap '' XFSZ; ulimit -f 8; exec "$0" -`, process.execPath],
      {
        encoding: "utf8",
        input: program,
      },
    );
    expect(status).toBe(1);
    expect(stderr).toContain(`Error: ${at("file")}: file too large (EFBIG)`);
    expect(readIn("file")).toBe("old");
    expect(names()).toEqual(["file"]);
  });

  it("removes what a killed process left in the folder, and nothing of one that runs", () => {
    const dead = spawnSync(process.execPath, ["--version"]).pid;
    const [running, left] = [process.pid, dead].map((id) => `.other.0123456789ab.${id}.tmp`) as [
      string,
      string,
    ];
    write({ [running]: "", [left]: "", ".other.tmp": "" });
    writeFileAtomically(at("file"), "new");
    expect(names()).toEqual([running, ".other.tmp", "file"].sort());
  });

  it("keeps what a killed process of another user left in the folder", () => {
    const dead = spawnSync(process.execPath, ["--version"]).pid;
    const left = `.other.0123456789ab.${dead}.tmp`;
    write({ [left]: "" });
    // Only root can give a file to another user.
    const user = jest
      .spyOn(process as Required<NodeJS.Process>, "getuid")
      .mockReturnValue(statSync(at(left)).uid + 1);
    writeFileAtomically(at("file"), "new");
    user.mockRestore();
    expect(names()).toEqual([left, "file"].sort());
  });
});

describe("a signal", () => {
  const run = (program: string) =>
    spawnSync(process.execPath, ["-"], {
      input: bundled(`
        import { writeFileSync } from "node:fs";
        import { run } from "./packages/cli/src/commands/support/session";
        import { atSignal } from "./packages/cli/src/process/signals";
        const raise = () => process.kill(process.pid, "SIGTERM");
        const write = (name, text) => writeFileSync("${at()}/" + name, text);
        ${program}`),
    }).signal;

  it("ends the process in the middle of a computation", () => {
    expect(
      run(
        `run(async () => { await atSignal(() => undefined, async () => 0); raise(); write("file", ""); });`,
      ),
    ).toBe("SIGTERM");
    expect(names()).toEqual([]);
  });

  it("ends what work waits for, the latest first, and the work does not continue", () => {
    const work = `
      let order = "";
      const waiting = (name, work) => atSignal(async () => { order += name; write(name, order); }, work);
      run(() => waiting("a", () => waiting("b", async () => {
        setTimeout(raise);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      })).finally(() => write("continued", "")));`;
    expect(run(work)).toBe("SIGTERM");
    expect(names().map(readIn)).toEqual(["ba", "b"]);
  });

  it("that ends the work first waits for what cleans, and the work does not continue", () => {
    const work = `
      const cleaned = () => new Promise((resolve) => setTimeout(resolve, 100));
      run(() => atSignal(cleaned, () => new Promise((resolve) => {
        process.once("SIGTERM", resolve);
        setTimeout(raise);
        setTimeout(resolve, 1000);
      })).finally(() => write("continued", "")));`;
    expect(run(work)).toBe("SIGTERM");
    expect(names()).toEqual([]);
  });

  it("that ends Terraform before it reaches this process ends the process too", () => {
    write({ terraform: "#!/bin/sh\nkill -TERM $$\n" });
    const work = `
      import { ChildProcess } from "node:child_process";
      import { pullState, terraformCli } from "./packages/cli/src/terraform/terraform-cli";
      ChildProcess.prototype.emit = new Proxy(ChildProcess.prototype.emit, {
        apply(emit, child, [event, ...values]) {
          if (event === "close") setTimeout(raise, 10);
          return emit.call(child, event, ...values);
        },
      });
      const cli = terraformCli({ TERRAFORM_BINARY_NAME: "${at("terraform")}" }, () => undefined);
      run(() => pullState(cli, "${at()}").finally(() => write("continued", "")));`;
    expect(run(work)).toBe("SIGTERM");
    expect(names()).toEqual(["terraform"]);
  });
});

it("readTextFile names a folder, which Node.js does not", () => {
  expect(() => readTextFile(at())).toThrow(`${at()}: illegal operation on a directory (EISDIR)`);
});

it.each([
  [{ errno: -13, path: "f" }, "f: permission denied (EACCES)"],
  [{ errno: -28, path: "f" }, "f: no space left on device (ENOSPC)"],
  [{ errno: -2, path: "a", dest: "b" }, "b: no such file or directory (ENOENT); check the path"],
  [{ errno: -2, path: "terraform", syscall: "spawn terraform" }, undefined],
  [{ code: "ERR_INVALID_ARG_TYPE", path: "f" }, undefined],
  [{ message: "not of the file system" }, undefined],
])("fileErrorMessage of %j is %j", (error, message) => {
  expect(fileErrorMessage(error)).toBe(message);
});

// cspell:ignore Größe
describe("a printed string", () => {
  it.each([
    ["a line feed", "a\nb", "a\\nb"],
    ["an escape sequence of a terminal", "\u001b[2J\u009b2J", "\\u001b[2J\\u009b2J"],
    ["bidirectional characters", "a\u202eb\u2066", "a\\u202eb\\u2066"],
    ["separators of lines and paragraphs", "a\u2028b\u2029", "a\\u2028b\\u2029"],
    ["letters without a glyph", "team\u3164\u200b\u{e0001}", "team\\u3164\\u200b\\udb40\\udc01"],
    ["half a surrogate pair", "\ud800", "\\ud800"],
    ["other alphabets and emoji unchanged", "Größe 大小 😀", "Größe 大小 😀"],
  ])("displays %s", (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it("keeps the line feeds of several lines, and the meaning of JSON", () => {
    const value = { "a\u202e": ["\u009b", "\u{e0001}", "\n\\u0041"] };
    const json = visibleLines(JSON.stringify(value, null, 2));
    expect(json.split("\n")).toHaveLength(7);
    expect(json).not.toMatch(/[\u009b\u202e\u{e0001}]/u);
    expect(JSON.parse(json)).toEqual(value);
  });

  it("contains no workflow command of GitHub Actions", () => {
    expect(printable("a: b::c\n::add-mask::exit\n \t::error::X\n\r::x\na ##[warning]y\n")).toBe(
      "a: b::c\n\\u003a:add-mask::exit\n \\u0009::error::X\n\\u000d::x\na #\\u0023[warning]y\n",
    );
    expect(printable("  ::error::X")).toBe("  \\u003a:error::X");
  });
});

const symptoms = projectFile("docs/how-to/recover.md")
  .split(/^## /m)
  .filter((section) => /^.+\n\n> /.test(section))
  .map((section) => ({ anchor: anchorOf(section.split("\n")[0] ?? ""), section }));

describe("docs/how-to/recover.md", () => {
  it("has a section for each symptom, with at most five commands", () => {
    expect(symptoms.length).toBeGreaterThan(10);
    const commands = (section: string) =>
      /```shell\n([\s\S]*?)```/.exec(section)?.[1]?.match(/^(?!#).+/gm) ?? [];
    expect(symptoms.filter(({ section }) => commands(section).length > 5)).toEqual([]);
  });

  it.each(symptoms.map(({ anchor }) => anchor))(
    "has an end-to-end test of its section %s",
    (anchor) => {
      const tests = trackedFiles("__tests__/e2e").filter((path) => path.endsWith(".test.ts"));
      const claims = tests.filter((path) =>
        new RegExp(`recover\\.md#${anchor}\\b(?!-)`).test(projectFile(path)),
      );
      expect(claims).not.toEqual([]);
    },
  );
});

const sh = (script: string) => execFileSync("sh", ["-c", script], { encoding: "utf8" });

const NASTY = ["~", "it's", "'", "$HOME `id` $(id)", "a\\", 'say "x"', "-n", "two\nlines", "ü", ""];

describe("a string in a shell script", () => {
  it.each(NASTY)("is one argument with the same characters: %j", (text) => {
    expect(sh(`printf '[%s]' ${quote(text)} ${shellWord(text)}`)).toBe(`[${text}][${text}]`);
    expect(
      sh(awsCommand("iam", "get-user", { "user-name": text }).replace(/^aws/, "printf '[%s]'")),
    ).toBe(`[iam][get-user][--user-name=${text}]`);
  });

  it("becomes JSON in ASCII", () => {
    expect(ascii(JSON.stringify({ Value: "ü\u{1f600}" }))).toBe(
      '{"Value":"\\u00fc\\ud83d\\ude00"}',
    );
    expect(JSON.parse(ascii(JSON.stringify(NASTY)))).toEqual(NASTY);
  });
});

describe("fillTemplate", () => {
  const fill = (template: string, data: object) => {
    write({ template });
    return fillTemplate(relative(PROJECT, at("template")), data);
  };

  it.each([
    ["a value as prose", "{{ a }}\n", "\\<b\\>\\|\\`\n"],
    ["an address that GitHub would link", "{{ b }}\n", "www\\.b\n"],
    [
      "a value that another filter changed as prose",
      '{{ a | append: "*" }}\n',
      "\\<b\\>\\|\\`\\*\n",
    ],
    ["code once", "{{ a | code }}\n", "`` <b>|` ``\n"],
    [
      "the separator of cells in a row, also of code",
      "| {{ a }} | {{ a | code }} |\n",
      "| \\<b\\>\\|\\` | `` <b>\\|` `` |\n",
    ],
    ["the separator of cells behind backslashes", "| {{ c | code }} |\n", "| `\\\\\\|` |\n"],
    ["an argument of a shell command", "{{ a | shell }}\n", "'<b>|`'\n"],
  ])("escapes %s", (_, template, text) => {
    expect(fill(template, { a: "<b>|`", b: "www.b", c: "\\\\|" })).toBe(text);
  });

  it("removes lines of tags alone, and continues a line with an indented tag", () => {
    const template =
      "a\n<!-- if yes -->\n# <!-- if no -->\nb\n# <!-- endif -->\n<!-- endif -->\n| c |\n  <!-- if yes --> d<!-- endif --> |\n";
    expect(fill(template, { yes: true, no: false })).toBe("a\n| c | d |\n");
  });

  it("writes an empty cell with one space", () => {
    expect(fill("| {{ name | code }} |\n", { name: "" })).toBe("| |\n");
  });

  it("interprets no placeholder, tag or replacement pattern in a value", () => {
    const value = "{{ other }} $& $1\n<!-- if other -->\nx\n\n\ny";
    expect(fill('{{ value | fenced: "text" }}\n', { value, other: "o" })).toBe(
      `\`\`\`text\n${value}\n\`\`\`\n`,
    );
  });

  it.each([
    ["an unknown value", "{{ missing }}", "undefined variable: missing"],
    [
      "an unknown value in a list",
      "<!-- for one in missing --><!-- endfor -->",
      "undefined variable: missing",
    ],
    ["an unknown filter", "{{ a | missing }}", "undefined filter: missing"],
  ])("rejects %s", (_, template, message) => {
    expect(() => fill(template, { a: "" })).toThrow(message);
  });
});
