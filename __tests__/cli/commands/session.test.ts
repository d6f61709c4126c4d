import { PassThrough } from "node:stream";
import { Session } from "../../../src/cli/commands/support/session";

it("the exit code of several deployments is the highest, in whatever order they are reported", () => {
  const codeOf = (...codes: readonly (0 | 1 | 2 | 3)[]) => {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const session = new Session({ env: {}, versions: { node: "20" }, ...streams });
    for (const code of codes) {
      session.raise(code);
    }
    return session.exitCode;
  };
  expect([codeOf(), codeOf(3, 2, 0), codeOf(0, 2, 0), codeOf(2, 3, 1)]).toEqual([0, 3, 2, 3]);
});
