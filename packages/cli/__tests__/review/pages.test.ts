import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Liquid } from "liquidjs";
import { deployment } from "../../../../__tests__/helpers/deployment";
import { GOLDEN_SETTINGS } from "../../../../__tests__/helpers/golden";
import { packFilesOf, reviewOf, weakSettings } from "../../../../__tests__/helpers/packs";
import { PROJECT, projectFile } from "../../../../__tests__/helpers/project-root";
import { KNOWN_REGIONS } from "../../../../src/iam/arns";
import { valueAt } from "../../../../src/text/json";
import { deployerPolicies } from "../../src/review/deployer-policy-files";
import { pageFacts } from "../../src/review/pack";

const EVERYTHING = `cluster: { configFile: cluster.yml }
provider: { profile: p, assumeRoleArn: "arn:aws:iam::123456789012:role/deployer" }
`;

describe("the templates", () => {
  it("read no name that no deployment has", () => {
    const liquid = new Liquid({ tagDelimiterLeft: "<!--", tagDelimiterRight: "-->" });
    const pages = "packages/cli/src/review/pages";
    const templates = readdirSync(join(PROJECT, pages)).map((file) =>
      liquid.parse(projectFile(`${pages}/${file}`)),
    );
    const names = new Set(
      templates.flatMap((template) => liquid.globalFullVariablesSync(template)),
    );
    const settings = [...GOLDEN_SETTINGS.values()].filter((text) => !text.includes("configFile"));
    const facts = [...settings, EVERYTHING].map((text) => pageFacts(reviewOf(text)));
    const isKnown = (name: string) =>
      facts.some(
        (fact) => valueAt(fact, name.replace(/\.size$|\[.*/, "").split(".")) !== undefined,
      );
    expect([...names].filter((name) => !isKnown(name))).toEqual([]);
  });

  it("say something under each condition", () => {
    const empty = /<!-- (?:if|unless|elsif|else|for)\b(?:(?!-->).)*-->\s*<!-- (?:end|else|elsif)/g;
    expect(projectFile("packages/cli/src/review/pages/REVIEW.md").match(empty)).toBeNull();
  });
});

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
    const settings = weakSettings(
      `backend: { s3: { bucket: b, region: eu-central-1, endpoints: { s3: "${s3}" } } }`,
    );
    expect(settings.includes("backend.s3.endpoints")).toBe(isOutside);
  });

  it.each(["false", '"false"'])("have a state without encryption: encrypt: %s", (encrypt) => {
    expect(weakSettings(`backend: { s3: { bucket: b, encrypt: ${encrypt} } }`)).toContain(
      "backend.s3.encrypt",
    );
  });

  it("are no former node roles where the deployment's own role is the only one", () => {
    const former = (role: string) =>
      `nodeRole: { name: nodes }\ncluster: { prefix: dev, formerIamNodeRoles: [${role}] }`;
    expect(
      ["/nodes", "/old"].map((role) =>
        weakSettings(former(role)).includes("cluster.formerIamNodeRoles"),
      ),
    ).toEqual([false, true]);
  });
});

it("REVIEW.md names a Region that this version does not know, and every one that the AWS SDK knows is known", () => {
  const row = (region: string) =>
    packFilesOf(`region: ${region}`)["REVIEW.md"]?.match(/^\| Region .*$/m)?.[0];
  expect(row("eu-central-9")).toMatch(
    / eu-central-9, \*\*which this version does not know: it is new, or misspelled\*\* \|$/,
  );
  expect(row("eu-central-1")).toMatch(/ eu-central-1 \|$/);
  const sdk = projectFile("node_modules/@aws-sdk/core/dist-cjs/submodules/client/index.js");
  const regions = [...sdk.matchAll(/"([a-z]{2,4}(?:-[a-z]+){1,2}-\d)"/g)].map(
    ([, region = ""]) => region,
  );
  expect(KNOWN_REGIONS.toSorted()).toEqual([...new Set(regions)].sort());
});

it("the pipeline may do the same with the state in S3 through a VPC endpoint", () => {
  const endpoints = { s3: "https://bucket.vpce-1a2b3c4d.s3.eu-central-1.vpce.amazonaws.com" };
  const policies = (more: string) =>
    deployerPolicies(deployment(`backend: { s3: { bucket: b, region: eu-central-1${more} } }`));
  expect(policies(`, endpoints: ${JSON.stringify(endpoints)}`)).toEqual(policies(""));
});

const MINIMAL = "policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard }\n";

it.each(["", MINIMAL, `nodeRole: { name: nodes }\ntags: { a: b }\n${MINIMAL}`])(
  "aws-cli.sh has at most 120 lines, and console.md at most 80, for one policy: %j",
  (settings) => {
    const { "aws-cli.sh": script, "console.md": guide } = packFilesOf(settings);
    expect(script?.split("\n").length).toBeLessThanOrEqual(120);
    expect(guide?.split("\n").length).toBeLessThanOrEqual(80);
  },
);
