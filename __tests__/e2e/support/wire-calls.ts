import type { IncomingHttpHeaders } from "node:http";
import { sign } from "aws4";
import type { Credentials } from "./local-aws";

// The protocols of AWS: what a client sends, and what AWS reads from it.

/** A call of an API of AWS, before it is signed. */
export interface WireCall {
  /** The IAM action, `ec2:RunInstances`; of REST services the one that method and path mean. */
  readonly action: string;
  /** Parameters by name: `TagSpecification.1.Tag.1.Key` of query APIs, the members of the body of JSON APIs. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** @default the Region of the cluster, for IAM and STS `us-east-1` */
  readonly region?: string;
  /** Only of REST services: method and path, `GET /bucket/key`. */
  readonly rest?: string;
  /** Version of a query API. @default the newest one */
  readonly version?: string | undefined;
}

/** A call as a table of text has it: its action, parameters as `NAME=VALUE`, and words of the table's own. */
export function writtenCall(line: string) {
  const [action = "", ...parts] = line.split(" ");
  const pairs = parts.filter((part) => part.includes("=")).map((part) => part.split(/=(.*)/));
  const parameters = Object.fromEntries(pairs.map(([name = "", value = ""]) => [name, value] as const));
  return { action, parameters, words: parts.filter((part) => !part.includes("=")) };
}

/** A text in which words in capitals are replaced by what they stand for, which may have such words too. */
export function withWords(text: string, words: Readonly<Record<string, string>>): string {
  const replaced = text.replaceAll(/\b[A-Z][A-Z_]+\b/g, (word) => words[word] ?? word);
  return replaced === text ? text : withWords(replaced, words);
}

/** A call as AWS reads it from a signed request. */
export interface ReceivedCall extends WireCall {
  readonly parameters: Readonly<Record<string, string>>;
  readonly accessKeyId: string;
  /** The name of the service in the signature. */
  readonly service: string;
  /** The Region in the signature. */
  readonly region: string;
}

/** A request as it arrives. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Versions of the query APIs. All other services have JSON or REST APIs. */
const QUERY_VERSIONS: Readonly<Record<string, string>> = {
  autoscaling: "2011-01-01",
  cloudformation: "2010-05-15",
  ec2: "2016-11-15",
  elasticloadbalancing: "2015-12-01",
  iam: "2010-05-08",
  sts: "2011-06-15",
};

/** The version of the API of classic load balancers. It shares service name and IAM actions with the newer one. */
export const CLASSIC = "2012-06-01";

/** Prefixes of the header `X-Amz-Target` of JSON APIs. */
const TARGETS: Readonly<Record<string, string>> = {
  cloudtrail: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
  ecs: "AmazonEC2ContainerServiceV20141113",
  kms: "TrentService",
  secretsmanager: "secretsmanager",
  ssm: "AmazonSSM",
};

const GLOBAL = ["iam", "sts"];

/** Signs a call and sends it. */
export async function send(url: string, credentials: Credentials, region: string, call: WireCall): Promise<Response> {
  const [service = "", name = ""] = call.action.split(":");
  const [method = "POST", path = "/"] = (call.rest ?? "POST /").split(" ");
  const body = method === "POST" || method === "PUT" ? bodyOf(call) : "";
  const headers = {
    ...(TARGETS[service] === undefined ? {} : { "X-Amz-Target": `${TARGETS[service]}.${name}` }),
    ...(body === "" ? {} : { "Content-Type": contentType(service) }),
  };
  const { host } = new URL(url);
  const where = call.region ?? (GLOBAL.includes(service) ? "us-east-1" : region);
  const signed = sign({ host, service, region: where, method, path, headers, body }, credentials);
  const sent = { method, headers: signed.headers as Record<string, string>, ...(body === "" ? {} : { body }) };
  return fetch(`${url}${path}`, sent);
}

function bodyOf({ action, parameters = {}, version }: WireCall): string {
  const [service = "", Action = ""] = action.split(":");
  const Version = version ?? QUERY_VERSIONS[service];
  return Version === undefined ? JSON.stringify(parameters) : new URLSearchParams({ Action, Version, ...parameters }).toString();
}

function contentType(service: string): string {
  return QUERY_VERSIONS[service] === undefined ? "application/x-amz-json-1.1" : "application/x-www-form-urlencoded";
}

/** The call in a signed request. @throws Error if the request has no signature */
export function received(request: RawRequest): ReceivedCall {
  const scope = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\/aws4_request/.exec(request.headers.authorization ?? "");
  const [, accessKeyId, region, service] = scope ?? [];
  if (accessKeyId === undefined || region === undefined || service === undefined) {
    throw new Error(`${request.method} ${request.path} has no signature`);
  }
  return { ...nameAndParameters(service, request), accessKeyId, region, service };
}

function nameAndParameters(
  service: string,
  { method, path, headers, body }: RawRequest,
): Pick<ReceivedCall, "action" | "parameters" | "version"> {
  const target = headers["x-amz-target"];
  if (typeof target === "string") {
    return { action: `${service}:${target.split(".").at(-1)}`, parameters: JSON.parse(body) as Record<string, string> };
  }
  if (headers["content-type"]?.includes("x-www-form-urlencoded") === true) {
    const { Action, ...parameters } = Object.fromEntries(new URLSearchParams(body));
    return { action: `${service}:${Action}`, parameters, version: parameters.Version };
  }
  const parameters = { path, ...(body === "" ? {} : (JSON.parse(body) as Record<string, string>)) };
  return { action: `${service}:${restAction(service, method, path)}`, parameters };
}

/** The actions of the REST APIs that the tests call. */
function restAction(service: string, method: string, path: string): string {
  if (service === "lambda") {
    return path.endsWith("/invocations") ? "InvokeFunction" : "CreateFunction";
  }
  if (path === "/") {
    return "ListAllMyBuckets";
  }
  return method === "PUT" ? "PutObject" : "GetObject";
}

/** Whether the signature of a request is the one of the key. */
export function isSignedBy(credentials: Credentials, { service, region }: ReceivedCall, request: RawRequest): boolean {
  const { authorization, ...given } = request.headers;
  const covered = /SignedHeaders=([^,]+)/.exec(authorization ?? "")?.[1]?.split(";") ?? [];
  const headers = Object.fromEntries(Object.entries(given).filter(([name]) => covered.includes(name)));
  const { method, path, body } = request;
  const signed = sign({ service, region, method, path, body, headers: headers as Record<string, string> }, credentials);
  return (signed.headers as Record<string, string>).Authorization === authorization;
}
