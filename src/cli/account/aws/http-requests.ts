import type { Readable } from "node:stream";
import type { NodeHttpHandler } from "@smithy/node-http-handler";

/** Requests of the query protocol, which EC2, IAM and STS answer with XML. Others are those of IAM Identity Center. */
const QUERY = "application/x-www-form-urlencoded";

/**
 * Requests to AWS, through the proxy that HTTPS_PROXY and NO_PROXY name: the SDK itself ignores these variables. A result that is not XML
 * is an error: the SDK takes the HTML page of a captive portal or a proxy for an empty result.
 * Source: API references of IAM ("Making query requests") and EC2 ("Error codes").
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
    const handler = handlers.get(proxy) ?? new NodeHttpHandler(proxy === "" ? {} : { httpsAgent: agent() });
    handlers.set(proxy, handler);
    const { response } = await handler.handle(request, options);
    onDate(response.headers.date ?? "");
    const { "content-type": type = "" } = response.headers;
    if (
      request.headers["content-type"]?.startsWith(QUERY) &&
      response.statusCode < 300 &&
      !/^(?:text|application)\/xml\b/.test(type)
    ) {
      (response.body as Readable).destroy();
      throw new Error(`HTTP ${response.statusCode}, which is not a response of AWS`);
    }
    return { response };
  };
  return requests;
}

/** @throws Error without the URL, which can contain a password */
function proxyUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new Error("HTTPS_PROXY is not the URL of an HTTP proxy, such as http://proxy.example.com:3128");
  }
  return url;
}
