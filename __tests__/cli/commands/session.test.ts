import { PassThrough } from "node:stream";
import { Session } from "../../../src/cli/commands/support/session";

const sessionOf = () => {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  return { session: new Session({ env: {}, versions: { node: "20" }, ...streams }), ...streams };
};

it("the exit code of several deployments is the highest, in whatever order they are reported", () => {
  const codeOf = (...codes: readonly (0 | 1 | 2 | 3)[]) => {
    const { session } = sessionOf();
    for (const code of codes) {
      session.raise(code);
    }
    return session.exitCode;
  };
  expect([codeOf(), codeOf(3, 2, 0), codeOf(0, 2, 0), codeOf(2, 3, 1)]).toEqual([0, 3, 2, 3]);
});

it("no output has a workflow command or controls the terminal, whatever values it contains", () => {
  const { session, stdout, stderr } = sessionOf();
  const hostile = "s3:hostile\n::error::X\u001b[2J ##[add-mask]y\n";
  session.print(hostile);
  session.printJson({ hostile });
  session.printError(hostile);
  session.fail(new Error(hostile));
  for (const stream of [stdout, stderr]) {
    const lines = String(stream.read()).split("\n");
    expect(lines.filter((line) => line.includes("s3:hostile"))).toHaveLength(2);
    expect(lines.filter((line) => /^\s*::|##\[|\p{Cc}/u.test(line))).toEqual([]);
  }
});
