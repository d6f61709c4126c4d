import { deploymentOf, errorsOf, REGION } from "../../helpers/settings-files";

const errorsWithBackend = (backend: string) => errorsOf(`${REGION}${backend}\n`);

const EXAMPLE = "backend: { s3: { bucket: my-state, region: eu-central-1 } }";
const TYPES = "azurerm, consul, cos, gcs, http, kubernetes, local, oci, oss, pg, remote, s3";
const REMEDY = "write it, or set backend.partial to true and give it with -backend-config";

describe("the location of the state", () => {
  it("is required", () => {
    expect(errorsOf(REGION)).toEqual([
      `backend: missing: the location of the Terraform state must be stated; write for example ${EXAMPLE}`,
    ]);
  });

  it("is backend or cloud, not both", () => {
    expect(errorsWithBackend("backend: { s3: { bucket: b } }\ncloud: { organization: acme, workspaces: { name: dkp } }")).toEqual(
      ["line 3, cloud: is set together with backend, a state has one location; keep one of them"],
    );
  });

  it.each(["backend: {}", "backend: { partial: true }"])("has a backend type, which is missing in %s", (backend) => {
    expect(errorsWithBackend(backend)).toEqual([`line 2, backend: names no backend type; write one, for example ${EXAMPLE}`]);
  });

  it("has one backend type, not two", () => {
    expect(errorsWithBackend("backend: { s3: { bucket: b }, gcs: { bucket: b } }")).toEqual([
      "line 2, backend: names 2 types (s3, gcs), a state has one; keep one of them",
    ]);
  });

  it("has a backend type that Terraform knows", () => {
    expect(errorsWithBackend("backend: { etcd: {} }")).toEqual([
      `line 2, backend.etcd: unknown backend type, known are ${TYPES}`,
    ]);
  });

  it.each([
    ["s4", "s3"],
    ["S3", "s3"],
    ["azure_rm", "azurerm"],
    ["kubernets", "kubernetes"],
  ])("gets, with the unknown type %s, the near miss", (type, near) => {
    expect(errorsWithBackend(`backend: { ${type}: { bucket: b } }`)).toEqual([
      `line 2, backend.${type}: unknown backend type, did you mean "${near}"?`,
    ]);
  });

  it.each(["toString", "valueOf", "hasOwnProperty"])("has no type named %s, whatever JavaScript thinks", (type) => {
    expect(errorsWithBackend(`backend: { ${type}: {} }`)).toEqual([
      `line 2, backend.${type}: unknown backend type, known are ${TYPES}`,
    ]);
  });

  it.each(["__proto__", "constructor"])("rejects the name %s as a type", (type) => {
    expect(errorsWithBackend(`backend: { ${type}: {} }`)).toEqual([
      `line 2, backend.${type}: is a name that can't be used here; choose another`,
    ]);
  });

  it("is not `cloud` inside backend", () => {
    expect(errorsWithBackend("backend: { cloud: { organization: acme } }")).toEqual([
      "line 2, backend.cloud: is no backend type; write it as the setting `cloud`",
    ]);
  });
});

describe("backend arguments", () => {
  it.each([
    ["azurerm", { storage_account_name: "a", container_name: "b", key: "c", use_cli: true }],
    ["consul", { path: "a", gzip: true }],
    ["cos", { bucket: "b", region: "r" }],
    ["gcs", { bucket: "b", impersonate_service_account_delegates: ["a", "b"] }],
    ["http", { address: "https://state.example.com/dkp", retry_max: 3 }],
    ["kubernetes", { secret_suffix: "dkp", labels: { team: "platform" } }],
    ["local", { path: "states/dkp.tfstate" }],
    ["oci", { bucket: "b", namespace: "n" }],
    ["oss", { bucket: "b" }],
    ["pg", { conn_str: "postgres://db.example.com/terraform" }],
    ["remote", { organization: "acme", workspaces: { name: "dkp" } }],
    [
      "s3",
      {
        bucket: "b",
        assume_role: { role_arn: "arn:aws:iam::123456789012:role/r", tags: { a: "b" } },
        endpoints: { s3: "http://localhost:4566" },
      },
    ],
  ])("go through as they are: %s", (type, args) => {
    const backend = JSON.stringify({ [type]: args });
    expect(deploymentOf(`${REGION}backend: ${backend}\n`).state).toMatchObject({ type, arguments: args });
  });

  it.each([
    ["s3: { bucket: b, bukcet: b }", 's3.bukcet: unknown argument, did you mean "bucket"?'],
    ["s3: { bucket: b, useLockfile: true }", 's3.useLockfile: unknown argument, did you mean "use_lockfile"?'],
    ["s3: { bucket: b, assume_role: { rolearn: x } }", 's3.assume_role.rolearn: unknown argument, did you mean "role_arn"?'],
    ["s3: { bucket: b, endpoints: { ec2: x } }", "s3.endpoints.ec2: unknown argument, known are dynamodb, iam, s3, sso, sts"],
    ["local: { file: a }", "local.file: unknown argument, known are path, workspace_dir"],
    ["local: { toString: a }", "local.toString: unknown argument, known are path, workspace_dir"],
    ["local: { constructor: a }", "local.constructor: is a name that can't be used here; choose another"],
    ["remote: { organization: a, workspaces: { nane: a } }", 'remote.workspaces.nane: unknown argument, did you mean "name"?'],
  ])("have their names checked: %s", (backend, error) => {
    expect(errorsWithBackend(`backend: { ${backend} }`)).toEqual([`line 2, backend.${error}`]);
  });

  it("are reported all at once, each on its line", () => {
    expect(errorsWithBackend("backend:\n  s3:\n    bukcet: b\n    assume_role:\n      rol_arn: x\n    encrpt: true")).toEqual([
      `line 3, backend.s3.bucket: missing, the s3 backend requires it; ${REMEDY}`,
      'line 4, backend.s3.bukcet: unknown argument, did you mean "bucket"?',
      'line 6, backend.s3.assume_role.rol_arn: unknown argument, did you mean "role_arn"?',
      'line 7, backend.s3.encrpt: unknown argument, did you mean "encrypt"?',
    ]);
  });

  it.each([
    ["s3: {}", ["bucket"]],
    ["s3:", ["bucket"]],
    ["azurerm: {}", ["container_name", "key", "storage_account_name"]],
    ["gcs: { prefix: a }", ["bucket"]],
    ["http: {}", ["address"]],
    ["oci: { bucket: b }", ["namespace"]],
  ])("that the backend can't do without are required: %s", (backend, missing) => {
    const type = backend.replace(/:.*/, "");
    expect(errorsWithBackend(`backend: { ${backend} }`)).toEqual(
      missing.map((argument) => `line 2, backend.${type}.${argument}: missing, the ${type} backend requires it; ${REMEDY}`),
    );
  });

  it.each(["s3: {}", "azurerm: { key: dkp }", "remote: {}"])(
    "may be left to -backend-config with `partial: true`: %s",
    (backend) => {
      const type = backend.replace(/:.*/, "");
      expect(deploymentOf(`${REGION}backend: { ${backend}, partial: true }\n`).state.type).toBe(type);
    },
  );

  it("have their names checked with `partial: true` as well", () => {
    expect(errorsWithBackend("backend: { s3: { bukcet: b }, partial: true }")).toEqual([
      'line 2, backend.s3.bukcet: unknown argument, did you mean "bucket"?',
    ]);
  });

  it("are required with `partial: false`", () => {
    expect(errorsWithBackend("backend: { s3: {}, partial: false }")).toEqual([
      `line 2, backend.s3.bucket: missing, the s3 backend requires it; ${REMEDY}`,
    ]);
  });

  it.each([
    ["s3: { bucket: b, max_retries: 12345678901234567890 }", "s3.max_retries: 12345678901234567000"],
    ["s3: { bucket: b, allowed_account_ids: [12345678901234567890] }", "s3.allowed_account_ids.0: 12345678901234567000"],
    ["s3: { bucket: b, assume_role: { tags: { a: 0.5 } } }", "s3.assume_role.tags.a: 0.5"],
    ["s3: { bucket: b, assume_role: { duration: 0.5 } }", "s3.assume_role.duration: 0.5"],
  ])("may not be a number that would not arrive as it is written: %s", (backend, error) => {
    expect(errorsWithBackend(`backend: { ${backend} }`)).toEqual([
      `line 2, backend.${error} does not reach Terraform as it is written; write it in quotes`,
    ]);
  });
});

describe("cloud", () => {
  it("needs an organization and workspaces, which nothing but the settings can give", () => {
    const errors = errorsWithBackend("cloud: {}");
    expect(errors).toEqual([
      "line 2, cloud.organization: missing, the cloud backend requires it; write it",
      "line 2, cloud.workspaces: missing, the cloud backend requires it; write it",
    ]);
    // `backend` beside `cloud` is rejected, so it is no remedy.
    expect(errors.join()).not.toContain("backend.partial");
  });

  it.each([
    [
      "{ organisation: acme, organization: acme, workspaces: { name: dkp } }",
      'organisation: unknown argument, did you mean "organization"?',
    ],
    ["{ organization: acme, workspaces: { nmae: dkp } }", 'workspaces.nmae: unknown argument, did you mean "name"?'],
    ["{ organization: acme, workspaces: { prefix: dkp } }", "workspaces.prefix: unknown argument, known are name, project, tags"],
  ])("has its argument names checked: %s", (cloud, error) => {
    expect(errorsWithBackend(`cloud: ${cloud}`)).toEqual([`line 2, cloud.${error}`]);
  });
});

describe("local state", () => {
  it.each(["terraform.tfstate", "states/../a", "../outside", "cdktf.outside/a", "../cdktf.out/a", "..a"])(
    "may be at %s",
    (path) => {
      expect(deploymentOf(`${REGION}backend: { local: { path: "${path}" } }\n`).state.arguments).toEqual({ path });
    },
  );

  it.each(["path", "workspace_dir"])("has no absolute %s", (argument) => {
    expect(errorsWithBackend(`backend: { local: { ${argument}: /var/state } }`)).toEqual([
      `line 2, backend.local.${argument}: "/var/state" is absolute; write it relative to the project's root, so that it is valid on any computer`,
    ]);
  });

  it.each(["cdktf.out/a", "cdktf.out", "./cdktf.out/a", "states/../cdktf.out/a", "cdktf.out/..a"])(
    "is not at %s, inside CDKTF's output folder",
    (path) => {
      expect(errorsWithBackend(`backend: { local: { path: ${path} } }`)).toEqual([
        `line 2, backend.local.path: "${path}" lies in cdktf.out, which is rewritten and deleted freely; choose a path outside it`,
      ]);
    },
  );

  it.each(["5", "[a]"])("has no path that is not a string, which would end up inside CDKTF's output folder: %s", (path) => {
    expect(errorsWithBackend(`backend: { local: { path: ${path} } }`)).toEqual([
      expect.stringMatching(/^line 2, backend\.local\.path: /),
    ]);
  });
});
