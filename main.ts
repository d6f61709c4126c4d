import { AccessApp } from "./src/app";
import { loadDeployments } from "./src/settings/load";
import { DeckhouseAccessStack } from "./src/stack";

const app = new AccessApp();
for (const deployment of loadDeployments(app.settingsFolder)) {
  new DeckhouseAccessStack(app, deployment);
}
app.synth();
