import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readTrail } from "../../../../src/cli/account/keys/trail-files";
import { trailRecord } from "../../../helpers/trail-records";

describe("readTrail", () => {
  let folder: string;
  const file = (name: string, content: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const records = (...entries: readonly object[]) => JSON.stringify({ Records: entries });
  const history = (...entries: readonly object[]) =>
    JSON.stringify({ Events: entries.map((entry) => ({ CloudTrailEvent: JSON.stringify(entry) })) });
  const actions = (...paths: readonly string[]) => readTrail(paths).events.map(({ action }) => action);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "trail-"));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const late = trailRecord({ action: "iam:CreateRole", time: "12:00:02" });
  const early = trailRecord({ action: "ec2:RunInstances", time: "12:00:01" });
  const read = trailRecord({ action: "ec2:DescribeInstances" });

  it("reads log files, compressed or not, and leaves out what only reads", () => {
    const compressed = file("a.json.gz", gzipSync(records(late, read)));
    expect(actions(compressed, file("b.json", records(early)))).toEqual(["ec2:RunInstances", "iam:CreateRole"]);
  });

  it("reads event history, which lists the newest event first", () => {
    const [first, second] = [trailRecord({ action: "iam:CreateRole" }), trailRecord({ action: "iam:PutRolePolicy" })];
    expect(actions(file("a.json", history(second, first)))).toEqual(["iam:CreateRole", "iam:PutRolePolicy"]);
  });

  it("counts an event once that is in several files", () => {
    expect(actions(file("a.json", records(late)), file("b.json", history(late)))).toEqual(["iam:CreateRole"]);
  });

  it("searches folders, without digest files, other files and symbolic links", () => {
    const day = join(folder, "AWSLogs/123456789012/CloudTrail/eu-central-1/2026/11/01");
    const digest = join(folder, "AWSLogs/123456789012/CloudTrail-Digest/eu-central-1");
    mkdirSync(day, { recursive: true });
    mkdirSync(digest, { recursive: true });
    writeFileSync(join(day, "log.json.gz"), gzipSync(records(early)));
    writeFileSync(join(digest, "digest.json.gz"), gzipSync("{}"));
    file("notes.txt", "notes");
    symlinkSync("/dev/null", join(folder, "link.json"));
    expect(readTrail([folder])).toMatchObject({ files: 1, events: [{ action: "ec2:RunInstances" }] });
  });

  const NO_TRAIL =
    "is no CloudTrail file, or is incomplete; name log files of a trail (.json.gz, .json), or the output of aws cloudtrail lookup-events";
  const good = gzipSync(records(late));

  it.each([
    ["text", "log.json", "secret text", NO_TRAIL],
    ["an empty file", "log.json", "", NO_TRAIL],
    ["other JSON", "log.json", '{"resources":[]}', NO_TRAIL],
    ["a list", "log.json", "[]", NO_TRAIL],
    ["records without an event", "log.json", '{"Records":[{"name":"x"}]}', NO_TRAIL],
    ["an event with a wrong time", "log.json", records({ ...late, eventTime: "yesterday" }), NO_TRAIL],
    ["history without events", "log.json", '{"Events":[{}]}', NO_TRAIL],
    [
      "a cut gzip file",
      "log.json.gz",
      good.subarray(0, good.length - 12),
      "is damaged or incomplete, gzip cannot uncompress it; download it again",
    ],
  ])("rejects %s in one line that does not repeat the content", (_, name, content, message) => {
    const path = file(name, content);
    expect(() => readTrail([path])).toThrow(new Error(`${path}: ${message}`));
  });

  it("rejects a folder without CloudTrail files", () => {
    expect(() => readTrail([folder])).toThrow(
      `${folder}: contains no CloudTrail file (.json or .json.gz); download them first, or name another folder`,
    );
  });
});
