import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Credentials, LocalAws } from "./local-aws";
import { terraformEnvironment } from "./terraform";

/** A proxy between Terraform and the local AWS. AWS executes every call; the response to the first call of one action is lost. */
export class LostResponseProxy {
  private readonly server: Server;
  private readonly lost: Promise<unknown>;
  private armed = true;

  private constructor(
    private readonly aws: LocalAws,
    private readonly action: string,
  ) {
    this.server = createServer((request, response) => void this.forward(request, response));
    this.lost = once(this.server, "lost");
  }

  /** @param action the IAM action whose first response is lost, for example `CreateGroup` */
  static async losing(action: string, aws: LocalAws): Promise<LostResponseProxy> {
    const proxy = new LostResponseProxy(aws, action);
    proxy.server.listen(0, "127.0.0.1");
    await once(proxy.server, "listening");
    return proxy;
  }

  environment(credentials?: Credentials): Record<string, string> {
    const { port } = this.server.address() as AddressInfo;
    return { ...this.aws.environment(credentials), AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` };
  }

  /** Applies, and kills Terraform and its provider as soon as AWS has executed the call. */
  async kill(folder: string, credentials?: Credentials): Promise<void> {
    const env = terraformEnvironment(this, credentials);
    // Its own process group, which includes the provider.
    const terraform = spawn("terraform", ["apply", "-auto-approve"], { cwd: folder, env, detached: true, stdio: "ignore" });
    const ended = once(terraform, "exit");
    const first = await Promise.race([this.lost.then(() => "lost"), ended.then(() => "ended")]);
    if (first === "lost") {
      process.kill(-(terraform.pid ?? 0), "SIGKILL");
      await ended;
    }
    this.stop();
    if (first === "ended") {
      throw new Error(`Terraform ended without a call of ${this.action}`);
    }
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { method, headers, url = "" } = request;
    const forwarded = httpRequest(`${this.aws.url}${url}`, { method, headers, agent: false });
    forwarded.end(body);
    const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
    const text = await buffer(answer);
    if (this.armed && new URLSearchParams(body.toString()).get("Action") === this.action) {
      this.armed = false;
      this.server.emit("lost");
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    response.end(text);
  }
}
