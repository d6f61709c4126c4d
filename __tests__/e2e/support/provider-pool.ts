import { type ChildProcess, spawn } from "node:child_process";
import { on, once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { startProviderProxy } from "./provider-proxy";

/*
 * A program: lends processes of the AWS provider to runs of Terraform, each to one run at a time. A
 * process that a run gives back serves the next one, which saves its start: 2 s of CPU time
 * (measured). Arguments: the provider's program, and a folder of its own. Prints its port on
 * 127.0.0.1. Ends when its standard input ends, and the providers and the folder with it. A client
 * sends its variables, each followed by NUL, and a newline; receives the line that a provider
 * prints for Terraform; and gives the provider back when Terraform shuts it down, which ends the
 * connection. A provider whose Terraform or client was killed is killed too. Source: "Debugging
 * Terraform Providers", https://developer.hashicorp.com/terraform/plugin/debugging
 */

interface Provider {
  readonly process: ChildProcess;
  readonly socket: string;
  readonly variables: string;
  /** Read at the start of each run. */
  readonly configuration: string;
}

/**
 * Keys of an AWS configuration file by the variables that they replace, because a process cannot
 * change its variables.
 */
const KEYS: Readonly<Record<string, string>> = {
  AWS_ENDPOINT_URL: "endpoint_url",
  AWS_ACCESS_KEY_ID: "aws_access_key_id",
  AWS_SECRET_ACCESS_KEY: "aws_secret_access_key",
  AWS_SESSION_TOKEN: "aws_session_token",
};
const IDLE = 2;

const [program = "", folder = ""] = process.argv.slice(2);
const idle: Provider[] = [];
const all: ChildProcess[] = [];
let runs = 0;

async function lend(client: Socket): Promise<void> {
  const [, entries = ""] = await firstMatch(client, /^(.*)\0\n/s);
  const variables = entries
    .split("\0")
    .filter((entry) => /^(AWS_\w+|\w+_PROXY)=./i.test(entry))
    .sort();
  // A role comes before the access key of a file, and after that of a variable.
  const hasRole = variables.some((entry) => /^AWS_(ROLE|WEB_IDENTITY)_/.test(entry));
  const isFixed = (entry: string) => hasRole || KEYS[nameOf(entry)] === undefined;
  const provider = await providerWith(variables.filter(isFixed));
  const settings = variables
    .filter((entry) => !isFixed(entry))
    .map((entry) => `${KEYS[nameOf(entry)]} = ${textOf(entry)}\n`);
  writeFileSync(provider.configuration, `[default]\n${settings.join("")}`);
  runs += 1;
  const socket = join(folder, `run-${runs}`);
  let isShutDown = false;
  const end = (byShutdown: boolean) => {
    isShutDown = byShutdown;
    client.end();
  };
  await startProviderProxy(provider, socket, end);
  client.write(`1|5|unix|${socket}|grpc|\n`);
  if (!client.closed) {
    await once(client, "close");
  }
  if (isShutDown) {
    idle.push(provider);
  } else {
    provider.process.kill("SIGKILL");
  }
  for (const { process } of idle.splice(0, idle.length - IDLE)) {
    process.kill("SIGKILL");
  }
}

const nameOf = (entry: string) => entry.slice(0, entry.indexOf("="));
const textOf = (entry: string) => entry.slice(entry.indexOf("=") + 1);

/** An idle provider with these variables, or a new one. */
async function providerWith(entries: readonly string[]): Promise<Provider> {
  const variables = entries.join("\n");
  const at = idle.findLastIndex((provider) => provider.variables === variables);
  const [known] = at < 0 ? [] : idle.splice(at, 1);
  return (
    known ??
    (await start(
      variables,
      Object.fromEntries(entries.map((entry) => [nameOf(entry), textOf(entry)])),
    ))
  );
}

async function start(
  variables: string,
  environment: Readonly<Record<string, string>>,
): Promise<Provider> {
  const configuration = join(folder, `config-${all.length}`);
  const child = spawn(program, ["-debug"], {
    env: { ...environment, AWS_CONFIG_FILE: configuration },
    stdio: ["ignore", "pipe", "ignore"],
  });
  all.push(child);
  const [, socket] = await firstMatch(child.stdout, /TF_REATTACH_PROVIDERS='.*"String":"(.*?)"/);
  if (socket === undefined) {
    throw new Error(`${program} -debug did not start`);
  }
  return { process: child, socket, variables, configuration };
}

/** The further input is ignored. */
async function firstMatch(input: Readable, pattern: RegExp): Promise<readonly string[]> {
  let received = "";
  for await (const [chunk] of on(input, "data", { close: ["close"] })) {
    received += String(chunk);
    const match = pattern.exec(received);
    if (match !== null) {
      return match;
    }
  }
  return [];
}

const server = createServer((client) => {
  client.on("error", () => client.destroy());
  lend(client).catch((error) => {
    process.stderr.write(`${error}\n`);
    client.destroy();
  });
});
server.listen(0, "127.0.0.1", () =>
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`),
);
process.stdin.resume().once("end", () => {
  for (const child of all) {
    child.kill("SIGKILL");
  }
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
