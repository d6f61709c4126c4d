// Bundles the command-line program into dist/, with the licenses of what the bundle contains, and
// the list of it as an SBOM in CycloneDX. The script prepack runs it.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { sbom } from "./sbom.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifestIn = (folder) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
const manifest = manifestIn(".");
const { dependencies, peerDependencies } = manifest;

/**
 * The bundle contains CDKTF and the provider's bindings, because loading their files takes half of
 * a start. If npm installed another version of them beside this package, such as CDK Terrain under
 * its name, the bundle uses that instead. It never looks into the node_modules of folders above,
 * which other projects and users of the computer fill.
 */
const peers = {
  name: "peers",
  setup({ onResolve, onLoad }) {
    const { version } = manifestIn("node_modules/cdktf");
    const installed = `
      const { existsSync } = require("node:fs");
      const { basename, join } = require("node:path");
      const folder = join(__dirname, "../..");
      const installed = require;
      exports.load = (name) => installed(join(folder, name));
      exports.isOther =
        basename(folder) === "node_modules" &&
        ["cdktf", "constructs", "@cdktf/provider-aws"].every((name) => existsSync(join(folder, name, "package.json"))) &&
        exports.load("cdktf/package.json").version !== ${JSON.stringify(version)};`;
    const filter = new RegExp(`^(${Object.keys(peerDependencies).join("|")})(/|$)`);
    onResolve({ filter }, ({ path, namespace }) =>
      namespace === "peer" ? undefined : { path, namespace: "peer" },
    );
    onResolve({ filter: /^installed-packages$/ }, ({ path }) => ({ path, namespace: "peer" }));
    onLoad({ filter: /./, namespace: "peer" }, ({ path }) => ({
      contents:
        path === "installed-packages"
          ? installed
          : `const { isOther, load } = require("installed-packages");
             module.exports = isOther ? load(${JSON.stringify(path)}) : require(${JSON.stringify(path)});`,
      resolveDir: root,
    }));
  },
};

/**
 * CDKTF packs the folders of assets with `archiver`. No deployment has assets, and 41 packages are
 * in the bundle only for that.
 */
const withoutAssets = {
  name: "without-assets",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^archiver$/ }, ({ path }) => ({ path, namespace: "without-assets" }));
    onLoad({ filter: /./, namespace: "without-assets" }, () => ({ contents: "" }));
  },
};

/** CDKTF calls `util.isArray`, for which Node.js 22 and newer print a warning. */
const withoutDeprecatedCalls = {
  name: "without-deprecated-calls",
  setup({ onLoad }) {
    onLoad({ filter: /\/cdktf\/lib\/terraform-output\.js$/ }, ({ path }) => {
      const [before, after] = ["(0, util_2.isArray)(object)", "Array.isArray(object)"];
      const text = readFileSync(path, "utf8");
      if (!text.includes(before)) {
        throw new Error(`${path}: no longer contains ${before}; remove the replacement`);
      }
      return { contents: text.replace(before, after) };
    });
  },
};

/** What only calls of AWS need. */
const AWS = [
  ...["ec2", "iam", "sts"].map((service) => `@aws-sdk/client-${service}`),
  ...["@aws-sdk/credential-providers", "@smithy/node-http-handler"],
  ...["https-proxy-agent", "proxy-from-env"],
];

/** It is in a file of its own, which the first call loads: it would double the time of a start. */
const lateAws = {
  name: "late-aws",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${AWS.join("|")})$`) }, ({ path, importer }) =>
      importer.includes("node_modules") ? undefined : { path, namespace: "late-aws" },
    );
    onResolve({ filter: /^\.\/aws-sdk\.js$/, namespace: "late-aws" }, ({ path }) => ({
      path,
      external: true,
    }));
    onLoad({ filter: /./, namespace: "late-aws" }, ({ path }) => ({
      contents: `module.exports = require("./aws-sdk.js")[${JSON.stringify(path)}];`,
    }));
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20.9",
  metafile: true,
  logLevel: "warning",
};
const metafiles = await Promise.all([
  build({
    ...common,
    entryPoints: ["packages/cli/src/commands/main.ts"],
    outfile: "dist/program.js",
    plugins: [peers, withoutAssets, withoutDeprecatedCalls, lateAws],
  }),
  build({
    ...common,
    stdin: {
      contents: `module.exports = {
        ${AWS.map((name) => `get ${JSON.stringify(name)}() { return require(${JSON.stringify(name)}); },`).join("\n")}
      };`,
      resolveDir: root,
    },
    outfile: "dist/aws-sdk.js",
  }),
]);

const outputs = metafiles.flatMap(({ metafile }) => Object.values(metafile.outputs));
const inputs = Object.assign({}, ...outputs.map((output) => output.inputs));

/**
 * The folder of the package that an input of the bundle belongs to; this package, for its own
 * sources.
 */
const folderOf = (path) =>
  /^(?:.*node_modules\/|peer:)(?:@[^/]+\/)?[^/]+/
    .exec(path)?.[0]
    .replace(/^peer:/, "node_modules/") ?? ".";

const folders = Object.keys(inputs)
  .filter((path) => path.includes("node_modules/") && inputs[path].bytesInOutput > 0)
  .map(folderOf);
const bundled = new Map([...new Set(folders)].sort().map((folder) => [folder, manifestIn(folder)]));

const sections = [...bundled].map(([folder, { name, version, license, repository }]) => {
  const texts = readdirSync(join(root, folder)).filter((file) =>
    /^(license|notice|copying)/i.test(file),
  );
  const source = typeof repository === "string" ? repository : repository?.url;
  return [
    `${name} ${version}: ${license}, source: ${source}`,
    ...texts.map((file) => readFileSync(join(root, folder, file), "utf8").trim()),
  ].join("\n\n");
});
writeFileSync(
  join(root, "dist/program-licenses.txt"),
  `Packages that program.js and aws-sdk.js contain\n\n${sections.join(`\n\n${"-".repeat(80)}\n\n`)}\n`,
);

const manifests = new Map([...bundled, [".", manifest]]);
const seconds =
  process.env.SOURCE_DATE_EPOCH ??
  spawnSync("git", ["log", "-1", "--format=%ct"], { cwd: root, encoding: "utf8" }).stdout;
const contents = sbom({
  program: ["program.js", "aws-sdk.js"].map((file) => readFileSync(join(root, "dist", file))),
  manifest,
  bundled: [...bundled.values()],
  installed: Object.keys(dependencies).map((name) => manifestIn(`node_modules/${name}`)),
  imports: metafiles
    .flatMap(({ metafile }) => Object.entries(metafile.inputs))
    .flatMap(([path, { imports }]) =>
      imports.filter(({ external }) => !external).map((imported) => [path, imported.path]),
    )
    .map((paths) => paths.map((path) => manifests.get(folderOf(path))))
    .filter(([from, to]) => from && to),
  tool: manifestIn("node_modules/esbuild"),
  time: seconds ? new Date(seconds * 1000) : new Date(),
});
writeFileSync(join(root, "dist/sbom.cdx.json"), `${JSON.stringify(contents, null, 2)}\n`);
