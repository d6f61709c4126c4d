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

const GET_PROVIDER_SCHEMA = "/tfplugin5.Provider/GetSchema";
const SHUTDOWN = "/plugin.GRPCController/Shutdown";
/** A gRPC message follows one byte for whether it is compressed, and four bytes with its length. */
const PREFIX_BYTES = 5;
/** Bytes that are sent without waiting for the receiver. */
const SETTINGS = { settings: { initialWindowSize: 2 ** 24 } };

/** The response to GetProviderSchema, once it is known. */
let schemas: Buffer | undefined;

/**
 * Forwards the calls of one run of Terraform to a provider, and changes only GetProviderSchema.Response, and Shutdown, which ends the
 * run and not the provider.
 * Sources: https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md; "gRPC over HTTP2",
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 * @param provider the path of the provider's socket
 * @param path that of the new socket
 * @param end called when Terraform has ended, with whether it shut the provider down
 */
export async function startProviderProxy(provider: string, path: string, end: (isShutDown: boolean) => void): Promise<void> {
  const server = createServer(SETTINGS);
  server.on("session", (session: ServerHttp2Session) => {
    let isShutDown = false;
    const behind = connect("http://provider", { ...SETTINGS, createConnection: () => connectSocket(provider) });
    behind.on("error", () => session.destroy());
    session.on("error", () => behind.destroy());
    session.on("stream", (stream, headers) => {
      isShutDown ||= headers[":path"] === SHUTDOWN;
      forward(stream, headers, behind);
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

function forward(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, provider: ClientHttp2Session): void {
  const path = headers[":path"];
  if (path === SHUTDOWN) {
    respond(stream, Buffer.alloc(0));
    stream.on("close", () => stream.session?.close());
  } else if (path === GET_PROVIDER_SCHEMA && schemas !== undefined) {
    respond(stream, schemas);
  } else {
    const call = provider.request(headers);
    stream.on("error", () => call.close());
    stream.on("close", () => call.close(constants.NGHTTP2_CANCEL));
    call.on("error", () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    stream.pipe(call);
    if (path === GET_PROVIDER_SCHEMA) {
      void respondWithUsedSchemas(stream, call);
    } else {
      forwardResponse(stream, call);
    }
  }
}

function forwardResponse(stream: ServerHttp2Stream, call: ClientHttp2Stream): void {
  let trailers: IncomingHttpHeaders = {};
  call.on("trailers", (received) => {
    trailers = received;
  });
  call.on("response", (headers, flags) => {
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(headers, { endStream: isWhole, waitForTrailers: !isWhole });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    call.pipe(stream);
  });
}

async function respondWithUsedSchemas(stream: ServerHttp2Stream, call: ClientHttp2Stream): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of call) {
    chunks.push(chunk as Buffer);
  }
  schemas = usedSchemas(Buffer.concat(chunks).subarray(PREFIX_BYTES));
  respond(stream, schemas);
}

function respond(stream: ServerHttp2Stream, message: Buffer): void {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.concat([prefix, message]));
}
