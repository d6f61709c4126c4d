import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readRegularFile } from "../../../text/files";
import { isKept, type TrailEvent, trailEvent } from "./trail-event";

/** The first bytes of a gzip file (RFC 1952, "Member header and trailer"). */
const GZIP = [0x1f, 0x8b];

/** CloudTrail delivers files of at most 50 MB before compression. Source: "Working with CloudTrail log files". */
const MAX_BYTES = 2 ** 29;

/** The events of CloudTrail files, and how many there were in all. */
export interface TrailContents {
  readonly files: number;
  /** Each event once, in the order of their time. */
  readonly events: readonly TrailEvent[];
}

/**
 * Reads CloudTrail files: log files as CloudTrail delivers them (`.json.gz`) or uncompressed, and the output of
 * `aws cloudtrail lookup-events`. A folder is searched recursively for `.json` and `.json.gz`; symbolic links in it are not followed.
 * Events that only read are left out.
 * @throws Error in one line with the remedy, if a path does not exist or a file is no CloudTrail file
 */
export function readTrail(paths: readonly string[]): TrailContents {
  const files = paths.flatMap(filesOf);
  const events = new Map<string, TrailEvent>();
  for (const file of files) {
    // Event history and a trail, or several trails, contain the same event.
    for (const event of eventsOf(file)) {
      events.set(event.id, event);
    }
  }
  return { files: files.length, events: [...events.values()].toSorted((one, other) => one.time.localeCompare(other.time)) };
}

function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) {
    return [path];
  }
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.json(\.gz)?$/.test(entry.name) && !isDigest(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name));
  if (files.length === 0) {
    throw new Error(`${path}: contains no CloudTrail file (.json or .json.gz); download them first, or name another folder`);
  }
  return files.sort();
}

/** Digest files are beside the log files, and contain no events. Source: "CloudTrail digest file structure". */
const isDigest = (folder: string) => /(^|[\\/])CloudTrail-Digest([\\/]|$)/.test(folder);

function eventsOf(file: string): readonly TrailEvent[] {
  const document = documentOf(file);
  const { Records: records, Events: found } = document as { readonly Records?: unknown; readonly Events?: unknown };
  // Event history lists the newest event first. Source: CloudTrail API Reference, "LookupEvents".
  const history = Array.isArray(found) ? found.toReversed().map((entry) => lookedUp(entry, file)) : undefined;
  const entries = Array.isArray(records) ? records : history;
  if (entries === undefined) {
    throw notCloudTrail(file);
  }
  return entries
    .map((entry) => {
      const event = trailEvent(entry);
      if (event === undefined) {
        throw notCloudTrail(file);
      }
      return event;
    })
    .filter(isKept);
}

function documentOf(file: string): object {
  const content = readRegularFile(file, MAX_BYTES);
  const isCompressed = GZIP.every((byte, index) => content[index] === byte);
  const json = isCompressed ? uncompressed(content, file) : content;
  try {
    const document: unknown = JSON.parse(json.toString("utf8"));
    if (typeof document === "object" && document !== null) {
      return document;
    }
  } catch {
    // The message of the parser quotes the content.
  }
  throw notCloudTrail(file);
}

function uncompressed(content: Buffer, file: string): Buffer {
  try {
    return gunzipSync(content, { maxOutputLength: MAX_BYTES });
  } catch {
    throw new Error(`${file}: is damaged or incomplete, gzip cannot uncompress it; download it again`);
  }
}

/** An entry of `aws cloudtrail lookup-events` has the event as a string. Source: CloudTrail API Reference, "Event". */
function lookedUp(entry: unknown, file: string): unknown {
  const { CloudTrailEvent: event } = (entry ?? {}) as { readonly CloudTrailEvent?: unknown };
  try {
    return JSON.parse(String(event));
  } catch {
    throw notCloudTrail(file);
  }
}

const notCloudTrail = (file: string) =>
  new Error(
    `${file}: is no CloudTrail file, or is incomplete; name log files of a trail (.json.gz, .json), or the output of aws cloudtrail lookup-events`,
  );
