import { EXIT } from "./src/commands/exit-codes";
import { run } from "./src/commands/support/run-command";
import { Session } from "./src/commands/support/session";
import { loadDeployments } from "./src/settings/load";
import { synthesize } from "./src/synthesis";

run((host) => {
  const { settings, output } = new Session(host);
  synthesize(loadDeployments(settings, { outputFolder: output }), output, settings);
  return EXIT.success;
});
