import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { temporaryFolder } from "./cleanup";
import { listening } from "./server";

/**
 * An HTTP proxy for CONNECT that leads each host to a local AWS with TLS, whatever its name: as in
 * a network without a way around it.
 */
export class TunnelToAws {
  /** "HOST:PORT" of each tunnel, and the credentials that the client has sent. */
  readonly tunnels: { readonly host: string; readonly authorization: string | undefined }[] = [];
  readonly authority: string;
  private readonly aws: Server;
  private readonly proxy: Server;
  /** The HTTP status with which it refuses tunnels. */
  refused: number | undefined;
  host = "";
  direct = "";

  private constructor(behind: string) {
    const folder = temporaryFolder();
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    const names = [
      "*.amazonaws.com",
      "*.us-east-1.amazonaws.com",
      "*.eu-central-1.amazonaws.com",
      "localhost",
    ];
    execFileSync(
      "openssl",
      [
        ...[
          "req",
          "-x509",
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:prime256v1",
          "-nodes",
          "-days",
          "2",
        ],
        ...["-subj", "/CN=local AWS", "-keyout", key, "-out", certificate],
        ...["-addext", `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`],
      ],
      { stdio: "pipe" },
    );
    this.authority = certificate;
    this.aws = createTlsServer(
      { key: readFileSync(key), cert: readFileSync(certificate) },
      (incoming, response) => {
        const { method, headers, url = "/" } = incoming;
        const call = request(`${behind}${url}`, { method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        });
        call.on("error", () => response.destroy());
        incoming.pipe(call);
      },
    );
    this.proxy = createServer((_, response) => response.writeHead(405).end());
    this.proxy.on("connect", ({ url = "", headers }, client) => {
      this.tunnels.push({ host: url, authorization: headers["proxy-authorization"] });
      client.on("error", () => client.destroy());
      if (this.refused !== undefined) {
        client.end(
          `HTTP/1.1 ${this.refused} Refused\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>`,
        );
        return;
      }
      const server = connect(Number(new URL(this.direct).port), "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        server.pipe(client);
        client.pipe(server);
      });
      server.on("error", () => client.destroy());
    });
  }

  static async start(behind: string): Promise<TunnelToAws> {
    const tunnel = new TunnelToAws(behind);
    tunnel.direct = `https://${(await listening(tunnel.aws)).replace("127.0.0.1", "localhost")}`;
    tunnel.host = await listening(tunnel.proxy);
    return tunnel;
  }
}
