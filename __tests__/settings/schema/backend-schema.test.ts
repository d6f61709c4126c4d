import { meaningOf } from "../../../src/settings/schema/fields";
import { argumentsOf, BACKEND_TYPES, type BackendType } from "../../../src/terraform/backends";
import { deploymentOf, errorsOf, REGION } from "../../helpers/settings-files";

const errorsWithBackend = (backend: string) => errorsOf(`${REGION}${backend}\n`);

const EXAMPLE = "backend: { s3: { bucket: my-state, region: eu-central-1 } }";
const TYPES = "azurerm, consul, cos, gcs, http, kubernetes, local, oci, oss, pg, remote, s3";
const PASS = "pass it with -backend-config, and set backend.partial: true";
const REFUSED = `is no argument that settings accept; ${PASS}`;
const meant = (name: string) => `is no argument that settings accept, did you mean "${name}"? If not, ${PASS}`;

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
      "line 2, backend: names 2 types (gcs, s3), a state has one; keep one of them",
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

  it("is named around its arguments", () => {
    expect(errorsWithBackend("backend: { bucket: b }")).toEqual([
      `line 2, backend.bucket: is an argument and no backend type; write the type around it, for example ${EXAMPLE}`,
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
    ["pg", { schema_name: "dkp" }],
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
    ["s3: { bucket: b, bukcet: b }", `s3.bukcet: ${meant("bucket")}`],
    ["s3: { bucket: b, useLockfile: true }", `s3.useLockfile: ${meant("use_lockfile")}`],
    ["s3: { bucket: b, assume_role: { rolearn: x } }", `s3.assume_role.rolearn: ${meant("role_arn")}`],
    ["s3: { bucket: b, endpoints: { ec2: x } }", `s3.endpoints.ec2: ${REFUSED}`],
    ["local: { file: a }", `local.file: ${REFUSED}`],
    ["local: { toString: a }", `local.toString: ${REFUSED}`],
    ["local: { constructor: a }", "local.constructor: is a name that can't be used here; choose another"],
    ["remote: { organization: a, workspaces: { nane: a } }", `remote.workspaces.nane: ${meant("name")}`],
  ])("have their names checked: %s", (backend, error) => {
    expect(errorsWithBackend(`backend: { ${backend} }`)).toEqual([`line 2, backend.${error}`]);
  });

  it("are reported all at once, each on its line", () => {
    expect(errorsWithBackend("backend:\n  s3:\n    bukcet: b\n    assume_role:\n      rol_arn: x\n    encrpt: true")).toEqual([
      `line 4, backend.s3.bukcet: ${meant("bucket")}`,
      `line 6, backend.s3.assume_role.rol_arn: ${meant("role_arn")}`,
      `line 7, backend.s3.encrpt: ${meant("encrypt")}`,
    ]);
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
      `line 2, backend.s3.bukcet: ${meant("bucket")}`,
    ]);
  });

  it.each([
    ["s3: { bucket: b, max_retries: 12345678901234567890 }", "s3.max_retries: 12345678901234567000"],
    ["s3: { bucket: b, assume_role: { tags: { a: 0.5 } } }", "s3.assume_role.tags.a: 0.5"],
    ["s3: { bucket: b, assume_role: { duration: 0.5 } }", "s3.assume_role.duration: 0.5"],
  ])("may not be a number that would not arrive as it is written: %s", (backend, error) => {
    expect(errorsWithBackend(`backend: { ${backend} }`)).toEqual([
      `line 2, backend.${error} does not reach Terraform as it is written; write it in quotes`,
    ]);
  });
});

describe("an argument that names a file, a program, a host that gets credentials, or a secret", () => {
  // Each of them made `terraform init` run a command, read a file, or send a credential.
  it.each([
    ["s3", "shared_config_files", "[../../../hunter2]"],
    ["s3", "shared_credentials_files", "[hunter2]"],
    ["s3", "shared_credentials_file", "hunter2"],
    ["s3", "custom_ca_bundle", "hunter2"],
    ["s3", "access_key", "hunter2"],
    ["s3", "secret_key", "[hunter2]"],
    ["s3", "token", "{ a: hunter2 }"],
    ["s3", "sse_customer_key", "hunter2"],
    ["s3", "https_proxy", "http://hunter2"],
    ["s3", "ec2_metadata_service_endpoint", "http://hunter2"],
    ["s3", "sts_endpoint", "http://hunter2"],
    ["s3", "iam_endpoint", "http://hunter2"],
    ["s3", "insecure", "hunter2"],
    ["s3", "skip_credentials_validation", "hunter2"],
    ["azurerm", "client_secret", "hunter2"],
    ["azurerm", "client_certificate_path", "hunter2"],
    ["azurerm", "metadata_host", "hunter2"],
    ["azurerm", "msi_endpoint", "hunter2"],
    ["azurerm", "oidc_request_url", "hunter2"],
    ["azurerm", "sas_token", "hunter2"],
    ["consul", "access_token", "hunter2"],
    ["consul", "http_auth", "hunter2"],
    ["consul", "ca_file", "hunter2"],
    ["cos", "secret_key", "hunter2"],
    ["gcs", "credentials", "hunter2"],
    ["gcs", "access_token", "hunter2"],
    ["gcs", "encryption_key", "hunter2"],
    ["http", "password", "hunter2"],
    ["http", "headers", "{ Authorization: hunter2 }"],
    ["http", "skip_cert_verification", "hunter2"],
    ["http", "client_private_key_pem", "hunter2"],
    ["kubernetes", "config_path", "hunter2"],
    ["kubernetes", "config_paths", "[hunter2]"],
    ["kubernetes", "exec", "{ api_version: v1, command: sh, args: [-c, hunter2] }"],
    ["kubernetes", "token", "hunter2"],
    ["kubernetes", "insecure", "hunter2"],
    ["oci", "private_key_path", "hunter2"],
    ["oss", "shared_credentials_file", "hunter2"],
    ["oss", "sts_endpoint", "hunter2"],
    ["pg", "conn_str", "postgres://hunter2"],
    ["remote", "token", "hunter2"],
  ])("is refused, and its value not shown: %s %s", (type, argument, value) => {
    const [error = "", ...more] = errorsWithBackend(`backend: { ${type}: { ${argument}: ${value} }, partial: true }`);
    expect(more).toEqual([]);
    expect(error).toMatch(new RegExp(`^line 2, backend.${type}.${argument}: is no argument that settings accept`));
    expect(error).toContain(PASS);
    expect(error).not.toContain("hunter2");
  });

  it.each([
    ["endpoints", "sts"],
    ["endpoints", "sso"],
    ["assume_role_with_web_identity", "web_identity_token"],
    ["assume_role_with_web_identity", "web_identity_token_file"],
  ])("is refused inside an argument as well: %s.%s", (outer, inner) => {
    expect(errorsWithBackend(`backend: { s3: { bucket: b, ${outer}: { ${inner}: /proc/self/environ } } }`)).toEqual([
      `line 2, backend.s3.${outer}.${inner}: ${REFUSED}`,
    ]);
  });

  it("is refused in `cloud`, where the environment has it", () => {
    expect(errorsWithBackend("cloud: { organization: acme, workspaces: { name: dkp }, token: hunter2 }")).toEqual([
      "line 2, cloud.token: is no argument that settings accept; set it in the environment, such as TF_TOKEN_<hostname>",
    ]);
  });

  it.each([
    ["a misspelt argument", "backend: { s3: { bucket: b, secretkey: hunter2 } }"],
    ["an unknown backend type", "backend: { vault: { token: hunter2 } }"],
    ["a backend written as a list", "backend: [{ s3: { bucket: b, secret_key: hunter2 } }]"],
    ["the arguments written as a list, as Terraform JSON allows", "backend: { s3: [{ bucket: b, secret_key: hunter2 }] }"],
    ["a nested object written as a list", "backend: { s3: { bucket: b, assume_role: [{ token: hunter2 }] } }"],
    ["a value of the wrong field", "backend: { s3: { bucket: b }, partial: { token: hunter2 } }"],
    ["an argument that is no object", "backend: { s3: { bucket: { secret_key: hunter2 } } }"],
    ["two backend types", "backend: { http: { address: a, password: hunter2 }, s3: { bucket: b } }"],
  ])("is not shown in a message about %s", (_, setting) => {
    const message = errorsWithBackend(setting).join("\n");
    expect(message).toMatch(/^line 2, backend/);
    expect(message).not.toContain("hunter2");
  });
});

describe("every argument that settings accept", () => {
  const types = Object.entries<BackendType>(BACKEND_TYPES);

  it("means an exposure when it changes, or another identity", () => {
    const meanings = types.flatMap(([type, { harmless, destinations = "", identities = "" }]) => {
      const setting = type === "cloud" ? ["cloud"] : ["backend", type];
      const meaningsOf = (names: string) =>
        (names.match(/\S+/g) ?? []).map((name) => meaningOf([...setting, ...name.split(".")]));
      return [
        ...meaningsOf(`${harmless} ${destinations}`).map((meaning) => ["exposure", meaning]),
        ...meaningsOf(identities).map((meaning) => ["identity", meaning]),
      ];
    });
    expect(meanings.length).toBeGreaterThan(100);
    expect(meanings.filter(([expected, meaning]) => expected !== meaning)).toEqual([]);
  });

  it("names no file, program, token or credential", () => {
    const names = types.flatMap(([, type]) => [...argumentsOf(type).keys()]);
    const suspicious =
      /(?:^|[._])(?:ca|cert|config|credentials?|exec|file|files|headers|insecure|key_file|pass|password|path|paths|pem|private_key|proxy|secret|skip_|sts|token|url)(?:$|[._])/;
    // The path of a state, which may be one in a store; names of contexts and of profiles.
    const known = [
      "path",
      "config_context",
      "config_context_auth_info",
      "config_context_cluster",
      "config_file_profile",
      "secret_suffix",
      "force_path_style",
      "in_cluster_config",
      "use_path_style",
    ];
    expect(names.filter((name) => suspicious.test(name) && !known.includes(name))).toEqual([]);
  });
});

describe("cloud", () => {
  const ELSE = "set it in the environment, such as TF_TOKEN_<hostname>";

  it.each([
    [
      "{ organisation: acme, organization: acme, workspaces: { name: dkp } }",
      `organisation: is no argument that settings accept, did you mean "organization"? If not, ${ELSE}`,
    ],
    [
      "{ organization: acme, workspaces: { nmae: dkp } }",
      `workspaces.nmae: is no argument that settings accept, did you mean "name"? If not, ${ELSE}`,
    ],
    ["{ organization: acme, workspaces: { prefix: dkp } }", `workspaces.prefix: is no argument that settings accept; ${ELSE}`],
  ])("has its argument names checked: %s", (cloud, error) => {
    expect(errorsWithBackend(`cloud: ${cloud}`)).toEqual([`line 2, cloud.${error}`]);
  });

  it.each(["[a, b]", "{ team: a }"])("takes the tags of workspaces as Terraform does: %s", (tags) => {
    const settings = `${REGION}cloud: { organization: acme, workspaces: { tags: ${tags} } }\n`;
    expect(deploymentOf(settings).state.arguments).toMatchObject({ organization: "acme" });
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

  it.each(["deployments/dev.yaml", "a.YML"])("is not at %s, which would overwrite settings", (path) => {
    expect(errorsWithBackend(`backend: { local: { path: ${path} } }`)).toEqual([
      `line 2, backend.local.path: "${path}" is the name of a settings file, which Terraform would overwrite; choose another`,
    ]);
  });

  it.each(["5", "[a]"])("has no path that is not a string, which would end up inside CDKTF's output folder: %s", (path) => {
    expect(errorsWithBackend(`backend: { local: { path: ${path} } }`)).toEqual([
      expect.stringMatching(/^line 2, backend\.local\.path: /),
    ]);
  });
});
