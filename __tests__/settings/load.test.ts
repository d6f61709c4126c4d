import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deploymentsNamed } from "../../src/cli/commands/support/select-deployments";
import { loadDeployments } from "../../src/settings/load";
import { deploymentsFolder, outputFolder } from "../../src/settings/paths";
import { MINIMAL } from "../helpers/settings-files";

describe("the folder of the deployments", () => {
  it("that is missing is named, with what to do", () => {
    const root = mkdtempSync(join(tmpdir(), "settings-"));
    const folder = join(root, "elsewhere");
    try {
      expect(() => loadDeployments(folder)).toThrow(
        new Error(`${folder} has 1 error:\n  cannot be read as a folder; create it and add one YAML file per deployment`),
      );
    } finally {
      rmSync(root, { recursive: true });
    }
  });
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

  it.each(["{", "deployments=elsewhere", "null", "5", "[]", '"elsewhere"', '{"deployments":5}', '{"deployments":""}'])(
    "rejects the context %s",
    (context) => {
      expect(() => deploymentsFolder({ CDKTF_CONTEXT_JSON: context })).toThrow(
        new Error('CDKTF_CONTEXT_JSON: is not a JSON object with a folder; write for example {"deployments":"elsewhere"}'),
      );
    },
  );
});

describe("outputFolder", () => {
  it("is CDKTF's", () => {
    const folders = [{}, { CDKTF_OUTDIR: "" }, { CDKTF_OUTDIR: "out" }].map(outputFolder);
    expect(folders).toEqual(["cdktf.out", "cdktf.out", "out"]);
  });
});

const file = (name: string, extra = "") =>
  `region: eu-central-1\nbackend: { s3: { bucket: states } }\nuser: { name: ${name} }\npolicy: { name: ${name} }\n${extra}`;

describe("deploymentsNamed", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "selection-"));
    mkdirSync(join(root, "deployments"));
  });

  afterEach(() => rmSync(root, { recursive: true }));

  function select(files: Readonly<Record<string, string>>, stack?: string, change?: { readonly mode: "scoped" }) {
    const folder = join(root, "deployments");
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
    }
    try {
      const names = stack === undefined ? [] : [stack];
      const { deployments, stacks, others } = deploymentsNamed(folder, names, change);
      return { deployment: deployments[0], stacks, others: others?.message.replaceAll(folder, "deployments") };
    } catch (error) {
      return { error: (error as Error).message.replaceAll(folder, "deployments") };
    }
  }

  it("selects a valid deployment beside an invalid one, and reports the other", () => {
    const { deployment, stacks, others } = select({ "broken.yaml": "regoin: x\n", "prod.yaml": file("prod") }, "prod");
    expect([deployment?.stack, stacks]).toEqual(["prod", ["broken", "prod"]]);
    expect(others).toBe(
      [
        "deployments/broken.yaml has 3 errors:",
        '  region: missing; write the Region DKP will run in, for example "eu-central-1"',
        "  backend: missing: the settings must say where the Terraform state is; write for example backend: { s3: { bucket: my-state, region: eu-central-1 } }",
        '  line 1, regoin: unknown setting, did you mean "region"?',
      ].join("\n"),
    );
  });

  it("reports only the errors of the selected deployment when that is invalid", () => {
    expect(select({ "broken.yaml": "regoin: x\n", "prod.yaml": file("prod", "protect: 1\n") }, "prod")).toEqual({
      error: "deployments/prod.yaml has 1 error:\n  line 5, protect: 1 is not true or false",
    });
  });

  it("changes the policy of the selected deployment only", () => {
    const files = { "dev.yaml": file("dev", "cluster: { prefix: dev }\n"), "prod.yaml": file("prod") };
    const { deployment, others } = select(files, "dev", { mode: "scoped" });
    expect([deployment?.policy.mode, others]).toEqual(["scoped", undefined]);
  });

  it("selects the only deployment when no stack is named", () => {
    expect(select({ "dev.yaml": file("dev") }).deployment?.stack).toBe("dev");
  });

  it("asks for a stack when there are several, whether they are valid or not", () => {
    expect(select({ "broken.yaml": "x", "prod.yaml": file("prod") })).toEqual({ error: "name a stack: broken, prod" });
  });

  it("reports, and does not reject, what the selected deployment has in common with another", () => {
    const { deployment, others } = select({ "a.yaml": file("same"), "b.yaml": file("same") }, "b");
    expect(deployment?.stack).toBe("b");
    expect(others).toBe(
      [
        "deployments/b.yaml has 2 errors:",
        '  line 3, user.name: "same" is also the user of deployments/a.yaml, in the same account (IAM ignores case); set another in one of the two files, for example "same-b" here',
        '  line 4, policy.name: "same" is also the policy of deployments/a.yaml, in the same account (IAM ignores case); set another in one of the two files, for example "same-b" here',
      ].join("\n"),
    );
  });
});

/** The errors of `deployments/dev.yaml` when something other than this text is there. */
function errorsOfFile(create: (path: string) => void): string {
  const root = mkdtempSync(join(tmpdir(), "settings-"));
  const folder = join(root, "deployments");
  mkdirSync(folder);
  create(join(folder, "dev.yaml"));
  try {
    loadDeployments(folder);
  } catch (error) {
    return (error as Error).message.replaceAll(folder, "deployments");
  } finally {
    rmSync(root, { recursive: true });
  }
  throw new Error("accepted");
}

const fileError = (error: string) => `deployments/dev.yaml has 1 error:\n  ${error}`;

describe("a settings file that is not an ordinary file", () => {
  it("is rejected when it is a FIFO, without waiting for a writer", () => {
    expect(errorsOfFile((path) => spawnSync("mkfifo", [path]))).toBe(fileError("is not a regular file; replace it with one"));
  });

  it.each(["/dev/zero", "/dev/urandom", "/dev/null"])("is rejected when it is a link to the device %s", (device) => {
    expect(errorsOfFile((path) => symlinkSync(device, path))).toBe(fileError("is not a regular file; replace it with one"));
  });

  it("is not echoed when it is a link to a file that holds no settings", () => {
    const root = mkdtempSync(join(tmpdir(), "settings-"));
    const target = join(root, "hostname");
    writeFileSync(target, "internal-host-7\n");
    const message = errorsOfFile((path) => symlinkSync(target, path));
    rmSync(root, { recursive: true });
    expect(message).toBe(fileError("holds a string and not an object; write KEY: VALUE lines"));
  });

  it("is rejected when it is larger than any settings file, or than DKP's installation file", () => {
    expect(errorsOfFile((path) => writeFileSync(path, "#".repeat(2 ** 20 + 1)))).toBe(
      fileError("is larger than 1 MiB, the limit; make it smaller"),
    );
  });

  it("is rejected when it is not UTF-8", () => {
    expect(
      errorsOfFile((path) => writeFileSync(path, Buffer.from(`${MINIMAL}policy: { description: caf\xe9 }\n`, "latin1"))),
    ).toBe(fileError("is not encoded in UTF-8; save it in UTF-8"));
  });
});
