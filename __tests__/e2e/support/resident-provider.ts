import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Credentials } from "./local-aws";
import { type AnyAws, terraformEnvironment } from "./terraform";

/** A local AWS, or a proxy before it. */
export interface AddressedAws extends AnyAws {
  readonly url: string;
}

/**
 * A provider process that serves many runs of Terraform, one after another, each with the AWS that is selected.
 * A run without the start of its own provider needs a third of the CPU time (measured: 1.3 s, 3.8 s).
 * Source: "Debugging Terraform Providers", `TF_REATTACH_PROVIDERS`, https://developer.hashicorp.com/terraform/plugin/debugging
 */
export class ResidentProvider implements AnyAws {
  private readonly sockets = new Set<Socket>();
  private process: ChildProcess | undefined;
  private reattach = "";

  private constructor(
    private readonly server: Server,
    private aws: AddressedAws,
  ) {}

  /** @param folder an initialized stack, which has the provider's program */
  static async start(folder: string, aws: AddressedAws, credentials: Credentials): Promise<ResidentProvider> {
    const server = createServer();
    const provider = new ResidentProvider(server, aws);
    server.on("connection", (socket) => provider.forward(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const env = { ...terraformEnvironment(provider, credentials), GOMEMLIMIT: "512MiB" };
    const child = spawn(programIn(folder), ["-debug"], { env, stdio: ["ignore", "pipe", "ignore"] });
    provider.process = child;
    for await (const line of createInterface(child.stdout)) {
      const [, reattach] = /TF_REATTACH_PROVIDERS='(.*)'/.exec(line) ?? [];
      if (reattach !== undefined) {
        provider.reattach = reattach;
        break;
      }
    }
    child.stdout.resume();
    return provider;
  }

  /** The following runs call this AWS. */
  select(aws: AddressedAws): this {
    this.aws = aws;
    for (const socket of this.sockets) {
      socket.destroy();
    }
    return this;
  }

  environment(credentials?: Credentials): Record<string, string> {
    const { port } = this.server.address() as { readonly port: number };
    const reattach: Record<string, string> = this.reattach === "" ? {} : { TF_REATTACH_PROVIDERS: this.reattach };
    return { ...this.aws.environment(credentials), ...reattach, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` };
  }

  stop(): void {
    this.process?.kill("SIGKILL");
    this.server.close();
    this.select(this.aws);
  }

  private forward(socket: Socket): void {
    const { hostname, port } = new URL(this.aws.url);
    const behind = connect(Number(port), hostname);
    for (const [one, other] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      this.sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}

function programIn(folder: string): string {
  const root = join(folder, ".terraform/providers/registry.terraform.io/hashicorp/aws");
  const [version = ""] = readdirSync(root);
  const [platform = ""] = readdirSync(join(root, version));
  const [program = ""] = readdirSync(join(root, version, platform)).filter((name) => name.startsWith("terraform-provider-aws"));
  return join(root, version, platform, program);
}
