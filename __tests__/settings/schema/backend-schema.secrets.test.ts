import { errorsOf, messageOf, REGION, SECRET_KEY } from "../../helpers/settings-files";

const AWS = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN";
const CLOUD = "TF_TOKEN_<hostname> or `terraform login`";

/** The message about a state location that holds the password `hunter2`, which it must not show. */
function errorsWithSecret(setting: string): readonly string[] {
  expect(setting).toContain("hunter2");
  const errors = errorsOf(`${REGION}${setting}\n`);
  expect(errors.join("\n")).not.toContain("hunter2");
  return errors;
}

describe("a secret argument of a backend", () => {
  it.each([
    ["s3", "access_key", AWS, "bucket: b"],
    ["s3", "secret_key", AWS, "bucket: b"],
    ["s3", "token", AWS, "bucket: b"],
    ["s3", "sse_customer_key", "AWS_SSE_CUSTOMER_KEY", "bucket: b"],
    ["azurerm", "access_key", "ARM_ACCESS_KEY", "storage_account_name: a, container_name: b, key: c"],
    ["azurerm", "client_secret", "ARM_CLIENT_SECRET", "storage_account_name: a, container_name: b, key: c"],
    ["azurerm", "sas_token", "ARM_SAS_TOKEN", "storage_account_name: a, container_name: b, key: c"],
    ["consul", "access_token", "CONSUL_HTTP_TOKEN", "path: a"],
    ["cos", "secret_key", "TENCENTCLOUD_SECRET_KEY", "bucket: b, region: r"],
    ["gcs", "access_token", "GOOGLE_OAUTH_ACCESS_TOKEN", "bucket: b"],
    ["gcs", "encryption_key", "GOOGLE_ENCRYPTION_KEY", "bucket: b"],
    ["http", "password", "TF_HTTP_PASSWORD", "address: a"],
    ["kubernetes", "token", "KUBE_TOKEN", "secret_suffix: a"],
    ["kubernetes", "password", "KUBE_PASSWORD", "secret_suffix: a"],
    ["oci", "private_key", "private_key_path", "bucket: b, namespace: n"],
    ["oss", "secret_key", "ALICLOUD_SECRET_KEY", "bucket: b"],
    ["remote", "token", CLOUD, "organization: acme, workspaces: { name: dkp }"],
  ])("is rejected and not shown, and the message names the alternative: %s %s", (type, argument, instead, rest) => {
    expect(errorsWithSecret(`backend: { ${type}: { ${rest}, ${argument}: hunter2 } }`)).toEqual([
      `line 2, backend.${type}.${argument}: is a secret (not shown) and settings are committed; remove it and use ${instead}`,
    ]);
  });

  it("is rejected in `cloud` as well", () => {
    expect(errorsWithSecret("cloud: { organization: acme, workspaces: { name: dkp }, token: hunter2 }")).toEqual([
      `line 2, cloud.token: is a secret (not shown) and settings are committed; remove it and use ${CLOUD}`,
    ]);
  });

  it("is rejected with `partial: true`: the rest comes from files, not the secret from here", () => {
    expect(errorsWithSecret("backend: { s3: { secret_key: hunter2 }, partial: true }")).toEqual([
      `line 2, backend.s3.secret_key: is a secret (not shown) and settings are committed; remove it and use ${AWS}`,
    ]);
  });

  it("is rejected inside an argument that is an object", () => {
    expect(
      errorsWithSecret("backend: { s3: { bucket: b, assume_role_with_web_identity: { web_identity_token: hunter2 } } }"),
    ).toEqual([
      "line 2, backend.s3.assume_role_with_web_identity.web_identity_token: is a secret (not shown) and settings are committed; remove it and give it with -backend-config",
    ]);
  });

  it("is rejected and not shown whatever its type", () => {
    expect(errorsWithSecret("backend: { s3: { bucket: b, token: [hunter2] } }")).toEqual([
      `line 2, backend.s3.token: is a secret (not shown) and settings are committed; remove it and use ${AWS}`,
    ]);
  });

  it.each([
    ["a misspelt argument", "backend: { s3: { bucket: b, secretkey: hunter2 } }"],
    ["an argument of another backend", "backend: { s3: { bucket: b, password: hunter2 } }"],
    ["an unknown backend type", "backend: { vault: { token: hunter2 } }"],
    ["a backend written as a list", "backend: [{ s3: { bucket: b, secret_key: hunter2 } }]"],
    ["the arguments written as a list, as Terraform JSON allows", "backend: { s3: [{ bucket: b, secret_key: hunter2 }] }"],
    ["a nested object written as a list", "backend: { s3: { bucket: b, assume_role: [{ token: hunter2 }] } }"],
    ["a value of the wrong field", "backend: { s3: { bucket: b }, partial: { token: hunter2 } }"],
    ["a cloud block written as a list", "cloud: [{ organization: acme, token: hunter2 }]"],
    ["an argument that is no object", "backend: { s3: { bucket: { secret_key: hunter2 } } }"],
  ])("is not shown in a message about %s", (_, setting) => {
    expect(errorsWithSecret(setting).join("\n")).toMatch(/^line 2, (backend|cloud)/);
  });

  it("is not shown where none of several names is a backend type", () => {
    expect(errorsOf(`${REGION}backend: { "${SECRET_KEY}": 1, "a\\nb": 2 }\n`)).toEqual([
      "line 2, backend.(a secret): looks like an AWS secret access key (not shown) and settings are committed; remove it",
      `line 2, backend: names no backend type ((a secret), "a\\nb"); write the type around them, for example backend: { s3: { bucket: my-state, region: eu-central-1 } }`,
    ]);
  });

  it("is not shown where two backend types are named", () => {
    const setting = "backend: { http: { address: a, password: hunter2 }, s3: { bucket: b } }";
    expect(errorsWithSecret(setting)).toEqual(["line 2, backend: names 2 types (http, s3), a state has one; keep one of them"]);
  });
});

describe("a password in the address of a backend", () => {
  it.each([
    ["pg: { conn_str: 'postgres://dkp:hunter2@db.example.com/terraform' }", "pg.conn_str"],
    ["http: { address: 'https://dkp:hunter2@state.example.com' }", "http.address"],
    ["s3: { bucket: b, https_proxy: 'http://dkp:hunter2@proxy:3128' }", "s3.https_proxy"],
  ])("is rejected and not shown: %s", (backend, path) => {
    expect(errorsWithSecret(`backend: { ${backend} }`)).toEqual([
      `line 2, backend.${path}: looks like a password (not shown) and settings are committed; remove it`,
    ]);
  });

  it.each(["host=db user=dkp password=hunter2", "postgres://db.example.com/terraform?user=dkp&password=hunter2"])(
    "is rejected in every form that PostgreSQL takes: %s",
    (address) => {
      expect(errorsWithSecret(`backend: { pg: { conn_str: "${address}" } }`)).toEqual([
        "line 2, backend.pg.conn_str: looks like a password (not shown) and settings are committed; remove it",
      ]);
    },
  );

  it("is not seen where a URL has only a port", () => {
    expect(() => messageOf({ "dev.yaml": `${REGION}backend: { http: { address: "https://state:8443/a@b" } }\n` })).toThrow(
      "accepted without an error",
    );
  });
});
