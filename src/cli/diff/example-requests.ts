import type { Example } from "../../decision/counterexamples";
import { ACCOUNT_ID } from "../../iam/arns";
import { CATALOGUE, type CatalogueRow } from "../../iam/catalogue";
import { partitionOf } from "../../iam/partitions";
import type { ActionChange } from "./rules";

const ROWS: ReadonlyMap<string, CatalogueRow> = new Map(CATALOGUE.map((row) => [row.action.toLowerCase(), row]));

/** The row of an action in any case. */
export function rowOf(action: string): CatalogueRow | undefined {
  return ROWS.get(action.toLowerCase());
}

/**
 * Requests of actions that are broadened, on resources on which they are newly allowed; actions that change something first. Without
 * broadened actions, requests of all actions of the catalogue. ARNs have the form that the Service Authorization Reference lists by
 * type of resource, with `example` for names and IDs.
 */
export function exampleRequests(changes: readonly ActionChange[]): readonly Example[] {
  const region = /\b[a-z]{2}(?:-[a-z]+)+-\d\b/.exec(JSON.stringify(changes.map(({ after }) => after)))?.[0] ?? "us-east-1";
  const named = changes.filter(({ action }) => !/[*?]/.test(action));
  const ordered = named.toSorted((one, other) => Number(isWrite(other.access)) - Number(isWrite(one.access)));
  return changes.length === 0
    ? CATALOGUE.flatMap(({ action }) => requestsOn("*", action, region))
    : ordered.flatMap(({ action, after }) => after.flatMap(({ resource }) => requestsOn(resource, action, region)));
}

function requestsOn(pattern: string, action: string, region: string): readonly Example[] {
  const types = rowOf(action)?.resources ?? [];
  const anyType = pattern === "*" && types.length > 0 ? `arn:*:${action.split(":")[0]}:*:*:*` : pattern;
  const ofType = (type: string) => `${anyType.slice(0, -1)}${type.replace(/\/$/, "")}/*`;
  const patterns = anyType.endsWith(":*") && types.length > 0 ? types.map(ofType) : [anyType];
  return patterns.map((each) => ({ action, resource: instanceOf(each, region) }));
}

/** A resource that a pattern matches. Only IAM has no Region in its ARNs. */
function instanceOf(pattern: string, region: string): string {
  const [arn, partition, service, ofRegion, account, ...rest] = pattern.split(":");
  if (rest.length === 0) {
    return pattern;
  }
  const values = [arn, partitionOf(region), service, service === "iam" ? "" : region, ACCOUNT_ID];
  const filled = [arn, partition, service, ofRegion, account].map((part, at) => (part?.includes("*") ? values[at] : part));
  return [...filled, rest.join(":").replaceAll("*", "example")].join(":");
}

/** Whether actions of an access level change something. */
export function isWrite(access: ActionChange["access"]): boolean {
  return access !== "List" && access !== "Read" && access !== "unknown";
}
