import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command";

const { version } = JSON.parse(readFileSync(join(__dirname, "../package.json"), "utf8")) as {
  readonly version: string;
};

/** @throws Error that names the file */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new Error(`${file}: cannot be read (${code}); check the path`);
  }
}

/** A reader that has had enough, such as `head`, is no error. A full disk is one. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && process.exitCode !== 1) {
      process.exitCode = 1;
      process.stderr.write(`iam-no-new-access: standard output: ${error.message}\n`);
    }
  });
}

process.exitCode = run(process.argv.slice(2), version, {
  read: readText,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
