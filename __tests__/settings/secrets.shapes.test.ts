import { secretIn } from "../../src/settings/secrets";
import { deploymentWith, errorsWith, SECRET_KEY } from "../helpers/settings-files";

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
