import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { connect as connectSocket } from "node:net";
import { usedSchemas } from "./used-schemas";

/**
 * Calls whose response follows from the request and the variables of the provider, and the part of
 * the response that Terraform receives.
 */
const REPEATABLE: Readonly<Record<string, (message: Buffer) => Buffer>> = {
  "/tfplugin5.Provider/GetSchema": usedSchemas,
  // The provider checks the schemas of all its resources in each of these calls, which takes 0.2 s
  // of CPU time (measured).
  "/tfplugin5.Provider/PrepareProviderConfig": (message) => message,
};
const SHUTDOWN = "/plugin.GRPCController/Shutdown";
/** A gRPC message follows one byte for whether it is compressed, and four bytes with its length. */
const PREFIX_BYTES = 5;
/** Bytes that are sent without waiting for the receiver. */
const SETTINGS = { settings: { initialWindowSize: 2 ** 24 } };

const responses = new Map<string, Buffer>();

/**
 * Forwards the calls of one run of Terraform to a provider, but a repeatable one only the first
 * time. Changes only GetProviderSchema.Response, and Shutdown, which ends the run and not the
 * provider. Sources: https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md; "gRPC over
 * HTTP2", https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 * @param provider the path of the provider's socket, and the variables that it was started with
 * @param path of the new socket
 * @param end called when Terraform has ended, with whether it shut the provider down
 */
export async function startProviderProxy(
  provider: { readonly socket: string; readonly variables: string },
  path: string,
  end: (isShutDown: boolean) => void,
): Promise<void> {
  const server = createServer(SETTINGS);
  server.on("session", (session: ServerHttp2Session) => {
    let isShutDown = false;
    const behind = connect("http://provider", {
      ...SETTINGS,
      createConnection: () => connectSocket(provider.socket),
    });
    behind.on("error", () => session.destroy());
    session.on("error", () => behind.destroy());
    session.on("stream", (stream, headers) => {
      isShutDown ||= headers[":path"] === SHUTDOWN;
      const fail = () => stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      // A Terraform that ends sends a GOAWAY which nghttp2 calls a protocol error: its last stream
      // is one of Terraform's own. That is the error of each stream which is still open. Source:
      // outgoingGoAwayHandler,
      // https://github.com/grpc/grpc-go/blob/v1.69.4/internal/transport/http2_client.go
      stream.on("error", fail);
      forward(stream, headers, { session: behind, variables: provider.variables }).catch(fail);
    });
    session.on("close", () => {
      behind.destroy();
      server.close();
      end(isShutDown);
    });
  });
  server.listen(path);
  await once(server, "listening");
}

interface Behind {
  readonly session: ClientHttp2Session;
  readonly variables: string;
}

async function forward(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  behind: Behind,
): Promise<void> {
  const path = headers[":path"] ?? "";
  const change = REPEATABLE[path];
  if (path === SHUTDOWN) {
    respond(stream, Buffer.alloc(0));
    stream.on("close", () => stream.session?.close());
  } else if (change !== undefined) {
    await respondAsBefore(stream, headers, behind, change);
  } else {
    const call = callOf(stream, headers, behind);
    stream.pipe(call);
    forwardResponse(stream, call);
  }
}

/** Ends with the call from Terraform. */
function callOf(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { session }: Behind,
): ClientHttp2Stream {
  const call = session.request(headers);
  stream.on("error", () => call.close());
  stream.on("close", () => call.close(constants.NGHTTP2_CANCEL));
  call.on("error", () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  return call;
}

function forwardResponse(stream: ServerHttp2Stream, call: ClientHttp2Stream): void {
  let trailers: IncomingHttpHeaders = {};
  call.on("trailers", (received) => {
    trailers = received;
  });
  call.on("response", (headers, flags) => {
    if (stream.destroyed) {
      return;
    }
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(headers, { endStream: isWhole, waitForTrailers: !isWhole });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    call.pipe(stream);
  });
}

async function respondAsBefore(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  behind: Behind,
  change: (message: Buffer) => Buffer,
): Promise<void> {
  const request = await contentOf(stream);
  const key = [headers[":path"], behind.variables, request.toString("latin1")].join("\0");
  let response = responses.get(key);
  if (response === undefined) {
    const call = callOf(stream, headers, behind).end(request);
    const [content, [trailers]] = await Promise.all([contentOf(call), once(call, "trailers")]);
    const { "grpc-status": status } = trailers as IncomingHttpHeaders;
    if (status !== "0") {
      throw new Error(`${headers[":path"]} ended with status ${status}`);
    }
    response = change(content.subarray(PREFIX_BYTES));
    responses.set(key, response);
  }
  respond(stream, response);
}

async function contentOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function respond(stream: ServerHttp2Stream, message: Buffer): void {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.concat([prefix, message]));
}
