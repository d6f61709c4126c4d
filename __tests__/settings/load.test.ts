import { symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { selectDeployments } from "../../packages/cli/src/commands/support/deployments";
import { loadDeployments } from "../../src/settings/load";
import { deploymentsFolder, outputFolder } from "../../src/settings/paths";
import { settingsWarnings } from "../../src/settings/settings-notes";
import { folderForEach, inFolder, SETTINGS, settingsOf } from "../helpers/folder";
import { KEY_ID, MINIMAL, SECRET_KEY } from "../helpers/settings-files";

const { at, write } = folderForEach();

it("a folder of deployments that is missing is named, with what to do", () => {
  expect(() => loadDeployments(at("elsewhere"))).toThrow(
    new Error(
      `${at("elsewhere")} has 1 error:\n  cannot be read as a folder; create it and add one YAML file per deployment`,
    ),
  );
});

describe("deploymentsFolder", () => {
  it.each([
    ["no context", undefined, "deployments"],
    ["an empty context", "", "deployments"],
    ["another context value", '{"other":1}', "deployments"],
    ["the context value", '{"deployments":"elsewhere","other":1}', "elsewhere"],
  ])("with %s", (_, context, folder) => {
    expect(deploymentsFolder({ CDKTF_CONTEXT_JSON: context })).toBe(folder);
  });

  it.each(["{", "null", '"elsewhere"', '{"deployments":5}', '{"deployments":""}'])(
    "rejects the context %s",
    (context) => {
      expect(() => deploymentsFolder({ CDKTF_CONTEXT_JSON: context })).toThrow(
        new Error(
          'CDKTF_CONTEXT_JSON: is not a JSON object with a folder; write for example {"deployments":"elsewhere"}',
        ),
      );
    },
  );
});

it("outputFolder is CDKTF's", () => {
  const folders = [{}, { CDKTF_OUTDIR: "" }, { CDKTF_OUTDIR: "out" }].map(outputFolder);
  expect(folders).toEqual(["cdktf.out", "cdktf.out", "out"]);
});

describe("selectDeployments", () => {
  function select(
    files: Readonly<Record<string, string>>,
    stack?: string,
    change?: { readonly mode: "scoped" },
  ) {
    const folder = at("deployments");
    write(
      Object.fromEntries(
        Object.entries(files).map(([name, text]) => [`deployments/${name}`, text]),
      ),
    );
    try {
      const names = stack === undefined ? [] : [stack];
      let warnings = "";
      const printError = (text: string) => {
        warnings += text.replaceAll(folder, "deployments");
      };
      const { deployments } = selectDeployments({ settings: folder, printError }, names, change);
      return { deployment: deployments[0], warnings };
    } catch (error) {
      return { error: (error as Error).message.replaceAll(folder, "deployments") };
    }
  }

  it("reports only the errors of the selected deployment when that is invalid", () => {
    expect(
      select(
        { "broken.yaml": "regoin: x\n", "prod.yaml": `${settingsOf("prod")}protect: 1\n` },
        "prod",
      ),
    ).toEqual({
      error: "deployments/prod.yaml has 1 error:\n  line 5, protect: 1 is not true or false",
    });
  });

  it("rejects the selected deployment for an error in the defaults, and only for its own others", () => {
    const files = {
      "defaults.yaml": `${SETTINGS}protct: true\n`,
      "a.yaml": "protect: 1\n",
      "b.yaml": "user: { name: b }\n",
    };
    expect(select(files, "b")).toEqual({
      error:
        'deployments/defaults.yaml has 1 error:\n  line 3, protct: unknown setting, did you mean "protect"?',
    });
  });

  it("changes the policy of the selected deployment only", () => {
    const files = {
      "dev.yaml": `${settingsOf("dev")}cluster: { prefix: dev }\n`,
      "prod.yaml": settingsOf("prod"),
    };
    const { deployment, warnings } = select(files, "dev", { mode: "scoped" });
    expect([deployment?.policy.mode, warnings]).toEqual(["scoped", ""]);
  });

  it("reports, and does not reject, what the selected deployment has in common with another", () => {
    const { deployment, warnings } = select(
      { "a.yaml": settingsOf("same"), "b.yaml": settingsOf("same") },
      "b",
    );
    expect(deployment?.stack).toBe("b");
    expect(warnings).toBe(
      [
        "warning: deployments/b.yaml has 1 error:",
        '  line 3, user.name: "same" is also the user, and "same" the policy of deployments/a.yaml (IAM ignores case); set others in one of the two files, or, if these are two accounts, accountId in both files',
        "warning: continuing with b\n",
      ].join("\n"),
    );
  });
});

it("defaults with marks of init are a warning in each deployment, with the file", () => {
  write({
    "deployments/defaults.yaml": "region: eu-central-1 # CHANGE\nbackend: { local: } # CHANGE\n",
  });
  write({ "deployments/dev.yaml": "protect: true # CHANGE\n" });
  const warnings = inFolder(at(), () => loadDeployments("deployments").flatMap(settingsWarnings));
  const message =
    "ends with # CHANGE, as init writes it; write your own value, and remove the comment";
  expect(warnings).toEqual([
    `line 1: ${message}`,
    `line 1, 2 of deployments/defaults.yaml: ${message}`,
  ]);
});

it.each<[string, (path: string) => unknown, string]>([
  [
    "is a link to a file without settings, which is not shown",
    (path) => {
      write({ hostname: "internal-host-7\n" });
      symlinkSync(at("hostname"), path);
    },
    "holds a string and not an object; write KEY: VALUE lines",
  ],
  [
    "is not UTF-8",
    () =>
      write({ "deployments/dev.yaml": Buffer.from(`${MINIMAL}tags: { a: caf\xe9 }\n`, "latin1") }),
    "is not encoded in UTF-8; save it in UTF-8",
  ],
])("a settings file is rejected if it %s", (_, create, error) => {
  write({ "deployments/": "" });
  create(at("deployments/dev.yaml"));
  expect(() => loadDeployments(at("deployments"))).toThrow(
    new Error(`${at("deployments")}/dev.yaml has 1 error:\n  ${error}`),
  );
});

describe("DKP's installation file", () => {
  const read = (path: string) => {
    write({ "deployments/dev.yaml": `${MINIMAL}cluster: { configFile: ${path} }\n` });
    return inFolder(at(), () => loadDeployments("deployments"));
  };

  it.each(["/etc/config.yml", "link/config.yml"])("lies inside the project, not at %s", (path) => {
    symlinkSync(tmpdir(), at("link"));
    expect(() => read(path)).toThrow(
      `cluster.configFile: "${path}" is outside the project; copy the file into the project`,
    );
  });

  it("has credentials that do not get into the deployment", () => {
    const provider = `provider: { providerAccessKeyId: ${KEY_ID}, providerSecretAccessKey: ${SECRET_KEY} }`;
    write({
      "config.yml": `kind: AWSClusterConfiguration\n${provider}\n---\nkind: InitConfiguration\na: hunter2\n`,
    });
    const deployments = read("config.yml");
    expect(JSON.stringify(deployments)).not.toMatch(new RegExp(`${KEY_ID}|${SECRET_KEY}|hunter2`));
    expect(deployments.flatMap(settingsWarnings)).toEqual([
      'cluster.configFile: line 2 of "config.yml" has a secret access key; name a copy without it before you commit',
    ]);
  });
});
