import { AccessApp, DeckhouseAccessStack, loadDeployments } from "dkp-access";

// One Terraform stack for each file of deployments/, as `dkp-access synth` writes it. `cdktf` runs
// this program. The commands of dkp-access read only the settings: review, plan and diff do not
// show what you add or change here.
const app = new AccessApp();
for (const deployment of loadDeployments(app.settingsFolder)) {
  new DeckhouseAccessStack(app, deployment);
}
app.synth();
