import { secretLines, secretsInPlaintext } from "../../../../src/cli/account/audit/secret-search";

/** 40 random characters, in the format of AWS; the example of the AWS documentation. */
const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

const state = (attributes: object) => ({
  version: 4,
  resources: [{ mode: "managed", type: "aws_iam_access_key", name: "user", instances: [{ attributes }] }],
});

describe("the audit of a state or plan", () => {
  it("finds the secret in the key's own attributes, and the SMTP password that is derived from it", () => {
    expect(
      secretsInPlaintext(state({ id: "AKIA", secret: "short", ses_smtp_password_v4: "any" })).map(({ location }) => location),
    ).toEqual([
      "resources.aws_iam_access_key.user.instances.0.attributes.secret",
      "resources.aws_iam_access_key.user.instances.0.attributes.ses_smtp_password_v4",
    ]);
  });

  it("does not report a key with an encrypted secret", () => {
    const encrypted = Buffer.from(SECRET.repeat(9)).toString("base64");
    expect(
      secretsInPlaintext(state({ secret: null, ses_smtp_password_v4: "", encrypted_secret: encrypted, pgp_key: encrypted })),
    ).toEqual([]);
  });

  it("finds it in another workspace's state, in what it read and in its outputs", () => {
    const reader = {
      outputs: { provider: { value: `providerSecretAccessKey: "${SECRET}"\n`, type: "string" } },
      resources: [
        {
          mode: "data",
          type: "terraform_remote_state",
          name: "access",
          instances: [
            { attributes: { outputs: { value: { secret_access_key: SECRET, access_key_id: "AKIAIOSFODNN7EXAMPLE" } } } },
          ],
        },
      ],
    };
    expect(secretsInPlaintext(reader).map(({ location }) => location)).toEqual([
      "outputs.provider.value",
      "resources.terraform_remote_state.access.instances.0.attributes.outputs.value.secret_access_key",
    ]);
  });

  it("finds it in a plan, by address", () => {
    const plan = {
      prior_state: {
        values: {
          root_module: {
            resources: [{ address: "aws_iam_access_key.user", type: "aws_iam_access_key", values: { secret: SECRET } }],
          },
        },
      },
    };
    expect(secretsInPlaintext(plan).map(({ location }) => location)).toEqual([
      "prior_state.values.root_module.resources.aws_iam_access_key.user.values.secret",
    ]);
  });

  it("never reports the secret itself", () => {
    expect(JSON.stringify(secretsInPlaintext(state({ secret: SECRET })))).not.toContain(SECRET);
  });

  it("does not report checksums, ARNs and ids", () => {
    const harmless = {
      commit: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
      arn: "arn:aws:iam::123456789012:role/Some/Path/With/Many/Folders/Name12345",
      unique_id: "AIDACKCEVSQ6C2EXAMPLE",
    };
    expect(secretsInPlaintext(harmless)).toEqual([]);
  });

  const nested = (text: string) => JSON.stringify({ a: JSON.stringify({ b: text }) });

  it.each([
    ["before a slash", `${SECRET}/rest`],
    ["after a slash", `s3://bucket/some/path/${SECRET}`],
    ["between plus signs", `a+${SECRET}+b`],
    ["after an equals sign and before one", `key=${SECRET}=`],
    ["after a key id and a slash", `AKIAIOSFODNN7EXAMPLE/${SECRET}`],
    ["twice, with a slash between", `${SECRET}/${SECRET}`],
    ["after a line feed of nested JSON", nested(`first\n${SECRET}\nlast`)],
    ["after an ampersand as Go writes it in JSON", `{"url":"https://x/?id=1\\u0026${SECRET}\\u0026x=1"}`],
    ["with escaped slashes", `{"key":"${SECRET.replaceAll("/", "\\/")}"}`],
    ["with escaped slashes in JSON in JSON", nested(SECRET).replaceAll("/", "\\\\\\/")],
    ["url-encoded", `https://id:${encodeURIComponent(SECRET)}@host/`],
    ["url-encoded twice", encodeURIComponent(encodeURIComponent(SECRET))],
  ])("finds a secret %s", (_, text) => {
    expect(secretsInPlaintext({ value: text })).toEqual([
      { location: "value", what: "what looks like the secret of an access key" },
    ]);
  });

  it("does not report hashes, signatures and keys in base64", () => {
    const bytes = (count: number, seed: number) =>
      Buffer.from(Array.from({ length: count }, (_, index) => (index * 73 + seed * 151 + ((index * seed) % 7) * 31) % 256));
    const values = [20, 32, 48, 51, 64, 96, 128, 256, 300, 1000].flatMap((count) =>
      Array.from({ length: 50 }, (_, seed) => `h1:${bytes(count, seed).toString("base64")}`),
    );
    expect(values.filter((value) => secretsInPlaintext({ value }).length > 0)).toEqual([]);
  });

  it("reads a document that is nested deeper than the call stack, and a long string, within 10 seconds of processor time", () => {
    const deep = JSON.parse(`${"[".repeat(100_000)}"${SECRET}"${"]".repeat(100_000)}`) as unknown;
    expect(secretsInPlaintext(deep)).toHaveLength(1);
    // Processor time, because other test files share the computer.
    const start = process.cpuUsage();
    expect(
      secretsInPlaintext({ value: "a".repeat(5_000_000), other: "\\".repeat(1_000_000), more: "aB3/".repeat(1_000_000) }),
    ).toEqual([]);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(10_000);
  });

  it("finds the last one of many values, in order", () => {
    const many = { list: [...Array(200_000).fill(0), SECRET], after: SECRET };
    expect(secretsInPlaintext(many).map(({ location }) => location)).toEqual(["list.200000", "after"]);
  });
});

describe("the audit of a text", () => {
  it("names the line of each secret", () => {
    expect(secretLines(`${SECRET}\n\n${"\n".repeat(1_000_000)}x=${SECRET}`).map(({ location }) => location)).toEqual([
      "line 1",
      "line 1000003",
    ]);
  });
});
