import { AccessApp, DeckhouseAccessStack, defineDeployments, type SettingsInput } from "dkp-access";

/** The clusters of a company by prefix, with their layouts. */
const CLUSTERS = { staging: "WithoutNAT", production: "WithNAT" } as const;

const settings = ([prefix, layout]: [string, "WithoutNAT" | "WithNAT"]): [
  string,
  SettingsInput,
] => [
  prefix,
  {
    region: "eu-central-1",
    backend: {
      s3: {
        bucket: "example-terraform-state",
        region: "eu-central-1",
        key: `in-code/${prefix}.tfstate`,
      },
    },
    user: { name: `dkp-code-${prefix}` },
    policy: { name: `dkp-code-${prefix}`, mode: "minimal" },
    cluster: { prefix, layout },
  },
];

const app = new AccessApp();
const deployments = defineDeployments(Object.fromEntries(Object.entries(CLUSTERS).map(settings)));
for (const deployment of Object.values(deployments)) {
  new DeckhouseAccessStack(app, deployment);
}
app.synth();
