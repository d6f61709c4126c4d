import { run } from "./src/commands/run-command";
import { loadDeployments } from "./src/settings/load";
import { deploymentsFolder, outputFolder } from "./src/settings/paths";
import { synthesize } from "./src/synthesis";

run(() => {
  const settings = deploymentsFolder(process.env);
  const output = outputFolder(process.env);
  synthesize(loadDeployments(settings, { outputFolder: output }), output, settings);
});
