import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { NodeHttpHandler } from "@smithy/node-http-handler";

/**
 * EC2, IAM and STS use the query protocol, and answer with XML. Other requests are those of IAM
 * Identity Center.
 */
const QUERY = "application/x-www-form-urlencoded";

/**
 * Requests to AWS through the proxy of HTTPS_PROXY and NO_PROXY, which the SDK itself ignores. A
 * response of anything but the operation is an error: the SDK takes HTML from a captive portal, or
 * no content at all, for an empty result. Source: API references of IAM and STS ("Response
 * Structure": `<operation name>Response`) and EC2 ("Making API requests").
 * @param onDate receives the `Date` header of each response
 */
export async function awsRequests(onDate: (date: string) => void): Promise<NodeHttpHandler> {
  const [{ NodeHttpHandler }, { HttpsProxyAgent }, { getProxyForUrl }] = await Promise.all([
    import("@smithy/node-http-handler"),
    import("https-proxy-agent"),
    import("proxy-from-env"),
  ]);
  const handlers = new Map<string, NodeHttpHandler>();
  const requests = new NodeHttpHandler();
  requests.handle = async (request, options) => {
    const { protocol, hostname, port } = request;
    // Only tests and local emulators have endpoints without TLS.
    const proxy = protocol === "https:" ? getProxyForUrl(`https://${hostname}:${port ?? 443}`) : "";
    const agent = () => new HttpsProxyAgent(proxyUrl(proxy), { keepAlive: true });
    const handler =
      handlers.get(proxy) ?? new NodeHttpHandler(proxy === "" ? {} : { httpsAgent: agent() });
    handlers.set(proxy, handler);
    const { response } = await handler.handle(request, options);
    onDate(response.headers.date ?? "");
    if (request.headers["content-type"]?.startsWith(QUERY) && response.statusCode < 300) {
      const body = await buffer(response.body as Readable);
      const operation = new URLSearchParams(String(request.body)).get("Action") ?? "";
      if (
        !new RegExp(`^\\s*(?:<\\?xml[^>]*>\\s*)?<${operation}Response[\\s>]`).test(
          body.toString("utf8"),
        )
      ) {
        throw new Error(`HTTP ${response.statusCode}, which is not a response of AWS`);
      }
      response.body = Readable.from([body]);
    }
    return { response };
  };
  return requests;
}

/** @throws Error without the URL, which can contain a password */
function proxyUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new Error(
      "HTTPS_PROXY is not the URL of an HTTP proxy, such as http://proxy.example.com:3128",
    );
  }
  return url;
}
