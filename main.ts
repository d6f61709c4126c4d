import { run } from "./src/commands/run";
import { deploymentsFolder, outputFolder } from "./src/settings/folder";
import { loadDeployments } from "./src/settings/load";
import { synthesize } from "./src/synthesis";

run(() => {
  const settings = deploymentsFolder(process.env);
  const output = outputFolder(process.env);
  synthesize(loadDeployments(settings, { outputFolder: output }), output, settings);
});
