import { once } from "node:events";
import type { Server } from "node:http";
import type { Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { atEnd } from "./cleanup";

/**
 * Until the tests of the file end.
 * @returns its host and port
 */
export async function listening(server: Server | TlsServer): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  atEnd(() => closed(server));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Before the tests of the file end. */
export function closed(server: Server | TlsServer): void {
  server.close();
  server.closeAllConnections();
}
