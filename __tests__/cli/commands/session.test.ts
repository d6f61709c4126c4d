import { Session } from "../../../src/cli/commands/support/session";
import { EXIT } from "../../../src/cli/findings/finding";

const { success, error, attention, breaking } = EXIT;

it.each([
  ["an error beside what requires attention", [attention, error], error],
  ["what requires attention beside an error", [error, attention], error],
  ["an unknown result beside an error", [error, breaking], breaking],
  ["nothing", [success], success],
])("the exit code of a command is that of the weightiest result: %s", (_, codes, expected) => {
  const session = new Session({} as never);
  for (const code of codes) {
    session.raise(code);
  }
  expect(session.exitCode).toBe(expected);
});
