import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Liquid } from "liquidjs";
import { overviewPage } from "../../../src/cli/review/overview";
import { pageFacts } from "../../../src/cli/review/pack";
import { isKnownRegion } from "../../../src/iam/partitions";
import { valueAt } from "../../../src/text/json";
import { deployment, SEVERAL_POLICIES } from "../../helpers/deployment";
import { RSA_KEY } from "../../helpers/pgp-keys";
import { PROJECT } from "../../helpers/project-root";
import { packFilesOf, reviewOf } from "../../helpers/reviewed";

const SCOPED = "policy: { mode: scoped }\ncluster: { prefix: dev, layout: Standard }\n";

/** What no golden deployment has. */
const EVERYTHING = `cluster: { configFile: cluster.yml }
provider: { profile: p, assumeRoleArn: "arn:aws:iam::123456789012:role/deployer" }
`;

const row = (stack: string, settings = "") => reviewOf({ ...deployment(settings), stack }, {});

/** The rows of a page by stack, as they are written. */
const lineOf = (page: string, stack: string) => page.split("\n").find((line) => line.startsWith(`| [${stack}](`));

describe("the overview", () => {
  it("shows account, Region, mode, DKP version, size left, keys and protection of the secret, with a link", () => {
    const page = overviewPage([
      row("a"),
      row("b", `accountId: "123456789012"\npolicy: { mode: scoped }\ncluster: { prefix: dev, dkpVersion: "1.77" }`),
      row("c", `accessKeys: { primary: { pgpKey: ${RSA_KEY} }, secondary: { status: Inactive, pgpKey: ${RSA_KEY} } }`),
      row("d", "accessKeys: none"),
      row("e", "outputs: { secret: false }"),
      row("f", SEVERAL_POLICIES),
    ]);
    expect(lineOf(page, "a")).toMatch(
      /^\| \[a\]\(a\/REVIEW\.md\) \| any \| eu-central-1 \| documented \| any \| \d+ \| primary \| plaintext, in outputs \| `policy\.mode`, `user\.allowedNetworks`, .* \|$/,
    );
    expect(lineOf(page, "b")).toMatch(/^\| \[b\]\(b\/REVIEW\.md\) \| 123456789012 \| eu-central-1 \| scoped \| 1\.77 \| \d+ \|/);
    expect(lineOf(page, "c")).toContain("| primary, secondary (Inactive) | encrypted |");
    expect(lineOf(page, "d")).toContain("| outside Terraform | none |");
    expect(lineOf(page, "e")).toContain("| primary | plaintext |");
    expect(lineOf(page, "f")).toMatch(/\| \d+, \d+ \| primary \|/);
  });

  it("has the deployment with the most weaker choices first, and counts each choice", () => {
    const page = overviewPage([
      row("set", 'accountId: "123456789012"'),
      row("scoped", `${SCOPED}attachment: group`),
      row("b"),
      row("a"),
    ]);
    expect(page.match(/(?<=^\| \[)\w+/gm)).toEqual(["scoped", "a", "b", "set"]);
    expect(page).toContain("| `policy.mode` | 4 |\n");
    expect(page).toContain("| `accountId` | 3 |\n");
    expect(page).toContain("\n4 deployments. ");
  });

  it("remains below the 500 KiB that GitHub shows of a README with 1,000 deployments", () => {
    const name = (index: number) => `a-production-cluster-with-a-long-name-${index}`;
    const scoped = row("x", SCOPED);
    const rows = Array.from({ length: 1000 }, (_, index) => ({
      ...scoped,
      deployment: { ...scoped.deployment, stack: name(index) },
    }));
    // Source: GitHub Docs, "About the repository README file".
    expect(overviewPage(rows).length).toBeLessThan(500 * 1024);
  });
});

describe("the templates", () => {
  const read = (folder: string) =>
    readdirSync(join(PROJECT, folder)).map((file) => readFileSync(join(PROJECT, folder, file), "utf8"));

  it("read no name that no deployment has", () => {
    const liquid = new Liquid({ tagDelimiterLeft: "<!--", tagDelimiterRight: "-->" });
    const templates = read("src/cli/review/pages").map((text) => liquid.parse(text));
    const names = new Set(templates.flatMap((template) => liquid.globalFullVariablesSync(template)));
    const settings = [...read("__tests__/golden/deployments").filter((text) => !text.includes("configFile")), EVERYTHING];
    const facts = settings.map((text) => ({ ...pageFacts(reviewOf(text)), reviews: [], weakSettings: [] }));
    const isKnown = (name: string) =>
      facts.some((fact) => valueAt(fact, name.replace(/\.size$|\[.*/, "").split(".")) !== undefined);
    expect([...names].filter((name) => !isKnown(name))).toEqual([]);
  });
});

const weak = (settings: string) => reviewOf(settings, {}).weakChoices.map(({ setting }) => setting);

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
    ["https://s3.eu-central-1.amazonaws.com", false],
    ["s3.cn-north-1.amazonaws.com.cn", false],
    ["https://bucket.vpce-1a2b3c4d.s3.eu-central-1.vpce.amazonaws.com", false],
  ])("have an endpoint outside AWS by the host of its address: %s", (s3, isOutside) => {
    const settings = weak(`backend: { s3: { bucket: b, region: eu-central-1, endpoints: { s3: "${s3}" } } }`);
    expect(settings.includes("backend.s3.endpoints")).toBe(isOutside);
  });

  it("are none if the settings have the strongest choices", () => {
    expect(weak(STRONGEST)).toEqual([]);
  });

  it("are at most one per setting", () => {
    for (const settings of ["", STRONGEST, `${STRONGEST}attachment: user-and-group`]) {
      expect(weak(settings)).toEqual([...new Set(weak(settings))]);
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
