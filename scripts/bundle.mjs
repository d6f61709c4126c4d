// Bundles the command-line program into dist/, with the licenses of what the bundle contains, and the list of it as an SBOM in
// CycloneDX. The script prepack runs it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const { name, version, license, optionalDependencies, peerDependencies } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

/**
 * The bundle contains CDKTF and the provider's bindings, because loading their files takes half of a start. If another version of
 * CDKTF is installed, such as CDK Terrain under its name, the bundle uses the installed packages instead.
 */
const peers = {
  name: "peers",
  setup({ onResolve, onLoad }) {
    const { version } = JSON.parse(readFileSync(join(root, "node_modules/cdktf/package.json"), "utf8"));
    const installed = `
      const installed = require;
      exports.load = (name) => installed(name);
      exports.isOther = (() => {
        try {
          return installed("cdktf/package.json").version !== ${JSON.stringify(version)};
        } catch {
          return false;
        }
      })();`;
    const filter = new RegExp(`^(${Object.keys(peerDependencies).join("|")})(/|$)`);
    onResolve({ filter }, ({ path, namespace }) => (namespace === "peer" ? undefined : { path, namespace: "peer" }));
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

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["src/cli/commands/main.ts"],
  outfile: "dist/program.js",
  bundle: true,
  platform: "node",
  target: "node20.9",
  external: Object.keys(optionalDependencies),
  plugins: [peers],
  metafile: true,
  logLevel: "warning",
});

/** The folders of the packages that the bundle contains code of. */
const packages = new Set(
  Object.entries(metafile.outputs["dist/program.js"].inputs)
    .filter(([path, { bytesInOutput }]) => path.includes("node_modules/") && bytesInOutput > 0)
    .map(([path]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)[0]),
);

const manifests = [...packages]
  .sort()
  .map((path) => ({ folder: join(root, path), ...JSON.parse(readFileSync(join(root, path, "package.json"), "utf8")) }));

const sections = manifests.map(({ folder, name, version, license, repository }) => {
  const texts = readdirSync(folder).filter((file) => /^(license|notice|copying)/i.test(file));
  const source = typeof repository === "string" ? repository : repository?.url;
  return [
    `${name} ${version}: ${license}, source: ${source}`,
    ...texts.map((file) => readFileSync(join(folder, file), "utf8").trim()),
  ].join("\n\n");
});
writeFileSync(
  join(root, "dist/program-licenses.txt"),
  `Packages that program.js contains\n\n${sections.join(`\n\n${"-".repeat(80)}\n\n`)}\n`,
);

const component = (type, { name, version, license }) => ({
  type,
  "bom-ref": `pkg:npm/${name.replace("@", "%40")}@${version}`,
  name,
  version,
  licenses: [{ license: { name: license } }],
  purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
});
const sbom = {
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  version: 1,
  metadata: { component: component("application", { name, version, license }) },
  components: manifests.map((manifest) => component("library", manifest)),
};
writeFileSync(join(root, "dist/sbom.cdx.json"), `${JSON.stringify(sbom, null, 2)}\n`);
