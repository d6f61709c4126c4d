import { createServer } from "node:http";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { PROJECT } from "../helpers/project-root";
import { folder } from "./support/project";
import { listening } from "./support/server";
import { startIn } from "./support/terraform";

const PROGRAM = join(PROJECT, "build/scripts/upstream/main.js");
const MODULE = "github.com/gardener/machine-controller-manager";
const MCM = ["--component", "machine-controller-manager"];

const MAIN = `package main

import "github.com/aws/aws-sdk-go/service/ec2"

func main() {
	svc.DescribeImages(&ec2.DescribeImagesInput{})
	svc.RunInstances(&ec2.RunInstancesInput{})
	svc.DescribeInstances(&ec2.DescribeInstancesInput{})
	svc.ModifyInstanceAttribute(&ec2.ModifyInstanceAttributeInput{})
	svc.TerminateInstances(&ec2.TerminateInstancesInput{})
}
`;
const MORE = MAIN.replace(
  "func main() {",
  "func main() {\n\tsvc.CreateFleet(&ec2.CreateFleetInput{})",
);

const GO_MOD = `module ${MODULE}\n`;

const served = (version: string, main: string) => {
  const files = {
    "go.mod": GO_MOD,
    "cmd/machine-controller-manager/main.go": main,
    "README.md": "a driver",
  };
  const entries = Object.entries(files).map(([path, text]) => [
    `${MODULE}@${version}/${path}`,
    strToU8(text),
  ]);
  return [
    [`${version}.info`, strToU8(JSON.stringify({ Version: version }))],
    [`${version}.mod`, strToU8(GO_MOD)],
    [`${version}.zip`, zipSync(Object.fromEntries(entries))],
  ];
};

/** 0.36.0 has the calls that the catalogue knows, 0.37.0 one more. */
const SERVED = Object.fromEntries(
  [
    ["list", strToU8("v0.9.0\nv0.37.0\nv0.36.0\nv0.38.0-rc.1\n")] as const,
    ...served("v0.36.0", MAIN),
    ...served("v0.37.0", MORE),
  ].map(([name, content]) => [`/${MODULE}/@v/${name}`, content]),
);

let proxy: string;

beforeAll(async () => {
  const server = createServer(({ url = "" }, response) => {
    const content = SERVED[url];
    response.writeHead(content === undefined ? 404 : 200).end(content ?? "not here");
  });
  proxy = `http://${await listening(server)}`;
});

const run = (args: readonly string[]) => {
  const go = { GOPROXY: proxy, GOSUMDB: "off", GOMODCACHE: folder(), GOFLAGS: "-modcacherw" }; // cspell:ignore GOMODCACHE GOFLAGS modcacherw GOSUMDB
  return startIn(PROJECT, { ...process.env, ...go }, process.execPath, PROGRAM, ...args);
};

describe("npm run upstream", () => {
  it("ends with 0 if every difference is explained", async () => {
    const { status, output } = await run(MCM);
    expect(output).toContain(
      "machine-controller-manager 0.36.0: 5 actions in the sources, 14 rows in the catalogue",
    );
    expect(output).toContain("unexplained differences: none");
    expect(output).toContain(
      "iam:PassRole: only in the catalogue: RunInstances with an instance profile requires it (https://",
    );
    expect(status).toBe(0);
  });

  it("ends with 2 and reports the difference that is not explained", async () => {
    const { status, output } = await run([...MCM, "--version", "latest"]);
    expect(output).toContain("machine-controller-manager 0.37.0: 6 actions");
    expect(output).toContain(
      "ec2:CreateFleet: only in the sources, cmd/machine-controller-manager/main.go",
    );
    expect(status).toBe(2);
  });

  it("ends with 1 if a version cannot be read, and reports the others", async () => {
    const { status, output } = await run([...MCM, "ebs-csi"]);
    expect(output).toContain("machine-controller-manager 0.36.0");
    const driver = "github.com/kubernetes-sigs/aws-ebs-csi-driver";
    expect(output).toMatch(
      `ebs-csi 1.54.0: ${driver}@v1.54.0: reading ${proxy}/${driver}/@v/v1.54.0.info: 404 Not Found; its `,
    );
    expect(output).toMatch(
      /; its \d+ rows were last compared on [\d-]+, \d+ days ago, with 1\.54\.0\n$/,
    );
    expect(status).toBe(1);
  });

  it("ends with 0 where DKP ships versions that were not verified, and names them", async () => {
    const tree = folder({
      "modules/030-cloud-provider-aws/oss.yaml": '- id: ccm-aws\n  version: "1.32.8"\n',
    });
    const { status, output } = await run([...MCM, "--dkp", tree, "--dkp-release", "v1.77.0"]);
    expect(output).toContain(
      "not verified: cloud-controller-manager: DKP ships 1.32.8; once compared, add them to VERIFIED_COMPONENTS\n",
    );
    expect(status).toBe(0);
  });

  it("rejects a source tree without its version", async () => {
    expect(await run([...MCM, "--source", "."])).toEqual({
      status: 1,
      output: "--source: requires one --component and the --version of the source tree\n",
    });
  });
});

async function registryWith(version: string) {
  const server = createServer(({ url = "" }, response) => {
    const name = decodeURIComponent(url.slice(1));
    response.end(
      JSON.stringify({
        name,
        "dist-tags": { latest: version },
        versions: { [version]: { name, version } },
      }),
    );
  });
  return `http://${await listening(server)}/`;
}

it("a version of CDK Terrain that is newer than the tested one is named, with exit code 2", async () => {
  const program = join(PROJECT, "build/scripts/upstream/cdk-terrain.js");
  const run = async (version: string) =>
    startIn(
      folder(),
      { ...process.env, npm_config_registry: await registryWith(version) },
      process.execPath,
      program,
    );
  const untested = (name: string, tested: string, newest = "99.0.0") =>
    `${name} ${newest} is untested: docs/how-to/cdktn.md installs ${tested}\n`;
  expect(await run("99.0.0")).toEqual({
    status: 2,
    output: `${untested("cdktn", "0.24.0")}${untested("@cdktn/provider-aws", "25.7.0")}`,
  });
  expect(await run("0.24.0")).toEqual({
    status: 2,
    output: untested("@cdktn/provider-aws", "25.7.0", "0.24.0"),
  });
});
