import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Liquid } from "liquidjs";
import { pageFacts } from "../../../src/cli/review/pack";
import { isKnownRegion } from "../../../src/iam/partitions";
import { valueAt } from "../../../src/text/json";
import { RSA_KEY } from "../../helpers/pgp-keys";
import { PROJECT } from "../../helpers/project-root";
import { packFilesOf, reviewOf, weakSettings } from "../../helpers/reviewed";

/** What no golden deployment has. */
const EVERYTHING = `cluster: { configFile: cluster.yml }
provider: { profile: p, assumeRoleArn: "arn:aws:iam::123456789012:role/deployer" }
`;

describe("the templates", () => {
  const read = (folder: string) =>
    readdirSync(join(PROJECT, folder)).map((file) => readFileSync(join(PROJECT, folder, file), "utf8"));

  it("read no name that no deployment has", () => {
    const liquid = new Liquid({ tagDelimiterLeft: "<!--", tagDelimiterRight: "-->" });
    const templates = read("src/cli/review/pages").map((text) => liquid.parse(text));
    const names = new Set(templates.flatMap((template) => liquid.globalFullVariablesSync(template)));
    const settings = [...read("__tests__/golden/deployments").filter((text) => !text.includes("configFile")), EVERYTHING];
    const facts = settings.map((text) => pageFacts(reviewOf(text)));
    const isKnown = (name: string) =>
      facts.some((fact) => valueAt(fact, name.replace(/\.size$|\[.*/, "").split(".")) !== undefined);
    expect([...names].filter((name) => !isKnown(name))).toEqual([]);
  });
});

const STRONGEST = `accountId: "123456789012"
policy: { mode: minimal }
cluster: { prefix: dev, layout: Standard, dkpVersion: "1.77" }
user: { permissionsBoundary: "arn:aws:iam::123456789012:policy/B", allowedNetworks: { cidrs: [203.0.113.0/24] } }
accessKeys: { primary: { pgpKey: ${RSA_KEY} } }
`;

describe("the choices for which a stronger one exists", () => {
  it.each([
    ["https://s3.eu-central-1.amazonaws.com:443@evil.example/", true],
    ["https://amazonaws.com.evil.example", true],
    ["https://user@s3.eu-central-1.amazonaws.com", true],
    ["minio.example:9000", true],
    ["http://s3.eu-central-1.amazonaws.com", true],
    ["https://a1b2c3.execute-api.eu-central-1.amazonaws.com/prod", true],
    ["https://s3-1.eu-central-1.elb.amazonaws.com", true],
    ["https://other.s3.eu-central-1.amazonaws.com", true],
    ["https://s3-fips.dualstack.us-gov-west-1.amazonaws.com", false],
    ["https://s3.eusc-de-east-1.amazonaws.eu", false],
    ["https://s3.us-iso-east-1.c2s.ic.gov", false],
    ["https://s3.eu-central-1.amazonaws.com", false],
    ["s3.cn-north-1.amazonaws.com.cn", false],
    ["https://bucket.vpce-1a2b3c4d.s3.eu-central-1.vpce.amazonaws.com", false],
  ])("have an endpoint outside AWS by the host of its address: %s", (s3, isOutside) => {
    const settings = weakSettings(`backend: { s3: { bucket: b, region: eu-central-1, endpoints: { s3: "${s3}" } } }`);
    expect(settings.includes("backend.s3.endpoints")).toBe(isOutside);
  });

  it("are none if the settings have the strongest choices", () => {
    expect(weakSettings(STRONGEST)).toEqual([]);
  });

  it("are no former node roles where the deployment's own role is the only one", () => {
    const former = (role: string) => `nodeRole: { name: nodes }\ncluster: { prefix: dev, formerIamNodeRoles: [${role}] }`;
    expect(["/nodes", "/old"].map((role) => weakSettings(former(role)).includes("cluster.formerIamNodeRoles"))).toEqual([
      false,
      true,
    ]);
  });

  it("are at most one per setting", () => {
    for (const settings of ["", STRONGEST, `${STRONGEST}attachment: user-and-group`]) {
      expect(weakSettings(settings)).toEqual([...new Set(weakSettings(settings))]);
    }
  });
});

it("REVIEW.md names a Region that this version does not know, and every one that the AWS SDK knows is known", () => {
  const row = (region: string) => packFilesOf(`region: ${region}`)["REVIEW.md"]?.match(/^\| account, Region .*$/m)?.[0];
  expect(row("eu-centrl-1")).toMatch(/; eu-centrl-1, \*\*which this version does not know: it is new, or misspelled\*\* \|$/);
  expect(row("eu-central-1")).toMatch(/; eu-central-1 \|$/);
  const sdk = readFileSync(join(PROJECT, "node_modules/@aws-sdk/core/dist-cjs/submodules/client/index.js"), "utf8");
  const regions = [...sdk.matchAll(/"([a-z]{2,4}(?:-[a-z]+){1,2}-\d)"/g)].map(([, region = ""]) => region);
  expect(new Set(regions).size).toBeGreaterThan(40);
  expect(regions.filter((region) => !isKnownRegion(region))).toEqual([]);
});
