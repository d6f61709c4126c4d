import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { committedKeys } from "../../../src/cli/account/committed-keys";
import { readConfigFile } from "../../../src/settings/config-file";

const ID = ["AKIA", "Z7QWJ2KX4MNB5TYR"].join("");
const SECRET = ["qK3vZr8Lw1YpN6xTd0Gb", "5HsJc9MfUe2RaVi7OtXk"].join("");
const CONFIG = `kind: AWSClusterConfiguration
layout: Standard
vpcNetworkCIDR: 10.0.0.0/16
provider:
  providerAccessKeyId: ${ID}
  providerSecretAccessKey: "${SECRET}"
  region: eu-central-1
`;

describe("access keys in DKP's installation file", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "committed-"));
    file = join(folder, "config.yml");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const git = (...args: readonly string[]) => expect(spawnSync("git", ["-C", folder, ...args]).status).toBe(0);
  const installationFile = () => {
    const read = readConfigFile(file);
    if ("errors" in read) {
      throw new Error(read.errors.map(({ message }) => message).join());
    }
    return read.config.installationFile;
  };
  const warning = (line: number, what: string) =>
    `cluster.configFile: ${file}, line ${line}: has ${what} (not shown), and Git tracks the file; replace the key, and keep provider out of the committed file`;

  it("have a warning for each line if Git tracks the file, without the values", () => {
    writeFileSync(file, CONFIG);
    git("init", "--quiet");
    git("add", "config.yml");
    const warnings = committedKeys(installationFile(), { ...process.env, GIT_DIR: "/nowhere" });
    expect(warnings).toEqual([warning(5, "an AWS access key id"), warning(6, "an AWS secret access key")]);
    expect(warnings.join()).not.toMatch(new RegExp(`${ID}|${SECRET}`));
  });

  it("have none if Git does not track the file, or there is no Git repository", () => {
    writeFileSync(file, CONFIG);
    expect(committedKeys(installationFile(), process.env)).toEqual([]);
    git("init", "--quiet");
    expect(committedKeys(installationFile(), process.env)).toEqual([]);
  });

  it("have none for placeholders", () => {
    writeFileSync(file, CONFIG.replace(ID, "'<AWS_ACCESS_KEY>'").replace(SECRET, "*!CHANGE_MY_SECRET*"));
    git("init", "--quiet");
    git("add", "config.yml");
    expect(committedKeys(installationFile(), process.env)).toEqual([]);
  });
});
