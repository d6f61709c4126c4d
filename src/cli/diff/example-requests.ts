import type { Example } from "../../decision/counterexamples";
import { ACCOUNT_ID } from "../../iam/arns";
import { CATALOGUE, type CatalogueRow } from "../../iam/catalogue";
import { partitionOf } from "../../iam/partitions";
import { exampleArn } from "../iam/example-resources";
import type { ActionChange } from "./rules";

const ROWS: ReadonlyMap<string, CatalogueRow> = new Map(CATALOGUE.map((row) => [row.action.toLowerCase(), row]));

/** The row of an action in any case. */
export function rowOf(action: string): CatalogueRow | undefined {
  return ROWS.get(action.toLowerCase());
}

/** Where the policies apply. What is unknown is read from their ARNs, or stands for any. */
export interface Environment {
  readonly region?: string | undefined;
  readonly account?: string | undefined;
}

/**
 * Requests of actions that are broadened, on resources on which they may be newly allowed; actions that change something first. Without
 * broadened actions, requests of all actions of the catalogue.
 */
export function exampleRequests(changes: readonly ActionChange[], given: Environment = {}): readonly Example[] {
  const inPolicies = /\b[a-z]{2}(?:-[a-z]+)+-\d\b/.exec(JSON.stringify(changes.map(({ after }) => after)))?.[0];
  const region = given.region ?? inPolicies ?? "us-east-1";
  const environment = { partition: partitionOf(region), region, account: given.account ?? ACCOUNT_ID };
  const named = changes.filter(({ action }) => !/[*?]/.test(action));
  const ordered = named.toSorted((one, other) => Number(isWrite(other.access)) - Number(isWrite(one.access)));
  const on = (action: string, pattern: string) =>
    resourcesOf(action, pattern, environment).map((resource) => ({ action, resource }));
  return changes.length === 0
    ? CATALOGUE.flatMap(({ action }) => on(action, "*"))
    : ordered.flatMap(({ action, after }) => after.flatMap(({ resource }) => on(action, resource)));
}

/** Resources that a pattern matches: of the types of the action, or with `example` for what the pattern leaves open. */
function resourcesOf(action: string, pattern: string, environment: Parameters<typeof exampleArn>[2]): readonly string[] {
  const [, partition = "*", service = "", region = "*", account = "*", ...rest] = pattern.split(":");
  const resource = rest.join(":");
  const filled = {
    partition: partition.includes("*") ? environment.partition : partition,
    region: region.includes("*") ? environment.region : region,
    account: account.includes("*") ? environment.account : account,
  };
  const [owner = ""] = action.split(":");
  const known = (rowOf(action)?.resources ?? []).flatMap((type) => exampleArn(owner, type, filled) ?? []);
  if ((pattern === "*" || resource === "*") && known.length > 0) {
    return known;
  }
  // Only IAM has no Region in its ARNs.
  const ofRegion = service === "iam" ? "" : filled.region;
  const arn = `arn:${filled.partition}:${service}:${ofRegion}:${filled.account}:${resource.replaceAll("*", "example")}`;
  return [rest.length === 0 ? pattern : arn];
}

/** Whether actions of an access level change something. */
export function isWrite(access: ActionChange["access"]): boolean {
  return access !== "List" && access !== "Read" && access !== "unknown";
}
