import { synthesizeProject } from "dkp-access/app";

// One Terraform stack for each file of deployments/, as `dkp-access synth` writes it. `cdktf` runs this program.
synthesizeProject();
