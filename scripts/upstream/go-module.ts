import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import { compare } from "semver";
import type { GoFiles } from "./go-calls";

/** The default of the Go command. Source: https://go.dev/ref/mod#environment-variables. */
const DEFAULT_GOPROXY = "https://proxy.golang.org,direct";

/** Statuses after which the Go command tries the next proxy of a list separated by commas. Source: https://go.dev/ref/mod#goproxy-protocol. */
const NOT_FOUND: readonly number[] = [404, 410];

/** Go files of a checked-out module, and its path. A folder with a go.mod of its own is another module. @throws Error without go.mod */
export function readFolder(root: string): { readonly module: string; readonly files: GoFiles } {
  const module = /^module\s+"?([^\s"]+)/m.exec(readFileSync(join(root, "go.mod"), "utf8"))?.[1];
  if (module === undefined) {
    throw new Error(`${join(root, "go.mod")}: has no module path`);
  }
  const files = new Map<string, string>();
  const folders = [root];
  for (const folder of folders) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !/^(?:\..*|_.*|vendor|testdata)$/.test(entry.name) && !hasGoMod(path)) {
        folders.push(path);
      }
      if (entry.isFile() && entry.name.endsWith(".go")) {
        files.set(relative(root, path).replaceAll(sep, "/"), readFileSync(path, "utf8"));
      }
    }
  }
  return { module, files };
}

function hasGoMod(folder: string): boolean {
  return readdirSync(folder).includes("go.mod");
}

/**
 * Go files of a version of a module, from the first proxy that has it.
 * @param proxies the value of GOPROXY; undefined or empty: the default of the Go command
 * @throws Error if no proxy serves the version
 */
export async function downloadModule(module: string, version: string, proxies: string | undefined): Promise<GoFiles> {
  const prefix = `${module}@${version}/`;
  const archive = unzipSync(await request(`${escaped(module)}/@v/${escaped(version)}.zip`, proxies), {
    filter: ({ name }) => name.endsWith(".go"),
  });
  return new Map(
    Object.entries(archive).map(([name, content]) => [name.slice(prefix.length), new TextDecoder().decode(content)]),
  );
}

/** The newest release of a module, without `v`. @throws Error if no proxy lists a release */
export async function newestVersion(module: string, proxies: string | undefined): Promise<string> {
  const list = new TextDecoder().decode(await request(`${escaped(module)}/@v/list`, proxies));
  const releases = list.split("\n").filter((line) => /^v\d+\.\d+\.\d+$/.test(line));
  const newest = releases.sort(compare).at(-1);
  if (newest === undefined) {
    throw new Error(`${module}: the proxy lists no release; pass --version or --source`);
  }
  return newest.slice(1);
}

/** Capital letters as `!` and the lower-case letter. Source: https://go.dev/ref/mod#goproxy-protocol. */
function escaped(path: string): string {
  return path.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
}

async function request(path: string, proxies: string | undefined): Promise<Uint8Array> {
  const failures: string[] = [];
  for (const [, proxy = "", separator] of (proxies || DEFAULT_GOPROXY).matchAll(/\s*([^,|\s]+)\s*([,|])?/g)) {
    if (proxy === "direct" || proxy === "off") {
      failures.push(`GOPROXY: "${proxy}" is not a module proxy; add one, or pass --source with a checked-out source tree`);
      break;
    }
    const { content, status, failure } = await get(`${proxy.replace(/\/$/, "")}/${path}`);
    if (content !== undefined) {
      return content;
    }
    failures.push(failure);
    if (separator !== "|" && !NOT_FOUND.includes(status)) {
      break;
    }
  }
  throw new Error(failures.join("\n"));
}

async function get(url: string): Promise<{ readonly content?: Uint8Array; readonly status: number; readonly failure: string }> {
  try {
    if (url.startsWith("file:")) {
      return { content: readFileSync(fileURLToPath(url)), status: 200, failure: "" };
    }
    const response = await fetch(url);
    return response.ok
      ? { content: new Uint8Array(await response.arrayBuffer()), status: response.status, failure: "" }
      : { status: response.status, failure: `${url}: ${response.status} ${(await response.text()).trim().slice(0, 200)}` };
  } catch (error) {
    const { message, cause, code } = error as Error & { readonly cause?: Error; readonly code?: string };
    return { status: code === "ENOENT" ? 404 : 0, failure: `${url}: ${cause?.message ?? message}` };
  }
}
