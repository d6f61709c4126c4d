import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** By path. A path that ends with "/" is that of a folder. A script is executable. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Also writes the folders that contain the files. */
export function writeFiles(root: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(name.endsWith("/") ? path : dirname(path), { recursive: true });
    if (!name.endsWith("/")) {
      writeFileSync(path, content, { mode: /^#!/.test(String(content)) ? 0o755 : 0o666 });
    }
  }
}

/** A new folder with these files for each test of the block that calls this. */
export function folderForEach(start: Files = {}) {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "test-")));
    writeFiles(root, start);
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const at = (path = "") => join(root, path);
  return {
    at,
    write: (files: Files) => writeFiles(root, files),
    read: (path: string) => readFileSync(at(path), "utf8"),
    remove: (path: string) => rmSync(at(path), { recursive: true }),
    names: (path = "") => readdirSync(at(path)).sort(),
  };
}

/** As a program that is started in the folder. */
export function inFolder<Result>(folder: string, work: () => Result): Result {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return work();
  } finally {
    process.chdir(before);
  }
}

export const SETTINGS =
  "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n";

/** The user and the policy have the name of the stack. */
export const settingsOf = (stack: string) =>
  `${SETTINGS}user: { name: ${stack} }\npolicy: { name: ${stack} }\n`;

/** A project with the deployment `dev` for each test. */
export const projectForEach = (settings = SETTINGS) =>
  folderForEach({ "deployments/dev.yaml": settings });
