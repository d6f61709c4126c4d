import { secretIn } from "../../src/settings/secrets";
import { deploymentWith, errorsOf, errorsWith, REGION, SECRET_KEY } from "../helpers/settings-files";

const B64 = "Zk3vQ9xT1bLm7WcR5yHs2NdUe8GpJa4FoXiKtVwB0Zk3vQ9xT1bLm7WcR5yHs2NdUe8GpJa4FoXiKtVwB0Zk3vQ9";

describe("secretIn", () => {
  it.each([
    ["an AWS session token", `IQoJb3JpZ2luX2VjE${B64}`],
    ["an AWS session token", `FwoGZXIvYXdzE${B64}`],
    ["an access token", `glrt-${B64.slice(0, 20)}`],
    ["an npm token", `npm_${B64.slice(0, 36)}`],
    ["a Slack token", "xoxb-123456789012-abcdefghijkl"],
    ["a Slack token", "https://hooks.slack.com/services/T000/B000/XXXX"],
    ["a Vault token", `hvs.${B64.slice(0, 24)}`],
    ["an HCP Terraform token", `${B64.slice(0, 14)}.atlasv1.${B64.slice(0, 60)}`],
    ["an Azure key", `AccountKey=${B64.slice(0, 86)}==`],
    ["an Azure key", `abc8Q~${B64.slice(0, 34)}`],
    ["a JSON web token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc"],
    ["a Google API key", `AIza${B64.slice(0, 35)}`],
    ["a password", "host=db sslpassword=p"],
    ["a password", "password: p"],
    ["a password", "MYSQL_PASSWORD=p"],
    ["a secret in a query", "https://x/?private_token=t"],
    ["a secret in a query", "https://b.blob.core.windows.net/c?sv=1&sig=abc"],
    ["a secret in a query", "https://b.s3.amazonaws.com/k?X-Amz-Signature=abc"],
  ])("recognizes %s: %s", (what, text) => {
    expect(secretIn(text)).toBe(what);
  });

  it.each([
    ["a SHA-512 with its algorithm", `sha512-${B64.slice(0, 86)}==`],
    ["a URL with a harmless query", "https://example.com/?page=2&sort=name"],
    ["a host name", "hvs.example.com"],
    ["a domain that looks like an npm scope", "npm_config_registry"],
    ["a string that begins like a token", "eyJ.eyJ"],
    ["a sentence about tokens", "rotate tokens and passwords each month"],
  ])("accepts %s", (_, text) => {
    expect(secretIn(text)).toBeUndefined();
  });
});

const GIVE = "is a secret (not shown) and settings are committed; remove it and give it with -backend-config";

/** The errors of a backend that holds `hunter2`, which no message shows. */
function errorsOfBackend(backend: string): readonly string[] {
  const errors = errorsOf(`${REGION}backend: { ${backend} }\n`);
  expect(errors.join("\n")).not.toContain("hunter2");
  return errors;
}

describe("a secret in a backend argument", () => {
  it.each([
    ["args: [--token, hunter2]", "args.1"],
    ["args: [get, --token=hunter2]", "args.1"],
    ["args: [--client-secret, hunter2, --v]", "args.1"],
    ["env: { PASSWORD: hunter2 }", "env.PASSWORD"],
    ["env: { API_TOKEN: hunter2 }", "env.API_TOKEN"],
    ["env: { AWS_SECRET_ACCESS_KEY: hunter2 }", "env.AWS_SECRET_ACCESS_KEY"],
    ["env: { api-key: hunter2 }", "env.api-key"],
  ])("is rejected by its name in kubernetes.exec: %s", (exec, path) => {
    expect(errorsOfBackend(`kubernetes: { secret_suffix: a, exec: { api_version: v1, command: c, ${exec} } }`)).toEqual([
      `line 2, backend.kubernetes.exec.${path}: ${GIVE}`,
    ]);
  });

  it("is not seen in harmless options and variables", () => {
    const exec =
      "{ api_version: v1, command: aws, args: [eks, get-token, --token-file, /run/t, --cluster], env: { AWS_PROFILE: dkp } }";
    expect(() => errorsOf(`${REGION}backend: { kubernetes: { secret_suffix: a, exec: ${exec} } }\n`)).toThrow(
      "accepted without an error",
    );
  });

  it.each(["http_proxy", "https_proxy"])("is rejected in %s without a scheme", (argument) => {
    expect(errorsOfBackend(`s3: { bucket: b, ${argument}: "user:hunter2@proxy:3128" }`)).toEqual([
      `line 2, backend.s3.${argument}: the value has a password (not shown) and settings are committed; remove it and use HTTP_PROXY or HTTPS_PROXY`,
    ]);
  });

  it.each([
    ["http: { address: 'https://x/?private_token=hunter2' }", "http.address", "a secret in a query"],
    ["pg: { conn_str: 'host=x sslpassword=hunter2' }", "pg.conn_str", "a password"],
  ])("is rejected by its shape: %s", (backend, path, what) => {
    expect(errorsOfBackend(backend)).toEqual([
      `line 2, backend.${path}: looks like ${what} (not shown) and settings are committed; remove it`,
    ]);
  });
});

describe("the names of fields that hold no secret", () => {
  it("do not let a secret pass elsewhere", () => {
    expect(errorsWith(`tags: { pgpKey: "${SECRET_KEY}", accessKeyId: "${SECRET_KEY}" }\n`)).toEqual([
      "line 3, tags.pgpKey: looks like an AWS secret access key (not shown) and settings are committed; remove it",
      "line 3, tags.accessKeyId: looks like an AWS secret access key (not shown) and settings are committed; remove it",
    ]);
  });

  it("let the token files of a backend pass", () => {
    expect(deploymentWith("tags: { token: none }\n").tags).toEqual({ token: "none" });
  });
});
