import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { strToU8, zipSync } from "fflate";
import { downloadModule, newestVersion, readFolder } from "../../../scripts/upstream/go-module";

const MODULE = "github.com/Example/driver";
/** The paths that a proxy serves this module under. */
const ESCAPED = "github.com/!example/driver/@v";
const MAIN = "package main\n";
const ARCHIVE = zipSync({
  [`${MODULE}@v1.2.0-RC.1/cmd/main.go`]: strToU8(MAIN),
  [`${MODULE}@v1.2.0-RC.1/README.md`]: strToU8("a driver"),
});
const OTHER_LIST = `${ESCAPED.replace("driver", "other")}/list`;
const SERVED: Readonly<Record<string, Uint8Array>> = {
  [`/${ESCAPED}/list`]: strToU8("v0.9.0\nv0.37.0\nv0.36.0\nv0.38.0-rc.1\n"),
  [`/${ESCAPED}/v1.2.0-!r!c.1.zip`]: ARCHIVE,
  [`/${OTHER_LIST}`]: strToU8("v0.1.0-beta.1\n"),
};

let server: Server;
let proxy: string;

/** Below /500/, every path has this status. */
beforeAll(async () => {
  server = createServer(({ url = "" }, response) => {
    const status = Number(/^\/(\d+)\//.exec(url)?.[1] ?? 404);
    const content = SERVED[url];
    response.writeHead(content === undefined ? status : 200).end(content ?? "not here");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

/** A folder with these files. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = mkdtempSync(join(tmpdir(), "upstream-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

const download = (proxies: string) => downloadModule(MODULE, "v1.2.0-RC.1", proxies);
const FILES = new Map([["cmd/main.go", MAIN]]);

describe("downloadModule", () => {
  it("reads the Go files of a version", async () => {
    expect(await download(proxy)).toEqual(FILES);
    expect(await download(`${proxy}/`)).toEqual(FILES);
  });

  it.each(["404,", "410,", "404|", "500|"])("tries the next proxy after %s", async (first) => {
    expect(await download(`${proxy}/${first}${proxy}`)).toEqual(FILES);
  });

  it("tries the next proxy after one that cannot be reached, if the separator is |", async () => {
    expect(await download(`http://proxy.invalid|${proxy}`)).toEqual(FILES);
    await expect(download(`http://proxy.invalid,${proxy}`)).rejects.toThrow("proxy.invalid");
  });

  it("does not try the next proxy after another error than 404 and 410, if the separator is a comma", async () => {
    await expect(download(`${proxy}/500,${proxy}`)).rejects.toThrow(`${proxy}/500/${ESCAPED}/v1.2.0-!r!c.1.zip: 500 not here`);
  });

  it.each(["direct", "off"])("stops at %s, which this tool does not support", async (word) => {
    const message = `GOPROXY: "${word}" is not a module proxy; add one, or pass --source with a checked-out source tree`;
    await expect(download(word)).rejects.toThrow(message);
    await expect(download(`${proxy}/404,${word},${proxy}`)).rejects.toThrow(message);
  });

  it("reads a proxy in a folder", async () => {
    const root = folderOf({ [`${ESCAPED}/v1.2.0-!r!c.1.zip`]: ARCHIVE });
    expect(await download(pathToFileURL(root).href)).toEqual(FILES);
    expect(await download(`${pathToFileURL(folderOf({})).href},${proxy}`)).toEqual(FILES);
  });
});

describe("newestVersion", () => {
  it("is the newest release, by number", async () => {
    expect(await newestVersion(MODULE, proxy)).toBe("0.37.0");
  });

  it("requires a release", async () => {
    await expect(newestVersion("github.com/Example/other", proxy)).rejects.toThrow(
      "github.com/Example/other: the proxy lists no release; pass --version or --source",
    );
  });
});

describe("readFolder", () => {
  it("reads the module of a source tree, without nested and vendored modules", () => {
    const root = folderOf({
      "go.mod": `// a driver\nmodule ${MODULE} // import\n\ngo 1.26\n`,
      "main.go": MAIN,
      "pkg/cloud/cloud.go": "package cloud\n",
      "pkg/cloud/README.md": "a package",
      "tests/go.mod": "module tests\n",
      "tests/main.go": MAIN,
      "vendor/example.com/vendored.go": MAIN,
    });
    expect(readFolder(root)).toEqual({
      module: MODULE,
      files: new Map([
        ["main.go", MAIN],
        ["pkg/cloud/cloud.go", "package cloud\n"],
      ]),
    });
  });

  it("requires the path of the module", () => {
    const root = folderOf({ "go.mod": "go 1.26\n" });
    expect(() => readFolder(root)).toThrow(`${join(root, "go.mod")}: has no module path`);
  });
});
