import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { satisfies } from "semver";
import { findingsSchema } from "../scripts/generate/findings-schema";
import { jsonSchema } from "../scripts/generate/json-schema";
import { DOCUMENTS, withTables } from "../scripts/generate/reference-tables";
import { compare, needsAttention } from "../scripts/upstream/compare";
import { COMPONENTS, type Component, verifiedVersions } from "../scripts/upstream/components";
import type { Explanation } from "../scripts/upstream/explanation";
import { EXPLANATIONS } from "../scripts/upstream/explanations";
import { factsIn, outdatedFacts } from "../scripts/upstream/facts";
import { findCalls } from "../scripts/upstream/go-calls";
import { readFolder } from "../scripts/upstream/go-module";
import { polledOperation, waitersOf } from "../scripts/upstream/waiters";
import { CATALOGUE } from "../src/iam/catalogue";
import { EXAMPLE } from "./e2e/support/project";
import { blockWith } from "./helpers/blocks";
import { folderForEach } from "./helpers/folder";
import { PROJECT, projectFile, trackedFiles } from "./helpers/project-root";
import { deploymentOf } from "./helpers/settings-files";

it.each([
  ["deployments/schema.json", jsonSchema] as const,
  ["docs/reference/findings.schema.json", findingsSchema] as const,
  ...Object.keys(DOCUMENTS).map(
    (name) => [name, () => withTables(name, projectFile(name))] as const,
  ),
])(
  "%s, which is generated from the code, is current; if not, run `npm run generate`",
  (name, generate) => {
    expect(projectFile(name)).toBe(generate());
  },
);

it("the first deployment of the README is valid, and is the one that the end-to-end tests deploy", () => {
  expect(blockWith("region: ", "README.md", "yaml")).toBe(EXAMPLE);
  expect(deploymentOf(EXAMPLE)).toMatchObject({ region: "eu-central-1", state: { type: "s3" } });
});

it("the settings file of dkp-access init names the schema in its first line, for editors", () => {
  const [, path = ""] =
    /^# yaml-language-server: \$schema=\.\.\/node_modules\/dkp-access\/(.*)\n/.exec(
      projectFile("templates/deployment.yaml"),
    ) ?? [];
  expect(projectFile(path)).toBe(jsonSchema());
});

const component = (name: string) => COMPONENTS.find((each) => each.name === name) as Component;
const CSI = component("ebs-csi");
const SHIPPED = "1.54.0";

const rowsOf = ({ name }: Component) =>
  CATALOGUE.filter((row) => row.callers.includes(name)).map(({ action }) => action);
const callsOf = (...actions: readonly string[]) =>
  new Map(actions.map((action) => [action, ["pkg/cloud/cloud.go"]]));
const granted = rowsOf(CSI);

const explanation: Explanation = {
  components: ["ebs-csi"],
  actions: ["ec2:LockSnapshot"],
  only: "sources",
  reason: "locks snapshots",
  source: "https://example.com",
};

describe("the comparison of catalogue and sources", () => {
  it.each<[string, Partial<Explanation>]>([
    ["of another component", { components: ["cloud-controller-manager"] }],
    ["of the other side", { only: "catalogue" }],
    ["of other versions", { versions: "<1.54.0" }],
    ["of versions that DKP does not ship", { notShippedSince: "1.50.0" }],
  ])("does not accept an explanation %s", (_, change) => {
    const comparison = compare(CSI, SHIPPED, "1.77", callsOf(...granted, "ec2:LockSnapshot"), [
      { ...explanation, ...change },
    ]);
    expect(comparison.differences.map((difference) => difference.explanation)).toEqual([undefined]);
    expect(needsAttention(comparison)).toBe(true);
  });

  it.each([
    ["1.54.9", false],
    ["1.55.0", true],
    ["1.100.0", true],
  ])(
    "accepts an explanation since 1.55.0, which DKP does not ship, in %s: %s",
    (version, accepted) => {
      const since = { ...explanation, notShippedSince: "1.55.0" };
      const comparison = compare(CSI, version, "1.77", callsOf(...granted, "ec2:LockSnapshot"), [
        since,
      ]);
      expect(needsAttention(comparison)).toBe(!accepted);
    },
  );

  it("reports an explanation without a difference", () => {
    const comparison = compare(CSI, SHIPPED, "1.77", callsOf(...granted), [explanation]);
    expect(comparison.outdated).toEqual([explanation]);
    expect(needsAttention(comparison)).toBe(true);
  });

  it("leaves out rows of other versions of DKP", () => {
    const controller = component("cloud-controller-manager");
    const rows = (version: "1.68" | "1.69") =>
      compare(controller, "1.36.0", version, callsOf(...rowsOf(controller)), []);
    // ec2:DescribeInstanceTopology, since 1.69
    expect(rows("1.69").rows - rows("1.68").rows).toBe(1);
    expect(rows("1.68").differences).toMatchObject([
      { action: "ec2:DescribeInstanceTopology", only: "sources" },
    ]);
  });
});

it.each(COMPONENTS.map((each) => [each.name, each] as const))(
  "the explanations of %s name rows and versions that exist",
  (name, each) => {
    expect(verifiedVersions(each.name)).not.toEqual([]);
    const own = EXPLANATIONS.filter(({ components }) => components.includes(name));
    for (const { actions, only, versions = "*" } of own) {
      expect(actions.map((action) => [action, rowsOf(each).includes(action)])).toEqual(
        actions.map((action) => [action, only === "catalogue"]),
      );
      expect(verifiedVersions(each.name).some((version) => satisfies(version, versions))).toBe(
        true,
      );
    }
  },
);

const MODULE = "example.com/driver";
const MAIN = `package main

import "example.com/driver/pkg/cloud"

func main() { cloud.Run() }
`;

const V2 = '"github.com/aws/aws-sdk-go-v2/service/ec2"';

const go = (imports: string, code: string) =>
  `package cloud\n\nimport (\n\t"context"\n\t${imports}\n)\n\n${code}\n`;

async function callsOfModule(imports: string, code: string) {
  const files = new Map([
    ["cmd/main.go", MAIN],
    ["pkg/cloud/cloud.go", go(imports, code)],
  ]);
  return [...(await findCalls(files, MODULE, "cmd")).keys()];
}

const DESCRIBE_VPCS =
  "DescribeVpcs(ctx context.Context, in *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error)";

describe("the calls of a Go package", () => {
  it.each([
    [
      "a literal as argument",
      "c.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})",
      "DescribeSubnets",
    ],
    [
      "an input in a variable",
      "request := ec2.RunInstancesInput{\n\t\tMinCount: one,\n\t}",
      "RunInstances",
    ],
    ["new", "request := new(ec2.CreateTagsInput)", "CreateTags"],
    ["var", "var request ec2.DeleteTagsInput", "DeleteTags"],
    ["a list of inputs", "var requests = []*ec2.CreateRouteInput{{}, {}}", "CreateRoute"],
    ["no input", "c.ec2.DescribeAvailabilityZones(ctx, nil)", "DescribeAvailabilityZones"],
    [
      "an input from elsewhere",
      "return c.client().DescribeVolumes(ctx, c.request())",
      "DescribeVolumes",
    ],
    [
      "a paginator",
      "p := ec2.NewDescribeInstanceTopologyPaginator(c.ec2, in)",
      "DescribeInstanceTopology",
    ],
    ["a waiter", "w := ec2.NewVolumeAvailableWaiter(c.ec2)", "DescribeVolumes"],
  ])("are found in version 2 of the SDK: %s", async (_, statement, operation) => {
    expect(await callsOfModule(V2, `func (c *Cloud) all(in *Input) {\n\t${statement}\n}`)).toEqual([
      `ec2:${operation}`,
    ]);
  });

  it.each([
    ["a method", "func all() { svc.DescribeImages(&ec2.DescribeImagesInput{}) }", "DescribeImages"],
    ["WithContext", "func all() { svc.DescribeImagesWithContext(ctx, input()) }", "DescribeImages"],
    [
      "Request",
      "func all() { req, out := svc.TerminateInstancesRequest(input()) }",
      "TerminateInstances",
    ],
    ["Pages", "func all() { svc.DescribeInstancesPages(input(), each) }", "DescribeInstances"],
    [
      "PagesWithContext",
      "func all() { svc.DescribeInstancesPagesWithContext(ctx, input(), each) }",
      "DescribeInstances",
    ],
    ["a waiter", "func all() { svc.WaitUntilInstanceRunning(input()) }", "DescribeInstances"],
    [
      "a waiter with context",
      "func all() { svc.WaitUntilVolumeInUseWithContext(ctx, input()) }",
      "DescribeVolumes",
    ],
  ])("are found in version 1 of the SDK: %s", async (_, code, operation) => {
    expect(await callsOfModule('"github.com/aws/aws-sdk-go/service/ec2"', code)).toEqual([
      `ec2:${operation}`,
    ]);
  });

  it("have the prefix of IAM actions, whatever the package is called", async () => {
    const imports = [
      'elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"',
      'elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"',
      '"github.com/aws/aws-sdk-go-v2/service/kms"',
      '"github.com/aws/aws-sdk-go/service/autoscaling"',
      '"github.com/aws/aws-sdk-go/service/iam/iamiface"',
    ];
    const code = `func all(role iamiface.IAMAPI) {
	a := &elb.CreateLoadBalancerPolicyInput{}
	b := &elbv2.CreateTargetGroupInput{}
	c := kms.DescribeKeyInput{}
	d := autoscaling.DescribeTagsInput{}
	role.GetRole(input())
}`;
    expect(await callsOfModule(imports.join("\n\t"), code)).toEqual([
      "autoscaling:DescribeTags",
      "elasticloadbalancing:CreateLoadBalancerPolicy",
      "elasticloadbalancing:CreateTargetGroup",
      "iam:GetRole",
      "kms:DescribeKey",
    ]);
  });

  it("are found in a raw import without parentheses", async () => {
    const files = new Map([
      [
        "cmd/main.go",
        "package main\n\nimport `github.com/aws/aws-sdk-go/service/ec2`\n\nvar x = ec2.CreateVpcInput{}\n",
      ],
    ]);
    expect([...(await findCalls(files, MODULE, "cmd")).keys()]).toEqual(["ec2:CreateVpc"]);
  });

  it.each([
    ["a line comment", "// c.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})"],
    ["a block comment", "/*\nc.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})\n*/"],
    ["a string", 'var help = "c.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})"'],
    ["a raw string", "var help = `\nc.ec2.DescribeVpcs(ctx, ec2.DescribeVpcsInput{})`"],
    ["an interface", `type EC2 interface {\n\t${DESCRIBE_VPCS}\n}`],
    [
      "a method that forwards",
      `func (s *sdk) ${DESCRIBE_VPCS} {\n\treturn s.ec2.DescribeVpcs(ctx, in)\n}`,
    ],
    ["a parameter", "func (c *Cloud) find(requests []*ec2.DescribeVpcsInput) {}"],
    ["a result", "func (c *Cloud) request() *ec2.DescribeVpcsInput { return c.input }"],
    ["the input of another package", "var input = other.ec2.DescribeVpcsInput{}"],
    ["a method that is no operation", "func (c *Cloud) find() { c.DescribeEverything(ctx) }"],
  ])("do not include %s", async (_, code) => {
    expect(await callsOfModule(V2, code)).toEqual([]);
  });

  it("do not include test files, vendored packages and packages that the main package does not use", async () => {
    const call = go(V2, "var input = ec2.DescribeVpcsInput{}");
    const files = new Map([
      ["cmd/main.go", MAIN],
      ["pkg/cloud/cloud.go", "package cloud\n"],
      ["pkg/cloud/cloud_test.go", call],
      ["pkg/cloud/fake/fake.go", call],
      ["tests/e2e/setup.go", call],
      ["vendor/example.com/driver/pkg/cloud/cloud.go", call],
      ["cmd/other/main.go", call],
    ]);
    expect([...(await findCalls(files, MODULE, "cmd")).keys()]).toEqual([]);
  });

  it("name the files that contain them, also those that the main package imports indirectly", async () => {
    const call = go(V2, "var input = ec2.DescribeVpcsInput{}");
    const files = new Map([
      ["cmd/main.go", MAIN],
      ["pkg/cloud/cloud.go", call.replace('"context"', '_ "example.com/driver/pkg/inner"')],
      ["pkg/inner/one.go", call],
      ["pkg/inner/two.go", "package inner\n"],
    ]);
    expect([...(await findCalls(files, MODULE, "cmd"))]).toEqual([
      ["ec2:DescribeVpcs", ["pkg/cloud/cloud.go", "pkg/inner/one.go"]],
    ]);
  });

  it("are not assigned to one of two services that both have the operation", async () => {
    const imports = `${V2}\n\t"github.com/aws/aws-sdk-go-v2/service/autoscaling"`;
    expect(await callsOfModule(imports, "func all() { c.DescribeTags(ctx, input()) }")).toEqual([]);
    expect(
      await callsOfModule(
        imports,
        "func all() { c.DescribeTags(ctx, &autoscaling.DescribeTagsInput{}) }",
      ),
    ).toEqual(["autoscaling:DescribeTags"]);
  });

  it("include those of a service without a data file of its own", async () => {
    const imports = '"github.com/aws/aws-sdk-go-v2/service/unknown"';
    expect(await callsOfModule(imports, "var input = unknown.ListThingsInput{}")).toEqual([
      "unknown:ListThings",
    ]);
  });

  it("reject a waiter whose operation is unknown", async () => {
    await expect(callsOfModule(V2, "var w = ec2.NewMoonFullWaiter(client)")).rejects.toThrow(
      "pkg/cloud/cloud.go: unknown waiter MoonFull of ec2; enter the operation that it polls in waiters.ts",
    );
  });

  it("require the main package", async () => {
    await expect(findCalls(new Map(), MODULE, "cmd")).rejects.toThrow(
      "example.com/driver: the folder cmd has no Go files; enter the folder of the main package in components.ts",
    );
  });
});

const DRIVER = "github.com/Example/driver";
const EMPTY_MAIN = "package main\n";
const { at, write } = folderForEach();

it("readFolder reads the module of a source tree, without nested and vendored modules", () => {
  write({
    "go.mod": `// a driver\nmodule ${DRIVER} // import\n\ngo 1.26\n`,
    "main.go": EMPTY_MAIN,
    "pkg/cloud/cloud.go": "package cloud\n",
    "pkg/cloud/README.md": "a package",
    "tests/go.mod": "module tests\n",
    "tests/main.go": EMPTY_MAIN,
    "vendor/example.com/vendored.go": EMPTY_MAIN,
  });
  expect(readFolder(at())).toEqual({
    module: DRIVER,
    files: new Map([
      ["main.go", EMPTY_MAIN],
      ["pkg/cloud/cloud.go", "package cloud\n"],
    ]),
  });
});

describe("what a push runs", () => {
  const { alwaysOf, proofsOf } = require("./helpers/sample.cjs") as {
    alwaysOf(changed?: readonly string[]): readonly string[];
    proofsOf(changed: readonly string[]): readonly string[];
  };
  const { dataOf, sourcesOf } = require("./helpers/proven.cjs") as {
    dataOf(sources: ReadonlySet<string>): readonly string[];
    sourcesOf(path: string): ReadonlySet<string>;
  };
  const testFiles = ["__tests__", "packages/iam-no-new-access/__tests__"].flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true }).map(String),
  );
  const all = alwaysOf();

  it.each([
    ["a file of no room", ["packages/cli/src/keys.ts", "package.json"], all],
    ["documents", ["docs/how-to/rotate.md"], ["e2e/year."]],
    [
      "one room with its tests",
      ["packages/cli/src/diff/changes.ts", "packages/cli/__tests__/diff/edits.yaml"],
      ["e2e/year.", "e2e/plan.", "e2e/diff.", "e2e/program."],
    ],
    [
      "unit tests, which always run",
      ["__tests__/package.test.ts", "__tests__/scripts/pipeline.test.ts"],
      ["e2e/year."],
    ],
    [
      "a part of a room that has tests of its own",
      ["packages/cli/src/commands/init.ts", "packages/cli/__tests__/account/drift.worlds.yaml"],
      [
        "e2e/year.",
        "e2e/adopt.",
        "e2e/own-repository.",
        "e2e/package.",
        "e2e/drift.",
        "e2e/key-commands.",
      ],
    ],
    [
      "a package",
      ["packages/iam-no-new-access/src/read.ts"],
      ["e2e/year.", "proofs/oracles.", "e2e/managed-policies.", "e2e/packed."],
    ],
    [
      "two rooms and a test",
      [
        "packages/cli/src/account/keys/report.ts",
        "packages/cli/src/review/pack.ts",
        "__tests__/e2e/guards.test.ts",
      ],
      [
        "e2e/year.",
        "e2e/key-commands.",
        "e2e/preflight/",
        "e2e/rotate-terraform.",
        "e2e/plan.",
        "e2e/checkov.",
        "e2e/parameters.",
        "e2e/guards.test.ts",
      ],
    ],
  ])("follows the rooms that changed: %s", (_, changed, expected) => {
    expect(alwaysOf(changed)).toEqual(expected);
  });

  it("follows the imports of proofs", () => {
    const file = "packages/cli/src/iam/denial.ts";
    const proofs = readdirSync(join(PROJECT, "__tests__/proofs")).filter((name) =>
      sourcesOf(join(PROJECT, "__tests__/proofs", name)).has(join(PROJECT, file)),
    );
    expect(proofs).toContain("denials.simulation.test.ts");
    expect(proofs).not.toContain("networks.simulation.test.ts");
    expect(proofsOf([file]).toSorted()).toEqual(proofs.map((name) => `proofs/${name}`).toSorted());
  });

  it.each([
    ["__tests__/helpers/denials.yaml", ["denials.simulation"]],
    [
      "__tests__/helpers/abuses.txt",
      ["compare.simulation", "networks.simulation", "policy-statements.simulation"],
    ],
    ["__tests__/proofs/z3_subset.py", ["policy-modes"]],
    ["docs/README.md", []],
  ])("follows the data of proofs: %s", (file, names) => {
    expect(proofsOf([file])).toEqual(names.map((name) => `proofs/${name}.test.ts`));
  });

  const dataOfProof = (name: string) =>
    dataOf(sourcesOf(join(PROJECT, `__tests__/${name}.ts`))).map((path) => relative(PROJECT, path));

  it.each([
    ["policy-modes", ["__tests__/proofs/z3_subset.py", "src/iam/catalogue.json"]],
    ["networks.simulation", ["__tests__/helpers/abuses.txt", "src/iam/catalogue.json"]],
  ])("knows the data of a proof: %s", (name, data) => {
    expect(dataOfProof(`proofs/${name}.test`)).toEqual(data);
  });

  it("knows the data of a proof on Terraform", () => {
    const data = ["__tests__/e2e/support/local_aws.py", "docs/how-to/recover.md"];
    const found = dataOfProof("e2e/faults/every-call.proof.test");
    expect(data.filter((path) => !found.includes(path))).toEqual([]);
  });

  it.each(all)("exists: %s", (beginning) => {
    expect(testFiles.some((path) => path.startsWith(beginning))).toBe(true);
  });
});

/** From the SDK for JavaScript, which is generated from the same models. */
function waitersOfSdk(service: string) {
  const folder = join(
    dirname(require.resolve(`@aws-sdk/client-${service}/package.json`)),
    "dist-es/waiters",
  );
  return readdirSync(folder)
    .filter((name) => name.startsWith("waitFor"))
    .map((name) => {
      const operation = /new (\w+)Command\(/.exec(readFileSync(join(folder, name), "utf8"))?.[1];
      return [name.replace(/^waitFor|\.js$/g, ""), operation] as const;
    });
}

it.each(["ec2", "iam"])("the waiters of %s are those of the AWS SDK", (service) => {
  const expected = waitersOfSdk(service);
  expect(waitersOf(service).map((waiter) => [waiter, polledOperation(service, waiter)])).toEqual(
    expect.arrayContaining([...expected]),
  );
  expect(waitersOf(service)).toHaveLength(expected.length);
});

const FACTS = projectFile("docs/reference/facts.yaml");

describe("the facts about other systems", () => {
  it.each(factsIn(FACTS))(
    "%s has a claim, a source, its words, and the day it was read",
    (_, fact) => {
      expect(Object.keys(fact).sort()).toEqual(["claim", "quote", "read", "source"]);
      expect(fact.quote).toMatch(/^(?:\S+ ){6,19}\S+$/);
      expect(fact.claim).toMatch(/^\S.{20,}[^.]$/);
      expect(fact.source).toMatch(/^https:\/\/\S+$/);
      expect(new Date(fact.read).toISOString().slice(0, 10)).toBe(fact.read);
    },
  );

  it("exist where code or a page refers to one", () => {
    const texts = trackedFiles("src", "docs", ".github").map(projectFile);
    const named = texts.flatMap((text) =>
      [...text.matchAll(/facts\.yaml, ([a-z\d-]+)/g)].map(([, id = ""]) => id),
    );
    const known = factsIn(FACTS).map(([id]) => id);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((id) => !known.includes(id))).toEqual([]);
  });

  it("cover what support.md says about other projects", () => {
    const page = projectFile("docs/reference/support.md");
    const ids = [
      "aws-sdk-node",
      "cdk-terrain",
      "cdktf-archived",
      "dkp-line",
      "opentofu-versions",
      "terraform-provider",
      "terraform-versions",
    ];
    expect(ids.filter((id) => !page.includes(`\`${id}\``))).toEqual([]);
  });

  it("are outdated when they were read more than 90 days ago", () => {
    const file =
      'one: {read: 2026-01-01, source: "https://a", claim: an old claim}\ntwo: {read: 2026-03-01, source: "https://b", claim: another}';
    expect(outdatedFacts(file, new Date("2026-04-01"))).toEqual([]);
    expect(outdatedFacts(file, new Date("2026-04-02"))).toEqual([
      "one: read 91 days ago: an old claim\n  https://a",
    ]);
  });
});
