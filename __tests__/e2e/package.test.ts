import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deadLinks } from "../helpers/links";
import { PROJECT } from "../helpers/project-root";
import { Consumer } from "./support/consumer";
import { type Credentials, LocalAws } from "./support/local-aws";
import { Deployments, folder, write } from "./support/project";
import {
  ended,
  jsonOf,
  PATH_STYLE,
  runIn,
  Terraform,
  terraformEnvironment,
} from "./support/terraform";

const BUCKET = "example-terraform-state";
const SETTINGS = `region: eu-central-1\nbackend: { s3: { bucket: ${BUCKET}, region: eu-central-1 } }\n`;
const S3_ON_LOCAL_AWS = PATH_STYLE;

/** Generated bindings require the version from which they were generated. */
const PROVIDER = {
  terraform: { required_providers: { aws: { source: "hashicorp/aws", version: ">= 5.100.0" } } },
};
const STATE = {
  bucket: BUCKET,
  key: "deckhouse/terraform.tfstate",
  region: "eu-central-1",
  use_path_style: true,
};
const READER = { ...PROVIDER, data: { terraform_remote_state: { access: { config: STATE } } } };

const PLATFORM = `
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, LocalBackend, TerraformStack } from "cdktf";
import * as dkp from "dkp-access";

const app = new App();
const own = new TerraformStack(app, "own");
new LocalBackend(own, { path: "own.tfstate" });
new AwsProvider(own, "aws", { region: "eu-central-1" });
const user = new dkp.AccessUser(own, "dkp-user", { name: "own", path: "/", protect: false });
const environment = { partition: dkp.partitionOf("eu-central-1"), region: "eu-central-1", account: "123456789012" };
const statements = dkp.policyStatements({ mode: "scoped", environment, cluster: { ...dkp.PLAIN_CLUSTER, prefix: "dev" } });
const policy = new dkp.AccessPolicy(own, "dkp-policy", { name: "Own", path: "/", statements, protect: false });
new dkp.PolicyAttachment(own, "dkp-attachment", { user, policy, protect: false });
new dkp.NodeRole(own, "dkp-nodes", { name: "own-nodes", path: "/", additionalActions: [], managedPolicyArns: [] });
app.synth();
`;

const SECRET_STRING = /yamlencode\(\{\n {4}provider = \{[\s\S]*?\n {2}\}\)/;

/** They install the package with the commands of docs/how-to/reuse.md. */
describe("other projects", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let access: Terraform;
  let key: Credentials;
  let program: Consumer;
  let cdktf: Terraform;
  let hcl: Terraform;

  const MAIN_TF = readFileSync(join(PROJECT, "examples/hcl-consumer/main.tf"), "utf8");

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.createBucket(BUCKET);
    deployments = Deployments.of(SETTINGS);
    access = deployments.terraform(aws);
    access.init(S3_ON_LOCAL_AWS);
    access.apply();
    key = access.key();
    program = Consumer.install();
    program.synth();
    cdktf = program.terraform("provider-secret", aws, READER);
    hcl = new Terraform(
      folder({ "main.tf": MAIN_TF, "override.tf.json": JSON.stringify(READER) }),
      aws,
    );
    for (const terraform of [cdktf, hcl]) {
      terraform.init(S3_ON_LOCAL_AWS);
    }
  });

  const stored = (name: string) => {
    const environment = { ...terraformEnvironment(aws), AWS_DEFAULT_REGION: "eu-central-1" };
    const args = ["secretsmanager", "get-secret-value", "--secret-id", name, "--output", "json"];
    return (jsonOf(program.path, environment, "aws", ...args) as { readonly SecretString: string })
      .SecretString;
  };

  describe("install a package", () => {
    it("that has the program, the compiled sources, the templates and the documentation, and no tests or maintainer scripts", () => {
      const paths = program.packed.files.map(({ path }) => path);
      expect(
        paths.filter((path) => /^(__tests__|bench|build|examples|main|review|src)\b/.test(path)),
      ).toEqual([]);
      // Of the sources, the files that the program reads at run time.
      expect(paths.filter((path) => /^packages\/(?!cli\/src\/review\/pages\/)/.test(path))).toEqual(
        [],
      );
      expect(paths.filter((path) => path.startsWith("scripts/")).sort()).toEqual([
        "scripts/check-image.sh",
        "scripts/pipeline.sh",
      ]);
      expect(paths.filter((path) => /generate|reference-tables|json-schema/.test(path))).toEqual(
        [],
      );
      expect(program.packed.size).toBeLessThan(1_300_000);
    });

    const read = (file: string) =>
      readFileSync(join(program.path, "node_modules/dkp-access", file), "utf8");
    const bundled = () => [
      ...read("dist/program-licenses.txt").matchAll(/^(\S+) \d\S+: (.*), source: /gm),
    ];

    it("whose documentation links only files that it has", () => {
      // Review packs fill these in, with links between their files.
      const paths = program.packed.files
        .map((file) => file.path)
        .filter((file) => !/^(packages\/cli\/src|templates)\//.test(file));
      // npm's site resolves the links of README.md in the repository.
      const pages = paths.filter((file) => file !== "README.md");
      expect(deadLinks(pages, read)).toEqual([]);
    });

    it("that npm pack does not create without the scripts that fill it", () => {
      expect(runIn(PROJECT, process.env, "npm", "pack")).toEqual(
        ended(254, "/incomplete without scripts: use npm run package/dkp-access-"),
      );
    });

    it("without the call of CDKTF for which Node.js 22 and newer print a warning", () => {
      expect(read("dist/program.js")).not.toMatch(/\butil_\d+\.isArray\b/);
    });

    it("with the license of each package that the bundled program contains", () => {
      const titles = bundled().map(([, name, license]) => `${name} ${license}`);
      expect(titles).toEqual(
        expect.arrayContaining([
          "@aws-sdk/client-iam Apache-2.0",
          "cdktf MPL-2.0",
          "commander MIT",
          "liquidjs MIT",
          "valibot MIT",
          "yaml ISC",
        ]),
      );
      expect(
        titles.filter(
          (title) => !/ (MIT|ISC|Apache-2\.0|BlueOak-1\.0\.0|MPL-2\.0|Public Domain)$/.test(title),
        ),
      ).toEqual([]);
    });

    it("with the AWS SDK in a file that only a call of AWS loads", () => {
      const hasSdk = (file: string) => read(file).includes("node_modules/@aws-sdk/client-iam/");
      expect(["dist/program.js", "dist/aws-sdk.js"].map(hasSdk)).toEqual([false, true]);
    });

    it("with a bill of materials that GitHub attests, of what the program contains and of what npm installs beside it", () => {
      const { bomFormat, specVersion, serialNumber, metadata, components, dependencies } =
        JSON.parse(read("dist/sbom.cdx.json"));
      // actions/attest v4.2.2, src/sbom.ts, checkIsCycloneDX: without one of the three, it attests
      // nothing.
      expect({ bomFormat, specVersion, serialNumber }).toEqual({
        bomFormat: "CycloneDX",
        specVersion: "1.6",
        serialNumber: expect.stringMatching(
          /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
        ),
      });
      // NTIA, The Minimum Elements For a Software Bill of Materials, 2021, section III.
      expect(metadata).toMatchObject({
        timestamp: expect.any(String),
        authors: [{ name: "dkp-access project" }],
      });
      expect(dependencies.map(({ ref }: { ref: string }) => ref)).toEqual(
        [metadata.component, ...components].map((component) => component["bom-ref"]),
      );
      for (const component of components) {
        expect(component).toEqual(
          expect.objectContaining({
            supplier: { name: expect.any(String) },
            version: expect.any(String),
            purl: expect.any(String),
          }),
        );
      }
      const contained = bundled().map(([, name]) => name);
      const installed = Object.keys(JSON.parse(read("package.json")).dependencies);
      expect(new Set(components.map(({ name }: { name: string }) => name))).toEqual(
        new Set([...contained, ...installed]),
      );
    });

    it("that loads only what it requires", () => {
      const print = "console.log(JSON.stringify(Object.keys(require.cache)))";
      const loaded = jsonOf(
        program.path,
        {},
        process.execPath,
        "-e",
        `require("dkp-access");${print}`,
      ) as string[];
      const modules = loaded.map((path) => path.split("node_modules/")[1] ?? path);
      expect(modules).not.toContain("@cdktf/provider-aws/lib/index.js");
      expect(
        [...new Set(modules.map((path) => /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]))].sort(),
      ).toEqual([
        "@cdktf/provider-aws",
        "cdktf",
        "constructs",
        "dkp-access",
        "fastest-levenshtein",
        "ipaddr.js",
        "valibot",
        "yaml",
      ]);
    });
  });

  describe("read the outputs", () => {
    it.each([
      ["CDKTF", "cdktf-consumer", () => cdktf],
      ["HCL", "hcl-consumer", () => hcl],
    ])("in %s, and have the secret in their state, in plaintext", (_, name, reader) => {
      const shown = reader().apply();
      expect(stored(`${name}/deckhouse-provider`)).toBe(
        [
          '"provider":',
          `  "providerAccessKeyId": "${key.accessKeyId}"`,
          `  "providerSecretAccessKey": "${key.secretAccessKey}"`,
          '  "region": "eu-central-1"',
          "",
        ].join("\n"),
      );
      expect(reader().output("user_arn")).toBe(access.output("user_arn"));
      expect(reader().state()).toContain(key.secretAccessKey);
      expect(shown).not.toContain(key.secretAccessKey);
    });

    it("get an error for a wrong name from the compiler in CDKTF, and from the plan in HCL", () => {
      program.change('access.output("user_arn")', 'access.output("user_id")');
      expect(program.attempt()).toEqual({
        status: 2,
        output: expect.stringMatching(
          /^main\.ts\(31,\d+\): error TS2345: Argument of type '"user_id"' is not assignable .+\n$/,
        ),
      });
      write(hcl.folder, {
        "main.tf": MAIN_TF.replace("local.access.user_arn", "local.access.user_id"),
      });
      expect(hcl.attempt("plan")).toEqual(
        ended(1, 'This object does not have an attribute named "user_id".'),
      );
    });

    it("must mark outputs that contain the secret as sensitive", () => {
      program.change('access.output("user_arn")', 'access.output("secret_access_key")');
      program.synthUnchecked();
      expect(cdktf.attempt("plan")).toEqual(ended(1, "Output refers to sensitive values"));
    });

    it("get no secret with outputs.secret: false, and an error if they read it", () => {
      deployments.change(`${SETTINGS}outputs: { secret: false }\n`);
      access.apply();
      write(hcl.folder, { "main.tf": MAIN_TF });
      expect(hcl.attempt("plan")).toEqual(
        ended(1, 'This object does not have an attribute named "secret_access_key".'),
      );
      program.change("access.providerBlock", 'access.output("access_key_id")');
      program.synthUnchecked();
      write(hcl.folder, {
        "main.tf": MAIN_TF.replace(SECRET_STRING, "local.access.access_key_id"),
      });
      for (const reader of [cdktf, hcl]) {
        reader.apply();
        expect(reader.state()).toContain(key.accessKeyId);
        expect(reader.state()).not.toContain(key.secretAccessKey);
      }
    });
  });

  it("build single constructs into a program of their own", () => {
    program.write(PLATFORM);
    program.synth();
    const own = program.terraform("own", aws, PROVIDER);
    own.init();
    expect(own.apply()).toContain("5 added, 0 changed, 0 destroyed");
  });

  it("define deployments in code, as the example does", () => {
    program.write(readFileSync(join(PROJECT, "examples/in-code/main.ts"), "utf8"));
    program.synth();
    for (const stack of ["staging", "production"]) {
      const terraform = program.terraform(stack, aws, {});
      terraform.init(S3_ON_LOCAL_AWS);
      expect(terraform.apply()).toContain("6 added, 0 changed, 0 destroyed");
    }
  });
});
