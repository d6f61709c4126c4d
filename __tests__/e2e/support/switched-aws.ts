import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Credentials } from "./local-aws";
import type { AnyAws } from "./terraform";

/** A local AWS, or a proxy before it. */
export interface AddressedAws extends AnyAws {
  readonly url: string;
}

/** One address for several AWS, one after another: a provider process that serves many runs cannot change its address. */
export class SwitchedAws implements AnyAws {
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((socket) => this.forward(socket));

  private constructor(private aws: AddressedAws) {}

  static async before(aws: AddressedAws): Promise<SwitchedAws> {
    const switched = new SwitchedAws(aws);
    switched.server.listen(0, "127.0.0.1");
    await once(switched.server, "listening");
    return switched;
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
    return { ...this.aws.environment(credentials), AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` };
  }

  stop(): void {
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
