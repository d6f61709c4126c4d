import { App } from "cdktf";
import { run } from "./src/commands/run-command";
import { loadDeployments } from "./src/settings/load";
import { deploymentsFolder, outputFolder } from "./src/settings/paths";
import { DeckhouseAccessStack, finishStackFolders } from "./src/stack";

run(() => {
  // Before the App, which writes as soon as it exists.
  const deployments = loadDeployments(deploymentsFolder(process.env), { outputFolder: outputFolder(process.env) });
  const app = new App({ stackTraces: false });
  for (const deployment of deployments) {
    new DeckhouseAccessStack(app, deployment);
  }
  app.synth();
  finishStackFolders(app, deployments);
});
