import type { NodeHttpHandler } from "@smithy/node-http-handler";
import { NOT_AWS } from "./operations";

type Handle = NodeHttpHandler["handle"];
type Request = Parameters<Handle>[0];
type Response = Awaited<ReturnType<Handle>>["response"];

/**
 * Requests to AWS, through the proxy that HTTPS_PROXY and NO_PROXY name: the SDK itself ignores these variables. A response that is
 * not of AWS is an error, because the SDK takes for example the HTML page of a captive portal for an empty result.
 * @param onDate receives the `Date` header of each response
 */
export async function awsRequests(onDate: (date: string) => void): Promise<NodeHttpHandler> {
  const [{ NodeHttpHandler }, { HttpsProxyAgent }, { getProxyForUrl }] = await Promise.all([
    import("@smithy/node-http-handler"),
    import("https-proxy-agent"),
    import("proxy-from-env"),
  ]);
  const direct = new NodeHttpHandler();
  const tunnels = new Map<string, NodeHttpHandler>();
  const handlerOf = ({ protocol, hostname, port }: Request): NodeHttpHandler => {
    // Only tests and local emulators have endpoints without TLS.
    const proxy = protocol === "https:" ? getProxyForUrl(`https://${hostname}:${port ?? 443}`) : "";
    if (proxy === "") {
      return direct;
    }
    const handler =
      tunnels.get(proxy) ?? new NodeHttpHandler({ httpsAgent: new HttpsProxyAgent(proxyUrl(proxy), { keepAlive: true }) });
    tunnels.set(proxy, handler);
    return handler;
  };
  const requests = new NodeHttpHandler();
  requests.handle = async (request, options) => {
    const { response } = await handlerOf(request).handle(request, options);
    onDate(response.headers.date ?? "");
    // Errors of servers pass: load balancers of AWS send them without content, and the SDK tries again.
    return { response: response.statusCode >= 500 ? response : await checkedResponse(request, response) };
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
 * The response with its body read. @throws Error if it is not what the query protocol of EC2, IAM and STS requires. Requests of other
 * protocols, such as those of IAM Identity Center, pass.
 * Source: API references of IAM ("Making query requests") and EC2 ("Error codes").
 */
async function checkedResponse({ hostname, body: sent }: Request, response: Response): Promise<Response> {
  const { statusCode, headers } = response;
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  const text = body.toString("utf8").trim();
  const form = sent instanceof Uint8Array ? Buffer.from(sent).toString("utf8") : sent;
  const operation = typeof form === "string" ? new URLSearchParams(form).get("Action") : null;
  const elements = statusCode < 300 ? [`${operation}Response`] : ["ErrorResponse", "Response"];
  const [, element = ""] = /^(?:<\?xml[^>]*>\s*)?<([A-Za-z]+)[\s>]/.exec(text) ?? [];
  if (operation !== null && !elements.includes(element)) {
    const type = headers["content-type"]?.split(";", 1)[0] ?? "no content type";
    const what = text === "" ? "an empty body" : type;
    const error = new Error(`${hostname} returned HTTP ${statusCode}, ${what}, which is not a response of AWS`);
    throw Object.assign(error, { name: NOT_AWS, $metadata: { httpStatusCode: statusCode } });
  }
  return Object.assign(response, { body });
}
