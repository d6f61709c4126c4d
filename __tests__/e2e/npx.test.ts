import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { blockWith } from "../helpers/blocks";
import { PROJECT } from "../helpers/project-root";
import { folder, write } from "./support/project";
import { closed, listening } from "./support/server";
import { mustSucceed, runIn } from "./support/terraform";

const NAMES = ["dkp-access", "cdktf"];

async function externalRegistry() {
  const mark = join(folder(), "external-program-ran");
  const packed = Object.fromEntries(NAMES.map((name) => [name, externalPackage(name, mark)]));
  const server = createServer(({ url = "/", headers }, response) => {
    const [, name = "", file] = url.split("/").map(decodeURIComponent);
    const content = packed[name];
    if (content === undefined) {
      response.writeHead(404).end("{}");
    } else if (file === undefined) {
      response.end(JSON.stringify(registryDocument(name, content, `http://${headers.host}`)));
    } else {
      response.end(content);
    }
  });
  return { url: `http://${await listening(server)}/`, mark, stop: () => closed(server) };
}

function externalPackage(name: string, mark: string) {
  const program = `#!/usr/bin/env node\nrequire("fs").writeFileSync(${JSON.stringify(mark)}, process.argv.join(" "));\n`;
  const path = folder({
    "package/package.json": JSON.stringify({
      name,
      version: "0.21.0",
      bin: { [name]: "run.js" },
    }),
    "package/run.js": program,
  });
  mustSucceed(runIn(path, process.env, "tar", "-czf", "packed.tgz", "package"));
  return readFileSync(join(path, "packed.tgz"));
}

function registryDocument(name: string, content: Buffer, registry: string) {
  const integrity = `sha512-${createHash("sha512").update(content).digest("base64")}`;
  const version = {
    name,
    version: "0.21.0",
    bin: { [name]: "run.js" },
    dist: { tarball: `${registry}/${name}/packed.tgz`, integrity },
  };
  return { name, "dist-tags": { latest: "0.21.0" }, versions: { "0.21.0": version } };
}

it("npm installs a repository without a registry from the cache that the commands of docs/how-to/deploy.md fill", async () => {
  const registry = await externalRegistry();
  const repository = folder({
    "package.json": JSON.stringify({ dependencies: { cdktf: "0.21.0" } }),
  });
  const env = {
    PATH: process.env.PATH,
    HOME: folder(),
    npm_config_registry: registry.url,
    npm_config_fetch_retries: "0",
  };
  const run = async (command: string) => {
    const [status] = await once(
      spawn("sh", ["-c", command], { cwd: repository, env, stdio: "ignore" }),
      "close",
    );
    return { status, isInstalled: existsSync(join(repository, "node_modules/cdktf/run.js")) };
  };
  const [online = "", offline = ""] = blockWith("npm ci --cache", "docs/how-to/deploy.md").split(
    "\n",
  );
  expect(await run("npm install --package-lock-only")).toEqual({ status: 0, isInstalled: false });
  expect(await run(online)).toEqual({ status: 0, isInstalled: true });
  rmSync(join(repository, "node_modules"), { recursive: true });
  registry.stop();
  expect(await run("npm ci --cache ./empty --offline")).toEqual({ status: 1, isInstalled: false });
  expect(await run(offline)).toEqual({ status: 0, isInstalled: true });
});

describe("npx, where an external package has the name of this one and nothing is installed", () => {
  let registry: Awaited<ReturnType<typeof externalRegistry>>;
  let repository: string;

  beforeAll(async () => {
    registry = await externalRegistry();
    repository = join(folder(), "acme");
    mustSucceed(
      runIn(
        PROJECT,
        process.env,
        process.execPath,
        "bin/dkp-access",
        "init",
        repository,
        "--pipeline",
        "github",
      ),
    );
  });

  /** With npm's own settings, as in CI: whether the external program ran. */
  const externalRuns = async (line: string, cwd: string) => {
    const env = {
      PATH: process.env.PATH,
      HOME: folder(),
      CI: "true",
      npm_config_registry: registry.url,
      npm_config_fetch_retries: "0",
    };
    const [, ...args] = line.split(" ");
    await new Promise((resolve) =>
      spawn("npx", args, { cwd, env, stdio: "ignore" }).on("close", resolve),
    );
    const ran = existsSync(registry.mark);
    rmSync(registry.mark, { force: true });
    return ran;
  };

  it("runs the external program without --no and yes=false", async () => {
    expect(await externalRuns("npx dkp-access keys deckhouse", folder())).toBe(true);
    expect(await externalRuns("npx --no dkp-access keys deckhouse", folder())).toBe(false);
    const unprotected = join(folder(), "acme");
    cpSync(repository, unprotected, { recursive: true });
    write(unprotected, {
      ".npmrc": readFileSync(join(unprotected, ".npmrc"), "utf8").replace("yes=false\n", ""),
    });
    expect(await externalRuns("npx dkp-access keys deckhouse", unprotected)).toBe(true);
  });
});
