import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import { auditFile, auditStack, type Report } from "../../../../src/cli/account/audit/audit-report";
import { terraformCli } from "../../../../src/terraform/terraform-cli";

/** 40 random characters, in the format of AWS; the example of the AWS documentation. */
const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const STATE = { version: 4, terraform_version: "1.11.4", outputs: { key: { value: SECRET } } };
const SHAPE = "what looks like the secret of an access key";
const S3 = { type: "s3", arguments: { bucket: "b" } };

/** A length in Protocol Buffers and the bytes, for a field. */
const field = (number: number, bytes: Buffer) => Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
const short = (text: string) => Buffer.concat([Buffer.from([0xa0 + text.length]), Buffer.from(text)]);

/** The message `Plan` with a backend whose configuration has these arguments; null where one is not set. */
function planMessage(config: Readonly<Record<string, string | null>>): Buffer {
  const entries = Object.entries(config).flatMap(([name, value]) => [
    short(name),
    value === null ? Buffer.from([0xc0]) : Buffer.concat([Buffer.from([0xd9, value.length]), Buffer.from(value)]),
  ]);
  const msgpack = Buffer.concat([Buffer.from([0x80 + entries.length / 2]), ...entries]);
  const backend = Buffer.concat([field(1, Buffer.from("s3")), field(2, field(1, msgpack)), field(3, Buffer.from("default"))]);
  return Buffer.concat([Buffer.from([8, 3]), field(14, Buffer.from("1.11.4")), field(13, backend)]);
}

/** A zip archive with one file, without a checksum. */
function zip(name: string, content: Buffer): Buffer {
  const packed = deflateRawSync(content);
  const sizes = [packed.length, content.length, name.length];
  const common = Buffer.alloc(26);
  common.writeUInt16LE(8, 4);
  common.writeUInt32LE(sizes[0] ?? 0, 14);
  common.writeUInt32LE(sizes[1] ?? 0, 18);
  common.writeUInt16LE(sizes[2] ?? 0, 22);
  const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), common, Buffer.from(name), packed]);
  const central = Buffer.concat([Buffer.from("PK\u0001\u0002"), Buffer.alloc(2), common, Buffer.alloc(14), Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", "latin1");
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

describe("the audit of a stack's folder", () => {
  let folder: string;
  let binary: string;
  const terraform = () => terraformCli({ TERRAFORM_BINARY_NAME: binary }, () => undefined);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "audit-"));
    mkdirSync(join(folder, "stack/.terraform/providers"), { recursive: true });
    binary = join(folder, "terraform");
    writeFileSync(binary, '#!/bin/sh\ncase $1 in state) echo "{}" ;; show) echo \'{"terraform_version":"1.11.4"}\' ;; esac\n');
    chmodSync(binary, 0o755);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const write = (name: string, content: string | Buffer) => writeFileSync(join(folder, "stack", name), content);
  const audit = async () => {
    const reports = await auditStack(terraform(), join(folder, "stack"), S3);
    return reports.map((report): Report => ({ ...report, source: report.source.replace(`${folder}/stack/`, "") }));
  };
  const found = (source: string, location: string, what = SHAPE) => ({ source, findings: [{ location, what }] });

  it.each([
    [
      "plan.json",
      JSON.stringify({ terraform_version: "1.11.4", planned_values: { outputs: { key: { value: SECRET } } } }),
      "planned_values.outputs.key.value",
    ],
    ["outputs.json", JSON.stringify({ key: { value: SECRET } }), "key.value"],
    ["old-state", JSON.stringify(STATE), "outputs.key.value"],
    ["s.tfstate.gz", gzipSync(JSON.stringify(STATE)), "outputs.key.value"],
    ["errored.tfstate", JSON.stringify(STATE), "outputs.key.value"],
    ["notes.txt", `first\nsecret=${SECRET}\n`, "line 2"],
    [".terraform/old.tfstate", JSON.stringify(STATE), "outputs.key.value"],
  ])("reads %s", async (name, content, location) => {
    write(name, content);
    expect(await audit()).toEqual([{ source: "state", findings: [] }, found(name, location)]);
  });

  it("reads what a symbolic link leads to, and names one that leads nowhere or to a folder", async () => {
    writeFileSync(join(folder, "elsewhere"), JSON.stringify(STATE));
    symlinkSync(join(folder, "elsewhere"), join(folder, "stack/a.tfstate"));
    symlinkSync(join(folder, "nothing"), join(folder, "stack/b.tfstate"));
    symlinkSync(folder, join(folder, "stack/c"));
    expect((await audit()).slice(1)).toEqual([
      found("a.tfstate", "outputs.key.value"),
      { source: "b.tfstate", findings: [], unread: "is a symbolic link to nothing" },
      { source: "c", findings: [], unread: "is a symbolic link to a folder, which is not followed" },
    ]);
  });

  it("finds credentials of -backend-config in .terraform/terraform.tfstate and in a saved plan", async () => {
    const config = { bucket: "b", access_key: "AKIAIOSFODNN7EXAMPLE", secret_key: "short", token: null };
    write(
      ".terraform/terraform.tfstate",
      JSON.stringify({ version: 3, terraform_version: "1.11.4", backend: { type: "s3", config } }),
    );
    write("plan", zip("tfplan", planMessage(config)));
    const credentials = ["access_key", "secret_key"].map((name) => ({
      location: `backend.config.${name}`,
      what: "a credential of the backend",
    }));
    expect((await audit()).slice(1)).toEqual([
      { source: ".terraform/terraform.tfstate", findings: credentials },
      { source: "plan", findings: credentials },
    ]);
    write(".terraform/terraform.tfstate", JSON.stringify({ backend: { type: "s3", config: { bucket: "b", secret_key: null } } }));
    write("plan", zip("tfplan", planMessage({ bucket: "b", secret_key: null })));
    expect((await audit()).flatMap(({ findings }) => findings)).toEqual([]);
  });

  it("reports what it cannot read and reads the rest", async () => {
    write("a.tfstate", '{"version": 4, "outputs": {');
    write("b.json", JSON.stringify({ encrypted_data: "x", encryption_version: "v0" }));
    write("c", Buffer.from([1, 0, 2]));
    write("d", Buffer.from("PK\u0003\u0004"));
    write("e.tfstate.gz", gzipSync("x").subarray(0, 12));
    write("f", "");
    truncateSync(join(folder, "stack/f"), 2 ** 27 + 1);
    write("g.json", JSON.stringify(STATE));
    expect((await audit()).slice(1)).toEqual([
      { source: "a.tfstate", findings: [], unread: "is JSON that is not complete or not valid" },
      { source: "b.json", findings: [], unread: "is encrypted by OpenTofu; audit the state that tofu state pull prints" },
      { source: "c", findings: [], unread: "is in an unknown binary format" },
      { source: "d", findings: [], unread: "is a zip archive that ends too early" },
      { source: "e.tfstate.gz", findings: [], unread: "unexpected end of file" },
      { source: "f", findings: [], unread: "has 134217729 bytes, the audit reads at most 134217728" },
      found("g.json", "outputs.key.value"),
    ]);
  });

  it("unpacks no more than its limit", async () => {
    const part = gzipSync(Buffer.alloc(2 ** 20));
    write("bomb.tfstate.gz", Buffer.concat(Array<Buffer>(129).fill(part)));
    expect((await audit())[1]).toEqual({
      source: "bomb.tfstate.gz",
      findings: [],
      unread: expect.stringContaining("Cannot create a Buffer larger than 134217728 bytes"),
    });
  });

  it("names JSON with more values than the memory has room for", async () => {
    write("lists.json", `[${"[],".repeat(6_000_000)}[]]`);
    expect((await audit())[1]).toEqual({
      source: "lists.json",
      findings: [],
      unread: "has more than 5,000,000 values, the limit; divide it",
    });
  });

  it("leaves out downloaded providers and modules", async () => {
    write(".terraform/providers/x", SECRET);
    mkdirSync(join(folder, "stack/.terraform/modules"));
    write(".terraform/modules/x", SECRET);
    expect(await audit()).toEqual([{ source: "state", findings: [] }]);
  });

  it("continues if Terraform cannot read the state", async () => {
    binary = join(folder, "missing");
    write("a.json", JSON.stringify(STATE));
    expect(await audit()).toEqual([
      {
        source: "state",
        findings: [],
        unread: `${join(folder, "missing")} is not on the PATH; install 1.10 or newer, or set TERRAFORM_BINARY_NAME`,
      },
      found("a.json", "outputs.key.value"),
    ]);
  });

  it("names a file that was given and is no document, whatever it holds", async () => {
    write("notes.txt", SECRET);
    expect(await auditFile(terraform(), join(folder, "stack/notes.txt"))).toEqual({
      source: join(folder, "stack/notes.txt"),
      findings: [{ location: "line 1", what: SHAPE }],
      unread:
        "is neither a Terraform state nor a plan nor other JSON; name a file that terraform plan -out=FILE or state pull wrote",
    });
  });

  it("reads files of any name beside a local state", async () => {
    writeFileSync(join(folder, "x.tfstate"), "{}");
    writeFileSync(join(folder, "x.tfstate.old"), JSON.stringify(STATE));
    writeFileSync(join(folder, "x.tfstate~"), JSON.stringify(STATE));
    const reports = await auditStack(terraform(), join(folder, "stack"), {
      type: "local",
      arguments: { path: join(folder, "x.tfstate") },
    });
    expect(reports.map(({ source, findings }) => [source.split("/").at(-1), findings.length])).toEqual([
      ["state", 0],
      ["x.tfstate.old", 1],
      ["x.tfstate~", 1],
    ]);
  });
});
