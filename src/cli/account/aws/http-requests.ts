import type { Readable } from "node:stream";
import type { NodeHttpHandler } from "@smithy/node-http-handler";

/** The SDK's name for an error without a code, which every error of AWS has. */
export const NO_CODE = "Unknown";

type Handle = NodeHttpHandler["handle"];
type Request = Parameters<Handle>[0];
type Response = Awaited<ReturnType<Handle>>["response"];

/**
 * Requests to AWS, through the proxy that HTTPS_PROXY and NO_PROXY name: the SDK itself ignores these variables.
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
    rejectOthers(request, response);
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

/**
 * The SDK takes the HTML page of a captive portal or a proxy for an empty result. EC2, IAM and STS answer requests of the query protocol
 * with XML. Requests of other protocols, such as those of IAM Identity Center, pass, and so do errors, in which the SDK misses the code.
 * Source: API references of IAM ("Making query requests") and EC2 ("Error codes").
 * @throws Error if the response is not of AWS, as the SDK throws it for an error of that kind
 */
function rejectOthers({ headers: sent }: Request, { statusCode, headers, body }: Response): void {
  const isQuery = sent["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
  if (isQuery && statusCode < 300 && !/^(?:text|application)\/xml\b/.test(headers["content-type"] ?? "")) {
    (body as Readable).destroy();
    throw Object.assign(new Error(), { name: NO_CODE, $metadata: { httpStatusCode: statusCode } });
  }
}
