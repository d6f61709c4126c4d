import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { LocalAws } from "./local-aws";

/** A proxy of the local AWS that forwards each call after a delay, so that a test can act during a call. */
export class SlowAws {
  private readonly server: Server;

  private constructor(behind: LocalAws, milliseconds: number) {
    this.server = createServer((incoming, response) => {
      const { method, headers, url = "/" } = incoming;
      const onward = async () => {
        await setTimeout(milliseconds);
        const call = request(`${behind.url}${url}`, { method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        });
        call.on("error", () => response.destroy());
        incoming.pipe(call);
      };
      onward().catch(() => response.destroy());
    });
  }

  static async start(behind: LocalAws, milliseconds: number): Promise<SlowAws> {
    const slow = new SlowAws(behind, milliseconds);
    await new Promise<void>((resolve) => {
      slow.server.listen(0, "127.0.0.1", resolve);
    });
    return slow;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
