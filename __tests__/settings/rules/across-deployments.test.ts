import { deploymentsOf, messageOf, REGION } from "../../helpers/settings-files";

/** Two deployments whose users and policies are their own, so that only their states can meet. */
const pair = (a: string, b: string) => ({
  "a.yaml": `${REGION}${a}\nuser: { name: a }\npolicy: { name: a }\n`,
  "b.yaml": `${REGION}${b}\nuser: { name: b }\npolicy: { name: b }\n`,
});

const cloud = (args: string) => `cloud: { organization: acme, ${args} }`;
const remote = (args: string) => `backend: { remote: { organization: acme, ${args} } }`;

describe("two deployments on one state", () => {
  it.each([
    ["s3 bucket and key", "backend: { s3: { bucket: b, key: k } }", "backend: { s3: { key: k, bucket: b, encrypt: false } }"],
    ["s3 default key", "backend: { s3: { bucket: b } }", "backend: { s3: { bucket: b, key: a/terraform.tfstate } }"],
    ["s3, whatever the region", "backend: { s3: { bucket: b, key: k, region: r } }", "backend: { s3: { bucket: b, key: k } }"],
    ["s3, both partial", "backend: { s3: { bucket: b, key: k }, partial: true }", "backend: { s3: { bucket: b, key: k } }"],
    ["local path", "backend: { local: { path: ./a } }", "backend: { local: { path: a } }"],
    ["local path with a detour", "backend: { local: { path: x/../a } }", "backend: { local: { path: a } }"],
    ["local default path", "backend: { local: {} }", "backend: { local: { path: terraform.a.tfstate } }"],
    ["gcs bucket and prefix", "backend: { gcs: { bucket: b, prefix: p } }", "backend: { gcs: { bucket: b, prefix: p } }"],
    ["gcs bucket without prefix", "backend: { gcs: { bucket: b } }", "backend: { gcs: { bucket: b } }"],
    ["gcs prefix with a slash", "backend: { gcs: { bucket: b, prefix: p } }", "backend: { gcs: { bucket: b, prefix: /p/ } }"],
    ["http address", "backend: { http: { address: 'https://a' } }", "backend: { http: { address: 'https://a' } }"],
    ["consul path", "backend: { consul: { path: p } }", "backend: { consul: { path: p, gzip: true } }"],
    [
      "kubernetes suffix",
      "backend: { kubernetes: { secret_suffix: s } }",
      "backend: { kubernetes: { secret_suffix: s, namespace: default } }",
    ],
    [
      "azurerm key",
      "backend: { azurerm: { storage_account_name: s, container_name: c, key: k } }",
      "backend: { azurerm: { storage_account_name: s, container_name: c, key: k, use_cli: true } }",
    ],
    ["remote workspace", remote("workspaces: { name: w }"), remote("workspaces: { name: w }, hostname: app.terraform.io")],
    ["workspace by cloud and by remote", cloud("workspaces: { name: w }"), remote("workspaces: { name: w }")],
    [
      "workspace, in whatever order it is written",
      cloud("workspaces: { name: w, project: p }"),
      cloud("workspaces: { project: p, name: w }"),
    ],
    // A workspace's name is unique in its organization, whatever its project.
    ["workspace, with and without its project", cloud("workspaces: { name: w, project: p }"), cloud("workspaces: { name: w }")],
  ])("are rejected: %s", (_, a, b) => {
    const field = b.startsWith("cloud") ? "cloud" : "backend";
    expect(messageOf(pair(a, b))).toBe(
      [
        "deployments/b.yaml has 1 error:",
        `  line 2, ${field}: is the state of deployments/a.yaml as well, and each would destroy what the other created; give each deployment its own (key, prefix, path or workspace)`,
      ].join("\n"),
    );
  });

  it("are measured against the first in order of file names, each of the others", () => {
    const files = pair("backend: { s3: { bucket: b, key: k } }", "backend: { s3: { bucket: b, key: k } }");
    const third = files["b.yaml"].replaceAll("name: b", "name: c");
    expect(messageOf({ ...files, "c.yaml": third }).match(/^deployments.*|is the state of \S+/gm)).toEqual([
      "deployments/b.yaml has 1 error:",
      "is the state of deployments/a.yaml",
      "deployments/c.yaml has 1 error:",
      "is the state of deployments/a.yaml",
    ]);
  });
});

describe("two deployments are not rejected", () => {
  it.each([
    ["the bucket differs", "backend: { s3: { bucket: b, key: k } }", "backend: { s3: { bucket: c, key: k } }"],
    ["the key differs", "backend: { s3: { bucket: b, key: k } }", "backend: { s3: { bucket: b, key: l } }"],
    ["only the bucket is shared", "backend: { s3: { bucket: b } }", "backend: { s3: { bucket: b } }"],
    [
      "the endpoint differs",
      "backend: { s3: { bucket: b, key: k } }",
      "backend: { s3: { bucket: b, key: k, endpoints: { s3: 'http://minio' } } }",
    ],
    ["the bucket is unknown", "backend: { s3: { key: k }, partial: true }", "backend: { s3: { key: k }, partial: true }"],
    ["one bucket is unknown", "backend: { s3: { bucket: b, key: k } }", "backend: { s3: { key: k }, partial: true }"],
    [
      "the prefix may come from elsewhere",
      "backend: { gcs: { bucket: b }, partial: true }",
      "backend: { gcs: { bucket: b }, partial: true }",
    ],
    ["the connection comes from the environment", "backend: { pg: {} }", "backend: { pg: {} }"],
    ["the workspace differs", cloud("workspaces: { name: w }"), cloud("workspaces: { name: x }")],
    ["the host differs", cloud("workspaces: { name: w }"), cloud("workspaces: { name: w }, hostname: tfe.example.com")],
    ["the type differs", "backend: { gcs: { bucket: b } }", "backend: { oss: { bucket: b } }"],
    ["the local path differs", "backend: { local: { path: a } }", "backend: { local: { path: b } }"],
  ])("where %s", (_, a, b) => {
    expect(deploymentsOf(pair(a, b)).map(({ stack }) => stack)).toEqual(["a", "b"]);
  });
});

type Names = Readonly<Record<string, string>>;

/** Deployments with states of their own, so that only their names can meet. */
const files = (settings: Names) =>
  Object.fromEntries(
    Object.entries(settings).map(([stack, text]) => [
      `${stack}.yaml`,
      `${REGION}backend: { s3: { bucket: ${stack} } }\n${text}\n`,
    ]),
  );

const ONE = "111111111111";
const TWO = "222222222222";
const role = (account: string, name = "apply") => `provider: { assumeRoleArn: "arn:aws:iam::${account}:role/${name}" }`;
const inAccount = (account: string) => `accountId: "${account}"`;

describe("two deployments with one user name", () => {
  it("are rejected, ignoring case, and a name is proposed", () => {
    expect(messageOf(files({ a: "user: { name: Dkp }", b: "policy: { name: b }\nuser: { name: dKP }" }))).toBe(
      [
        "deployments/b.yaml has 1 error:",
        '  line 4, user.name: "dKP" is also the user of deployments/a.yaml, in the same account (IAM ignores case); set another in one of the two files, for example "dKP-b" here',
      ].join("\n"),
    );
  });

  it("and one policy name are rejected for both, defaults included", () => {
    expect(messageOf(files({ a: "", prod: "" }))).toBe(
      [
        "deployments/prod.yaml has 2 errors:",
        '  user.name: "deckhouse" is also the user of deployments/a.yaml, in the same account (IAM ignores case); set another in one of the two files, for example "deckhouse-prod" here',
        '  policy.name: "D8CloudProviderAWS" is also the policy of deployments/a.yaml, in the same account (IAM ignores case); set another in one of the two files, for example "D8CloudProviderAWS-prod" here',
      ].join("\n"),
    );
  });

  it("are rejected though their paths differ, which IAM does not count", () => {
    const settings = { a: "user: { path: /a/ }", b: "user: { path: /b/ }\npolicy: { name: b }" };
    expect(messageOf(files(settings))).toContain(
      'line 3, user.name: "deckhouse" is also the user of deployments/a.yaml, in the same account',
    );
  });
});

describe("two deployments with one policy name", () => {
  it("are rejected, ignoring case, and a name is proposed", () => {
    expect(messageOf(files({ a: "policy: { name: Dkp }", b: "user: { name: b }\npolicy: { name: dkp }" }))).toBe(
      [
        "deployments/b.yaml has 1 error:",
        '  line 4, policy.name: "dkp" is also the policy of deployments/a.yaml, in the same account (IAM ignores case); set another in one of the two files, for example "dkp-b" here',
      ].join("\n"),
    );
  });
});

describe("the account of two deployments with one name", () => {
  it.each([
    ["equal accountIds", inAccount(ONE), inAccount(ONE)],
    ["equal accountIds, whatever the profiles", `${inAccount(ONE)}\nprovider: { profile: p }`, inAccount(ONE)],
    ["none, and no profile", "", ""],
    ["none, and equal profiles", "provider: { profile: p }", "provider: { profile: p }"],
    ["none, and equal roles", role(ONE), role(ONE)],
    ["none, and two roles of one account", role(ONE, "apply"), role(ONE, "ci")],
    ["an accountId, and a role of it", inAccount(ONE), role(ONE)],
  ])("is the same with %s", (_, a, b) => {
    expect(messageOf(files({ a, b })).match(/(user|policy)\.name: .* in the same account/g)).toEqual([
      'user.name: "deckhouse" is also the user of deployments/a.yaml, in the same account',
      'policy.name: "D8CloudProviderAWS" is also the policy of deployments/a.yaml, in the same account',
    ]);
  });

  it.each([
    ["different accountIds", inAccount(ONE), inAccount(TWO)],
    ["an accountId and a role of another", inAccount(ONE), role(TWO)],
    ["roles of different accounts", role(ONE), role(TWO)],
    ["different profiles", "provider: { profile: p }", "provider: { profile: q }"],
  ])("is not the same with %s", (_, a, b) => {
    expect(deploymentsOf(files({ a, b })).map(({ stack }) => stack)).toEqual(["a", "b"]);
  });

  it.each([
    ["a profile and none", "provider: { profile: p }", ""],
    ["an accountId and none", inAccount(ONE), ""],
    ["a role and a profile", role(ONE), "provider: { profile: p }"],
  ])("may be the same with %s", (_, a, b) => {
    expect(
      messageOf(files({ a, b })).match(/(user|policy)\.name: .* which may be in the same account|, or state accountId in both/g),
    ).toEqual([
      'user.name: "deckhouse" is also the user of deployments/a.yaml, which may be in the same account',
      ", or state accountId in both",
      'policy.name: "D8CloudProviderAWS" is also the policy of deployments/a.yaml, which may be in the same account',
      ", or state accountId in both",
    ]);
  });

  it("is not the same in two partitions, which no account spans", () => {
    const { "b.yaml": b = "", ...rest } = files({ a: "", b: "" });
    const inChina = { ...rest, "b.yaml": b.replace("eu-central-1", "cn-north-1") };
    expect(deploymentsOf(inChina).map(({ stack }) => stack)).toEqual(["a", "b"]);
  });

  it("is not known where the region has an error, and the partition with it", () => {
    const { "b.yaml": b = "", ...rest } = files({ a: "", b: "" });
    expect(messageOf({ ...rest, "b.yaml": b.replace("eu-central-1", "Europe") })).toBe(
      'deployments/b.yaml has 1 error:\n  line 1, region: "Europe" does not have the shape of an AWS region; write one such as "eu-central-1" or "us-gov-west-1"',
    );
  });
});

describe("the role that DKP creates in an account", () => {
  const own = (name: string, rest: string) => `user: { name: ${name} }\npolicy: { name: ${name} }\n${rest}`;
  const TAKEN =
    "and deployments/a.yaml, in the same account, has the same one: the second cluster cannot be installed, and each key could change the role of the other cluster; choose another prefix";

  it("is the same for two clusters with one prefix, in whatever Regions", () => {
    const settings = files({ a: own("a", "cluster: { prefix: dev }"), b: own("b", "cluster: { prefix: dev }") });
    const inTwoRegions = { ...settings, "b.yaml": (settings["b.yaml"] ?? "").replace("eu-central-1", "eu-west-1") };
    expect(messageOf(inTwoRegions)).toBe(
      `deployments/b.yaml has 1 error:\n  line 5, cluster.prefix: DKP creates the role "dev-node" for this prefix, ${TAKEN}`,
    );
  });

  it("is not the role of another deployment", () => {
    const settings = { a: own("a", "nodeRole: { name: dev-node }"), b: own("b", "cluster: { prefix: dev }") };
    expect(messageOf(files(settings))).toContain(`cluster.prefix: DKP creates the role "dev-node" for this prefix, ${TAKEN}`);
    const reversed = { a: own("a", "cluster: { prefix: dev }"), b: own("b", "nodeRole: { name: Dev-Node }") };
    expect(messageOf(files(reversed))).toContain('nodeRole.name: "Dev-Node" is also the node role of deployments/a.yaml');
  });

  it.each([
    ["other prefixes", "cluster: { prefix: prod }"],
    ["a role of its own", "cluster: { prefix: dev, iamNodeRole: dev-nodes }"],
    ["another account", 'accountId: "222222222222"\ncluster: { prefix: dev }'],
  ])("is another one with %s", (_, b) => {
    const settings = { a: own("a", 'accountId: "111111111111"\ncluster: { prefix: dev }'), b: own("b", b) };
    expect(deploymentsOf(files(settings))).toHaveLength(2);
  });
});

describe("the name that is proposed", () => {
  const proposed = (message: string) => /, for example "([^"]*)"/.exec(message)?.[1] ?? "";

  it("is one that no other deployment has, ignoring case", () => {
    const settings = {
      a: "user: { name: x }",
      b: "user: { name: X-C }\npolicy: { name: b }",
      c: "user: { name: x }\npolicy: { name: c }",
    };
    const name = proposed(messageOf(files(settings)));
    expect(name).not.toBe("");
    expect(["x", "x-c"]).not.toContain(name.toLowerCase());
  });

  it("is one that IAM takes", () => {
    const name = "u".repeat(64);
    const settings = { a: `user: { name: ${name} }`, b: `user: { name: ${name} }\npolicy: { name: b }` };
    const proposal = proposed(messageOf(files(settings)));
    expect(proposal).toMatch(/^[A-Za-z0-9_+=,.@-]{1,64}$/);
    expect(proposal).not.toBe(name);
  });

  it("leads to valid settings if each of several deployments takes its own", () => {
    const stacks = ["a", "b", "c", "d"];
    const message = messageOf(files(Object.fromEntries(stacks.map((stack) => [stack, ""]))));
    const names = [...message.matchAll(/for example "([^"]*)"/g)].map(([, name]) => name ?? "");
    const mended = stacks.map((stack, index) => [
      stack,
      index === 0 ? "" : `user: { name: ${names[2 * index - 2]} }\npolicy: { name: ${names[2 * index - 1]} }`,
    ]);
    expect(deploymentsOf(files(Object.fromEntries(mended)))).toHaveLength(4);
  });
});

describe("names and states of a deployment that has errors", () => {
  it("are compared if they have no error themselves", () => {
    const settings = { a: "protect: x", b: "user: { name: b }" };
    expect(messageOf(files(settings))).toBe(
      [
        "deployments/a.yaml has 1 error:",
        '  line 3, protect: "x" is not true or false',
        "deployments/b.yaml has 1 error:",
        '  policy.name: "D8CloudProviderAWS" is also the policy of deployments/a.yaml, in the same account (IAM ignores case); set another in one of the two files, for example "D8CloudProviderAWS-b" here',
      ].join("\n"),
    );
  });

  it("are not compared where both have one", () => {
    const settings = { a: 'accountId: "1234"', b: 'accountId: "1234"' };
    expect(messageOf(files(settings))).not.toContain("same account");
  });

  it("are not taken for one state where both have one", () => {
    const backend = "backend: { s3: { bucket: b, key: k, bukcet: c } }";
    expect(messageOf(pair(backend, backend))).not.toContain("is the state of");
  });

  it.each(["user: { name: 'a b' }", "accountId: 5", "provider: { profile: 5 }", "user: 5"])(
    "are not compared where they have one: %s",
    (error) => {
      expect(messageOf(files({ a: error, b: "policy: { name: b }" }))).not.toContain("b.yaml");
    },
  );
});
