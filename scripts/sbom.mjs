import { createHash } from "node:crypto";

/**
 * Of a package's manifest. SPDX's identifiers have no spaces. npm has authors as objects, or as one
 * string with address and page.
 */
const component = (type, { name, version, license, author }) => ({
  type,
  "bom-ref": reference({ name, version }),
  supplier: { name: (author?.name ?? author)?.replace(/ *[<(].*$/, "") || "unknown" },
  name,
  version,
  licenses: [{ license: license.includes(" ") ? { name: license } : { id: license } }],
  purl: reference({ name, version }),
});

const reference = ({ name, version }) => `pkg:npm/${name.replace("@", "%40")}@${version}`;

/**
 * A UUID (RFC 9562, version 8) that follows from the content, so that the same content has the same
 * one.
 */
function uuidOf(contents) {
  const digest = createHash("sha256").update(Buffer.concat(contents)).digest("hex");
  return digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-8$3-8$4-$5");
}

/**
 * A software bill of materials in CycloneDX 1.6, with the minimum elements that NTIA names (2021):
 * supplier, name, version, identifier and dependencies of each component, author, time. GitHub's
 * action actions/attest accepts no file without `serialNumber`.
 * @param program the files of the bundled program; `manifest`: that of this package; `bundled` and `installed`:
 * the manifests of the packages that the program contains, and that npm installs beside it;
 * `imports`: which package imports which, as pairs; `tool`: what bundled the program
 */
export function sbom({ program, manifest, bundled, installed, imports, tool, time }) {
  const name = `${manifest.name} project`;
  const listed = [
    ...new Map([...bundled, ...installed].map((each) => [reference(each), each])).values(),
  ];
  const dependencies = [...imports, ...installed.map((each) => [manifest, each])].map((pair) =>
    pair.map(reference),
  );
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(program)}`,
    version: 1,
    metadata: {
      timestamp: time.toISOString(),
      authors: [{ name }],
      supplier: { name },
      tools: { components: [{ type: "application", name: tool.name, version: tool.version }] },
      component: {
        ...component("application", { ...manifest, author: name }),
        description:
          "Lists every package that dist/program.js and dist/aws-sdk.js contain, and the packages that package.json names as dependencies, without those that they depend on.",
      },
    },
    components: listed.map((each) => component("library", each)),
    dependencies: [manifest, ...listed].map(reference).map((ref) => ({
      ref,
      dependsOn: [
        ...new Set(
          dependencies.filter(([from, to]) => from === ref && to !== ref).map(([, to]) => to),
        ),
      ].sort(),
    })),
    compositions: [{ aggregate: "incomplete", dependencies: installed.map(reference) }],
  };
}
