import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { PROJECT } from "../helpers/project-root";

describe("a command whose output nobody takes", () => {
  /** Runs a line of Bash with the program as "$0" and "$@". */
  const shell = async (line: string, command: readonly string[]) => {
    const bash = spawn("bash", ["-c", line, process.execPath, join(PROJECT, "bin/dkp-access"), ...command], { cwd: PROJECT });
    const [stdout, stderr, [status]] = await Promise.all([text(bash.stdout), text(bash.stderr), once(bash, "close")]);
    return { status: status as number | null, stdout, stderr };
  };

  const COMMANDS = [
    ["synth", "--help"],
    ["policy", "deckhouse", "--format", "json"],
    ["preflight", "--permissions"],
  ];
  let ended: readonly Awaited<ReturnType<typeof shell>>[];

  // Each of them waits until the reader has ended.
  beforeAll(async () => {
    const line = '{ sleep 0.2; exec "$0" "$@"; } | true; exit $PIPESTATUS';
    ended = await Promise.all(COMMANDS.map((command) => shell(line, command)));
  });

  it.each(COMMANDS.map((command, index) => [command.join(" "), index] as const))(
    "ends without a message when the reader of %s has gone",
    (_, index) => {
      expect(ended[index]).toEqual({ status: 0, stdout: "", stderr: expect.not.stringMatching(/EPIPE|^ +at /m) });
    },
  );

  it("has the exit code of what it did, also when the reader has gone", async () => {
    const policies = ["review/deckhouse/planner-policy.json", "review/deckhouse/policy.json"];
    const line = '{ sleep 0.2; exec "$0" "$@"; } | true; exit $PIPESTATUS';
    expect(await shell(line, ["diff", "--policies", ...policies])).toMatchObject({ status: 2 });
  });

  it.each([
    ["policy", "deckhouse", "--format", "json"],
    ["preflight", "--permissions"],
    ["review", "--help"],
  ])("says in one line that the disk is full: %s %s", async (...command) => {
    expect(await shell('"$0" "$@" > /dev/full', command)).toEqual({
      status: 1,
      stdout: "",
      stderr: "standard output: no space left on device (ENOSPC)\n",
    });
  });
});
