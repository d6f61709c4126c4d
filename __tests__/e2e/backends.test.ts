import { LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import { DKP_ACCESS, PATH_STYLE, runIn, terraformEnvironment } from "./support/terraform";

const DESTINATIONS = [
  [
    "azurerm",
    "{ storage_account_name: acc, container_name: state, key: a.tfstate, use_cli: false, use_azuread_auth: true }",
  ],
  ["consul", "{ address: '127.0.0.1:1', path: deckhouse, scheme: http, lock: true, gzip: false }"],
  ["cos", "{ bucket: state-1250000000, region: eu-frankfurt, prefix: dkp, encrypt: true }"],
  ["gcs", "{ bucket: state, prefix: dkp/deckhouse }"],
  ["http", "{ address: 'http://127.0.0.1:1/state', lock_method: POST, retry_max: 0 }"],
  [
    "kubernetes",
    "{ secret_suffix: deckhouse, host: 'http://127.0.0.1:1', namespace: infra, labels: { a: b } }",
  ],
  ["local", "{}"],
  ["oss", "{ bucket: state, region: eu-central-1, prefix: dkp, tablestore_table: locks }"],
  ["pg", "{ schema_name: dkp }"],
  ["remote", "{ hostname: localhost, organization: org, workspaces: { name: deckhouse } }"],
  [
    "s3",
    "{ bucket: state, region: eu-central-1, assume_role: { role_arn: 'arn:aws:iam::123456789012:role/state', tags: { a: b } } }",
  ],
  ["cloud", "{ hostname: localhost, organization: org, workspaces: { name: deckhouse } }"],
];

const REFUSED =
  /Invalid command-line option|Unsupported argument|Extraneous JSON|Incorrect JSON|Invalid backend configuration argument|Missing required argument|Inappropriate value/;

describe("terraform init, as plan runs it, accepts the generated arguments", () => {
  let aws: LocalAws;

  beforeAll(async () => {
    aws = await LocalAws.start();
  });

  it.each(DESTINATIONS)("of %s", (type, args) => {
    const settings = type === "cloud" ? `cloud: ${args}` : `backend: { ${type}: ${args} }`;
    const deployments = Deployments.of(`region: eu-central-1\n${settings}\n`);
    const { output } = runIn(
      deployments.path,
      terraformEnvironment(aws),
      ...DKP_ACCESS,
      ...["plan", "deckhouse"],
    );
    expect(output).toContain(
      type === "cloud" ? "Initializing HCP Terraform" : "Initializing the backend",
    );
    expect(output).not.toMatch(REFUSED);
  });

  it("and rejects an unknown argument", () => {
    const deployments = Deployments.of("region: eu-central-1\nbackend: { local: {} }\n");
    const terraform = deployments.terraform(aws);
    expect(terraform.attempt("init", "-backend-config=regin=x").output).toMatch(REFUSED);
  });

  it("of a partial configuration, with the rest on the command line", async () => {
    await aws.createBucket("state");
    const deployments = Deployments.of(
      "region: eu-central-1\nbackend: { s3: {}, partial: true }\n",
    );
    const terraform = deployments.terraform(aws);
    terraform.init(
      "-backend-config=bucket=state",
      "-backend-config=region=eu-central-1",
      PATH_STYLE,
    );
    terraform.apply();
    expect(await aws.objects("state")).toEqual(["deckhouse/terraform.tfstate"]);
  });
});
