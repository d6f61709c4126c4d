import { type Expected, verifySavedPlan } from "../../../src/cli/diff/saved-plan";
import { type ArchiveParts, archiveOf, archiveParts, backendField, field, packed, tfplan, uint } from "../../helpers/saved-plans";

const S3 = { bucket: "tfstate", key: "x/terraform.tfstate", assume_role: { role_arn: "arn:aws:iam::123456789012:role/r" } };
const PLANNED_S3 = { ...S3, assume_role: { ...S3.assume_role, policy: null }, profile: null, allowed_account_ids: null };
const SYNTHESIZED = JSON.stringify({
  provider: { aws: [{ region: "eu-central-1" }] },
  resource: { aws_iam_user: { user: {} } },
  terraform: { backend: { s3: S3 } },
});
const VERSIONS = 'terraform {\n  required_version = ">= 1.10.0"\n}\n';
const LOCK = 'provider "registry.terraform.io/hashicorp/aws" {}\n';
const EXPECTED: Expected = {
  files: { "cdk.tf.json": [SYNTHESIZED, "{}"], "versions.tf": [VERSIONS, undefined] },
  lock: LOCK,
  isPartial: false,
};

type Files = Readonly<Record<string, string | Buffer | undefined>>;

const FILES: Files = {
  tfplan: tfplan(backendField("s3", PLANNED_S3)),
  tfstate: "{}",
  "tfstate-prev": "{}",
  "tfconfig/m-/cdk.tf.json": SYNTHESIZED,
  "tfconfig/m-/versions.tf": VERSIONS,
  "tfconfig/modules.json": '[\n  {\n    "Key": "",\n    "Dir": "."\n  }\n]',
  ".terraform.lock.hcl": LOCK,
};

/** The files of a saved plan, without those that are undefined. */
const files = (more: Files = {}) =>
  Object.entries({ ...FILES, ...more }).flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const]));
const parts = (more: Files = {}) => archiveParts(files(more));
const verified = (more: Files = {}, expected: Partial<Expected> = {}) =>
  verifySavedPlan(archiveOf(parts(more)), { ...EXPECTED, ...expected })?.verification;

const edited = (blocks: object) => JSON.stringify({ ...(JSON.parse(SYNTHESIZED) as object), ...blocks });
const configuration = (text: string | undefined): Files => ({ "tfconfig/m-/cdk.tf.json": text });
const withBlocks = (blocks: object) => configuration(edited(blocks));

describe("the configuration in a saved plan", () => {
  it("is verified if it has the bytes that synth writes, or those of the review pack alone", () => {
    expect(verified()).toBe("verified");
    expect(verified({ "tfconfig/m-/cdk.tf.json": "{}", "tfconfig/m-/versions.tf": undefined })).toBe("verified");
  });

  it.each<[string, Files, readonly string[]]>([
    ["a data source", withBlocks({ data: { external: { x: { program: ["sh"] } } } }), ["data.external.x"]],
    ["another provider", withBlocks({ provider: { aws: [{ region: "eu-central-1", access_key: "x" }] } }), ["provider.aws"]],
    [
      "a backend",
      withBlocks({ terraform: { backend: { s3: S3, http: { address: "https://example.com" } } } }),
      ["terraform.backend.http"],
    ],
    [
      "two keys of one name, which Terraform reads as two blocks",
      { "tfconfig/m-/cdk.tf.json": SYNTHESIZED.replace("{", '{"resource":{},') },
      ["the text of cdk.tf.json"],
    ],
    ["a byte order mark", { "tfconfig/m-/cdk.tf.json": `\uFEFF${SYNTHESIZED}` }, ["the text of cdk.tf.json"]],
    ["no configuration", { "tfconfig/m-/cdk.tf.json": undefined }, ["no cdk.tf.json"]],
    ["a further file", { "tfconfig/m-/override.tf.json": "{}" }, ["the file tfconfig/m-/override.tf.json"]],
    ["a list of more modules", { "tfconfig/modules.json": '[{"Key":""},{"Key":"x"}]' }, ["modules"]],
    ["another folder of its files", { "tfconfig/modules.json": '[\n  {\n    "Key": "",\n    "Dir": "x"\n  }\n]' }, ["modules"]],
    ["another required version", { "tfconfig/m-/versions.tf": "" }, ["the text of versions.tf"]],
    ["another provider lock than the committed one", { ".terraform.lock.hcl": "" }, ["the provider lock"]],
  ])("differs by %s", (_, files, differences) => {
    expect(verified(files)).toEqual([{ rule: "configuration-differs", values: { differences } }]);
  });

  it("may have any provider lock where none is committed", () => {
    expect(verified({ ".terraform.lock.hcl": "" }, { lock: undefined })).toBe("verified");
  });
});

describe("the destination of a saved plan", () => {
  const sentTo = (type: string, config: object, workspace?: string, expected: Partial<Expected> = {}) =>
    verified({ tfplan: tfplan(backendField(type, config, workspace)) }, expected);
  const stating = (terraform: object): Partial<Expected> => {
    const text = JSON.stringify({ terraform });
    return { files: { "cdk.tf.json": [text, SYNTHESIZED], "versions.tf": [VERSIONS] } };
  };

  const ROLE = "assume_role.role_arn arn:aws:iam::123456789012:role/r";
  const UNSET = ["bucket tfstate -> not set", "key x/terraform.tfstate -> not set", `${ROLE} -> not set`];

  it.each<[string, Parameters<typeof sentTo>, readonly string[]]>([
    ["bucket", ["s3", { ...PLANNED_S3, bucket: "evil" }], ["bucket tfstate -> evil"]],
    ["key, which is missing", ["s3", { ...PLANNED_S3, key: null }], ["key x/terraform.tfstate -> not set"]],
    ["role", ["s3", { ...PLANNED_S3, assume_role: { role_arn: "evil" } }], [`${ROLE} -> evil`]],
    ["workspace", ["s3", PLANNED_S3, "evil"], ["workspace default -> evil"]],
    ["endpoint", ["s3", { ...PLANNED_S3, endpoints: { s3: "https://evil" } }], ["endpoints.s3 = https://evil"]],
    ["credential, whose value is not shown", ["s3", { ...PLANNED_S3, secret_key: "hidden" }], ["secret_key"]],
    ["backend", ["http", { address: "https://evil" }], ["backend s3 -> http", ...UNSET, "address = https://evil"]],
  ])("differs by another %s", (_, destination, differences) => {
    expect(sentTo(...destination)).toEqual([{ rule: "destination-differs", field: "backend", values: { differences } }]);
  });

  it("has other arguments where the settings leave some to -backend-config, and they are named", () => {
    const config = { ...PLANNED_S3, profile: "ci", secret_key: "hidden", endpoints: { s3: "https://s3.example" } };
    const names = ["endpoints.s3 = https://s3.example", "profile = ci", "secret_key"];
    expect(sentTo("s3", config, "default", { isPartial: true })).toEqual([
      { rule: "destination-partial", field: "backend", values: { arguments: names } },
    ]);
    expect(sentTo("s3", { ...config, bucket: "evil" }, "default", { isPartial: true })).toMatchObject([
      { rule: "destination-differs" },
    ]);
  });

  const CLOUD = { organization: "o", workspaces: { name: "x" } };
  const PREFIX = { organization: "o", workspaces: { prefix: "x-" } };
  const TAGS = { organization: "o", workspaces: { tags: ["b", "a"] } };
  const DYNAMIC = Buffer.concat([uint(1, 0x92, 0xc4, 16), Buffer.from('["set","string"]'), packed(["a", "b"])]);

  it.each<[string, object, Buffer, string]>([
    ["the workspace of cloud", { cloud: CLOUD }, backendField("cloud", { ...CLOUD, token: null }, "x"), "verified"],
    ["another workspace of cloud", { cloud: CLOUD }, backendField("cloud", CLOUD, "y"), "workspace x -> y"],
    ["any workspace that a prefix chooses", { backend: { remote: PREFIX } }, backendField("remote", PREFIX, "y"), "verified"],
    [
      "any workspace that tags choose",
      { cloud: TAGS },
      field(13, Buffer.concat([field(1, "cloud"), field(2, field(1, cloudConfig(DYNAMIC))), field(3, "y")])),
      "verified",
    ],
    [
      "a block as a list",
      { backend: { cos: { assume_role: { role_arn: "r" } } } },
      backendField("cos", { assume_role: [{ role_arn: "r" }] }),
      "verified",
    ],
    [
      "a number and a bool as texts",
      { backend: { s3: { max_retries: "500", encrypt: "true" } } },
      backendField("s3", { max_retries: 500, encrypt: true }),
      "verified",
    ],
  ])("has %s", (_, terraform, backend, expected) => {
    const found = verified({ tfplan: tfplan(backend) }, stating(terraform));
    const differences = typeof found === "string" ? found : found?.flatMap(({ values }) => Object.values(values).flat())[0];
    expect(differences).toBe(expected);
  });

  it.each<[string, Buffer]>([
    ["no backend", tfplan(Buffer.of())],
    ["two backends", tfplan(Buffer.concat([backendField("s3", PLANNED_S3), backendField("s3", PLANNED_S3)]))],
    ["a state store", tfplan(Buffer.concat([backendField("s3", PLANNED_S3), field(29, field(1, "x"))]))],
    ["no workspace", tfplan(field(13, Buffer.concat([field(1, "s3"), field(2, field(1, packed(PLANNED_S3)))])))],
    ["a backend of another kind of field", tfplan(field(13, 1))],
    ["a type twice", tfplan(field(13, Buffer.concat([field(1, "s3"), backendField("s3", PLANNED_S3).subarray(2)])))],
    ["a field that is cut off", tfplan(backendField("s3", PLANNED_S3)).subarray(0, -40)],
    ["a number that never ends", Buffer.concat([tfplan(backendField("s3", PLANNED_S3)), Buffer.alloc(9, 0xff)])],
    [
      "two arguments of one name",
      tfplan(configured(Buffer.concat([uint(1, 0x82), packed("a"), packed("b"), packed("a"), packed("c")]))),
    ],
    ["something behind the arguments", tfplan(configured(Buffer.concat([packed(PLANNED_S3), packed(null)])))],
    ["a longer form of a value", tfplan(configured(Buffer.concat([uint(1, 0xde, 0, 1), packed("bucket"), packed("tfstate")])))],
    ["an unknown value", tfplan(configured(Buffer.concat([uint(1, 0x81), packed("bucket"), uint(1, 0xd4, 0, 0)])))],
    ["a name that is not UTF-8", tfplan(configured(Buffer.concat([uint(1, 0x81), packed("bucket"), uint(1, 0xa1, 0xff)])))],
    ["nothing", Buffer.of()],
  ])("is unreadable with %s", (_, content) => {
    expect(verified({ tfplan: content })).toBeUndefined();
  });
});

function configured(config: Buffer): Buffer {
  return field(13, Buffer.concat([field(1, "s3"), field(2, field(1, config)), field(3, "default")]));
}

function cloudConfig(tags: Buffer): Buffer {
  const organization = [packed("organization"), packed("o")];
  return Buffer.concat([uint(1, 0x82), ...organization, packed("workspaces"), uint(1, 0x81), packed("tags"), tags]);
}

describe("the options of a saved plan", () => {
  it.each([
    [field(5, "aws_iam_user.user"), "-target"],
    [field(16, "aws_iam_access_key.user"), "-replace"],
    [field(17, 1), "-destroy or -refresh-only"],
  ])("are a finding", (option, name) => {
    const content = Buffer.concat([tfplan(backendField("s3", PLANNED_S3)), option]);
    expect(verified({ tfplan: content })).toEqual([{ rule: "plan-options", values: { options: [name] } }]);
  });
});

describe("the state in a saved plan", () => {
  const user = { address: "aws_iam_user.user", attributes: { id: "deckhouse", arn: "arn:aws:iam::123456789012:user/deckhouse" } };
  const key = { address: "aws_iam_access_key.user", attributes: { id: "AKIAIOSFODNN7EXAMPLE", secret: "a", status: "Active" } };
  const attachment = (name: string) => ({
    address: `aws_iam_role_policy_attachment.node-${name}`,
    attributes: { id: "n-1", role: "n", policy_arn: "arn:aws:iam::aws:policy/X" },
  });
  const group = { address: "aws_iam_group.group", attributes: { id: "admins" } };
  const withOther = <Of extends { readonly attributes: object }>(object: Of, other: object) => ({
    ...object,
    attributes: { ...object.attributes, ...other },
  });
  const stateOf = (...objects: readonly { readonly address: string; readonly attributes: object }[]) => {
    const resources = objects.map(({ address, attributes }) => {
      const [type, name] = address.split(".");
      return { mode: "managed", type, name, instances: [{ attributes }] };
    });
    return JSON.stringify({ version: 4, resources });
  };
  const text = edited({ import: [{ to: group.address, id: "deckhouse" }] });
  const files = { "cdk.tf.json": [text], "versions.tf": [VERSIONS, undefined] };
  const plan = (tfstate: string) => ({ tfstate, "tfconfig/m-/cdk.tf.json": text });

  it.each<[string, string, string, readonly string[]]>([
    ["the same objects", stateOf(user, key), stateOf(user, key), []],
    ["nothing, for the first plan", "", stateOf(), []],
    ["what changed in AWS", stateOf(user, key), stateOf(user, withOther(key, { status: "Inactive" })), []],
    ["an object less, which is deleted in AWS", stateOf(user, key), stateOf(user), []],
    ["what the configuration imports", stateOf(user), stateOf(user, group), []],
    [
      "a key that is to be replaced",
      stateOf(key),
      stateOf(key).replace('{"attributes"', '{"status":"tainted","attributes"'),
      [key.address],
    ],
    ["an attachment at its new address", stateOf(attachment("1")), stateOf(attachment("policy-X")), []],
    ["another user", stateOf(user), stateOf(withOther(user, { id: "admin" })), [user.address]],
    ["another secret", stateOf(user, key), stateOf(user, withOther(key, { secret: "b" })), [key.address]],
    [
      "a key that is in the other slot",
      stateOf(key),
      stateOf({ ...key, address: "aws_iam_access_key.user-secondary" }),
      ["aws_iam_access_key.user-secondary"],
    ],
    ["an object that is not imported", stateOf(user), stateOf(user, key), [key.address]],
    [
      "another object than the one that is imported already",
      stateOf(group),
      stateOf(withOther(group, { id: "x" })),
      [group.address],
    ],
  ])("has %s", (_, state, tfstate, addresses) => {
    const found = verified(plan(tfstate), { files, state });
    const expected = addresses.map((address) => ({ rule: "plan-state-differs", address, values: { address } }));
    expect(found).toEqual(addresses.length === 0 ? "verified" : expected);
    expect(verified(plan(tfstate), { files })).toBe("verified");
  });
});

describe("the archive of a saved plan", () => {
  const reading = (archive: Buffer) => verifySavedPlan(archive, EXPECTED)?.verification;
  const honest = archiveOf(parts());
  const evil = parts(withBlocks({ removed: [] }));
  const directoryOf = ({ files }: ArchiveParts) => Buffer.concat(files.map(({ record }) => record));
  const entriesOf = (given: ArchiveParts) => archiveOf({ ...given, end: Buffer.of() }).subarray(0, given.end.readUInt32LE(16));
  const endAt = ({ end }: ArchiveParts, offset: number) =>
    Buffer.concat([end.subarray(0, 16), uint(4, offset), end.subarray(20)]);

  it("is read as Terraform writes it", () => {
    expect(reading(honest)).toBe("verified");
  });

  it("has one directory: not a second one at the stated offset, without its signature, which Go does not read", () => {
    const entries = entriesOf(parts());
    const unsigned = directoryOf(parts());
    unsigned.write("XX");
    const two = Buffer.concat([entries, unsigned, entriesOf(evil), directoryOf(evil), endAt(evil, entries.length)]);
    expect(reading(two)).toBeUndefined();
  });

  it("has one directory: not a second one at the end, which Info-ZIP reads and Go does not", () => {
    const end = endAt(parts(), evil.end.readUInt32LE(16));
    const two = Buffer.concat([entriesOf(evil), directoryOf(evil), entriesOf(parts()), directoryOf(parts()), end]);
    expect(reading(two)).toBeUndefined();
  });

  type Part = "end" | "header" | "record" | "trailer" | "second record";
  /** Another number in a part: of the archive's end, or of its first or second file. */
  const withNumber = (part: Part, bytes: number, at: number, change: (value: number) => number) => (given: ArchiveParts) => {
    const [first, second] = given.files;
    const buffer = { ...first, end: given.end, "second record": second?.record }[part] ?? Buffer.of();
    buffer.writeUIntLE(change(buffer.readUIntLE(at, bytes)), at, bytes);
  };
  const to = (part: Part, bytes: number, at: number, value: number) => withNumber(part, bytes, at, () => value);

  it.each<[string, ...((given: ArchiveParts) => void)[]]>([
    ["a comment of a file", to("record", 2, 32, 1)],
    ["zip64", to("end", 4, 16, 0xffffffff)],
    ["a second disk", to("end", 2, 4, 1)],
    ["fewer files than it says", to("end", 2, 8, 8), to("end", 2, 10, 8)],
    ["more files than it says", to("end", 2, 8, 6), to("end", 2, 10, 6)],
    ["another size of its directory", withNumber("end", 4, 12, (size) => size - 1)],
    ["a wrong checksum", withNumber("record", 1, 16, (byte) => byte ^ 1), withNumber("trailer", 1, 4, (byte) => byte ^ 1)],
    ["a wrong size", to("record", 4, 24, 1), to("trailer", 4, 12, 1)],
    ["a wrong size of the data", to("record", 4, 20, 1)],
    ["a trailer that differs from its directory", to("trailer", 4, 12, 1)],
    ["another name in the header of a file", withNumber("header", 1, 30, (byte) => byte + 1)],
    ["another method in the header of a file", to("header", 2, 8, 0)],
    ["sizes in the header of a file", to("header", 4, 18, 1)],
    ["an encrypted file", to("header", 2, 6, 9), to("record", 2, 8, 9)],
    [
      "the extra field of another name",
      withNumber("header", 1, 36, (byte) => byte + 32),
      withNumber("record", 1, 52, (byte) => byte + 32),
    ],
    ["a file that is a symbolic link", to("record", 4, 38, 0o120777 * 2 ** 16)],
    ["a file that begins in another one", to("second record", 4, 42, 0)],
    ["files in another order than its directory", (given) => given.files.reverse()],
    [
      "a comment",
      (given) => Object.assign(given, { end: Buffer.concat([given.end.subarray(0, 20), uint(2, 1), Buffer.from("x")]) }),
    ],
    [
      "a gap",
      ({ files: [first] }) =>
        Object.assign(first ?? {}, { trailer: Buffer.concat([first?.trailer ?? Buffer.of(), Buffer.of(1)]) }),
    ],
    ["damaged data", ({ files: [first] }) => first?.data.fill(0xff)],
  ])("is unreadable with %s", (_, ...edits) => {
    const copy = parts();
    for (const edit of edits) {
      edit(copy);
    }
    const archive = archiveOf(copy);
    expect(archive.equals(honest)).toBe(false);
    expect(reading(archive)).toBeUndefined();
  });

  it.each<[string, Buffer]>([
    ["bytes before it", Buffer.concat([Buffer.from("x"), honest])],
    ["bytes behind it", Buffer.concat([honest, Buffer.from("x")])],
    ["another archive behind it", Buffer.concat([honest, archiveOf(evil)])],
    ["two files of one name", archiveOf(archiveParts([...files(), ["tfconfig/m-/cdk.tf.json", "{}"]]))],
    ["no file", archiveOf(archiveParts([]))],
    ["nothing but its signature", Buffer.from("PK\u0003\u0004")],
  ])("is unreadable with %s", (_, archive) => {
    expect(reading(archive)).toBeUndefined();
  });
});
