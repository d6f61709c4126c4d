import type { Environment } from "../../src/iam/policy-statements";
import { projectFile } from "./project-root";
import type { Request } from "./simulator";

interface Abuse extends Request {
  readonly what: string;
  readonly documented: boolean;
}

/** The parts of IDs that the table shortens. */
const WORDS: Readonly<Record<string, string>> = {
  HASH: "0123456789abcdef",
  ID: "0123456789abcdef0",
  KEY: "01234567-89ab-cdef-0123-456789abcdef",
};

/** The owner of objects that are not the victim's. */
const OTHER_ACCOUNT = "999999999999";
const ELSEWHERE = "us-west-2";

/** `abuses.txt` explains the words. */
const ROWS = [
  ...projectFile("__tests__/helpers/abuses.txt")
    .replaceAll(/\b(?:HASH|ID|KEY)\b/g, (word) => WORDS[word] ?? word)
    .matchAll(/^([+-]) (.*) \| (.*)$/gm),
].map(([, sign, what = "", request = ""]) => ({ documented: sign === "+", what, request }));

/**
 * `scoped` and `minimal` must deny them to the key of a cluster with prefix `dev` and node role
 * `/apps/dkp-node`.
 */
export function abuses(environment: Environment): readonly Abuse[] {
  return ROWS.map(({ documented, what, request }) => {
    const [action = "", resource = "", ...rest] = request.split(" ");
    const [service = ""] = action.split(":");
    const region = resource.endsWith("@elsewhere") ? ELSEWHERE : environment.region;
    const pairs = rest.filter((word) => word !== "nowhere").map((pair) => pair.split(/=(.*)/));
    const own = pairs.map(
      ([key = "", value = ""]) => [key, contextValue(key, value, environment)] as const,
    );
    const context = {
      ...(rest.includes("nowhere") ? {} : { "aws:RequestedRegion": region }),
      ...Object.fromEntries(own),
    };
    return { what, documented, action, resource: arnOf(service, resource, environment), context };
  });
}

function contextValue(key: string, value: string, environment: Environment) {
  if (key === "aws:TagKeys") {
    return value.split(",");
  }
  const [, theirs = "", vpc] = /^(theirs:)?(vpc\/.*)$/.exec(value) ?? [];
  const suffix = theirs === "" ? "" : "@theirs";
  return vpc === undefined
    ? value.replace("REGION", environment.region)
    : arnOf("ec2", `${vpc}${suffix}`, environment);
}

/** Services whose ARNs have no Region. */
const GLOBAL = ["iam", "s3"];

function arnOf(called: string, text: string, { partition, region, account = "" }: Environment) {
  const [name = "", where] = text.split("@");
  if (name === "*") {
    return name;
  }
  const [, service = called, resource = name] = /^(ec2|iam):(.*)$/.exec(name) ?? [];
  const owner = where === "theirs" ? OTHER_ACCOUNT : account;
  const isShared = service === "s3" || /^(?:image|snapshot)\//.test(resource);
  const ofArn = where === "elsewhere" ? ELSEWHERE : region;
  return `arn:${partition}:${service}:${GLOBAL.includes(service) ? "" : ofArn}:${isShared ? "" : owner}:${resource}`;
}
