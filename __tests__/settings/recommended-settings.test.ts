import { readFileSync } from "node:fs";
import { join } from "node:path";
import { recommendedYaml } from "../../scripts/generate/reference-tables";
import { RECOMMENDED_SETTINGS } from "../../src/cli/recommended-settings";
import { RSA_KEY } from "../helpers/pgp-keys";
import { PROJECT } from "../helpers/project-root";
import { reviewOf } from "../helpers/reviewed";

/** The recommended settings; the fields of the installation file are written out. */
const recommended = recommendedYaml()
  .replaceAll("BASE64", RSA_KEY)
  .replace("configFile: cluster.yml", "prefix: dev\n  layout: Standard");

describe("the recommended settings", () => {
  it("leave only the choices to a reviewer that depend on the company", () => {
    const weak = reviewOf(recommended, {}).weakChoices.map(({ setting }) => setting);
    expect(weak).toEqual(["user.allowedNetworks", "user.permissionsBoundary"]);
  });

  it("are in the template of dkp-access init, with their reasons", () => {
    const template = readFileSync(join(PROJECT, "templates/deployment.yaml"), "utf8");
    const named = [...template.matchAll(/\{\{ (\w+) \| sentence \}\}/g)].map(([, name]) => name);
    expect(named.sort()).toEqual(Object.keys(RECOMMENDED_SETTINGS).sort());
  });
});
