import { expectGolden } from "../../../../__tests__/helpers/golden";
import { reviewPackOf } from "../../../../__tests__/helpers/packs";
import { changesAgainst } from "../../src/diff/packs/compare";
import { changesText } from "../../src/diff/render-summary";

const S3 = 'accountId: "123456789012"\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n';
const minimal = (cluster: string) =>
  `${S3}policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard${cluster} }\n`;
/** By intention, the settings before and after. */
const CHANGES: Readonly<Record<string, readonly [before: string, after: string]>> = {
  "another policy mode: documented to scoped": [
    S3,
    `${S3}policy: { mode: scoped }\ncluster: { prefix: dev }\n`,
  ],
  "another policy mode: scoped to minimal": [
    `${S3}policy: { mode: scoped }\ncluster: { prefix: dev, layout: Standard }\n`,
    minimal(""),
  ],
  "snapshots of volumes": [minimal(""), `${minimal("")}features: [volume-snapshots]\n`],
  "a tag of the cluster": [minimal(""), minimal(", tags: { team: platform }")],
  "the first tags of the resources": [S3, `${S3}tags: { team: platform }\n`],
  "a role for nodes": [S3, `${S3}nodeRole: { name: dkp-nodes }\n`],
  "from Terraform's key to rotate": [S3, `${S3}accessKeys: { managedBy: rotate }\n`],
  "from rotate to a key of Terraform": [`${S3}accessKeys: { managedBy: rotate }\n`, S3],
  "another name of the user": [S3, `${S3}user: { name: other }\n`],
  "a key that works from some networks alone": [
    minimal(""),
    `${minimal("")}user: { allowedNetworks: { cidrs: [198.51.100.0/24] } }\n`,
  ],
  "other tags of the user": [`${S3}tags: { team: a }\n`, `${S3}tags: { team: admin }\n`],
  "another bucket of the state": [S3, S3.replace("bucket: state", "bucket: other")],
};

it("typical changes of settings have these summaries", () => {
  const text = Object.entries(CHANGES)
    .map(([title, [before, after]]) => {
      const changes = changesAgainst(
        { dev: reviewPackOf(before) },
        { dev: reviewPackOf(after) },
        "git ref main",
      );
      return `==== ${title}\n\n${changesText(changes)}`;
    })
    .join("\n");
  expectGolden("typical-changes.txt", text);
});
