import { isIP } from "node:net";
import { matchesAction as matches } from "../../../../src/iam/action-patterns";
import { ACCOUNT_ID, iamResourceArn } from "../../../../src/iam/arns";
import { CATALOGUE, type CatalogueRow, type ClusterCondition } from "../../../../src/iam/catalogue";
import type { Networks } from "../../../../src/iam/networks";
import type { PolicyCondition, PolicyStatement } from "../../../../src/iam/policy-document";
import { policyStatements } from "../../../../src/iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../../../src/settings/deployment";
import { nearest, showSegment } from "../../../../src/settings/errors";
import { dkpAccess, page, recovery } from "../text/advice";
import { isInBlocks } from "./addresses";
import { AWS_ACTIONS, isOfKnownService } from "./aws-actions";
import type { DeniedRequest } from "./denied-request";

/** Why a request is allowed or denied, most certain reason first. */
export type Verdict =
  | "another principal"
  | "another policy"
  | "unknown action"
  | "not in the policy"
  | "another Region"
  | "another resource"
  | "another condition"
  | "another network"
  | "a Deny"
  | "allowed";

export interface Denial {
  readonly verdict: Verdict;
  readonly sentence: string;
  readonly remedies: readonly string[];
  /** Set if DKP is known to call the action. */
  readonly row?: CatalogueRow;
  /** Why the answer is for another action than the text names. */
  readonly misspelled?: string;
}

const SETTINGS: Readonly<
  Record<Exclude<ClusterCondition, "always" | `layout:${string}` | `feature:${string}`>, string>
> = {
  bastion: "cluster.withNAT.bastionInstance in the layout WithNAT",
  "own-vpc": "no cluster.existingVPCID",
  peering: "cluster.peeredVPCs or cluster.peerAccountIds",
  tags: "cluster.tags",
  "imdsv2-set": "cluster.imdsv2",
  "default-security-groups": "cluster.disableDefaultSecurityGroup: false",
};

const NAMED_BY: readonly (readonly [resource: RegExp, settings: string])[] = [
  [/:role\//, "cluster.prefix, cluster.iamNodeRole and cluster.formerIamNodeRoles name the roles"],
  [/:(?:instance-profile|key-pair)\//, "cluster.prefix names it"],
  [/:kms:/, "cluster.kmsKeyArns names the keys"],
  [
    /:vpc(?:-peering-connection)?\//,
    "cluster.peeredVPCs and cluster.peerAccountIds name what is peered",
  ],
  [/:snapshot\//, "the features volume-snapshots and fast-snapshot-restore allow snapshots"],
  [
    /:(?:loadbalancer|listener)\/(?:app|gwy)\//,
    "DKP has no application and gateway load balancers, so find out what made the call",
  ],
];

const OWNERS: readonly (readonly [kind: RegExp, remedy: string])[] = [
  [/control policy/, "ask the administrators of AWS Organizations to allow it"],
  [/boundary/, "ask the administrators of the boundary to allow it"],
  [/endpoint/, "allow it in the policy of the VPC endpoint"],
  [/resource-based/, "allow it in the policy of the resource, such as a key policy of KMS"],
];

interface Asked {
  readonly request: DeniedRequest;
  readonly deployment: Deployment;
  readonly row: CatalogueRow;
  /** ARN, if the message has it. */
  readonly resource: string | undefined;
  readonly region: string | undefined;
  readonly context: DeniedRequest["context"];
  /**
   * The statements that allow the action, those of them on this resource, and those of these whose
   * conditions may hold.
   */
  readonly grants: readonly PolicyStatement[];
  readonly onResource: readonly PolicyStatement[];
  readonly matching: readonly PolicyStatement[];
  readonly network: "inside" | "outside" | "unknown";
}

type Answer = Pick<Denial, "sentence" | "remedies">;

const answer = (sentence: string, ...remedies: readonly string[]): Answer => ({
  sentence,
  remedies,
});

/** The first one with an answer counts. */
const REASONS: readonly (readonly [Verdict, (asked: Asked) => Answer | undefined])[] = [
  ["not in the policy", notInPolicy],
  ["another Region", otherRegion],
  ["another resource", otherResource],
  ["another condition", otherCondition],
  ["another network", otherNetwork],
  ["a Deny", explicitDeny],
];

/**
 * Answers why a request is denied: by the policy of a deployment, or by something else.
 * @throws Error if the text names no action, or one that neither DKP nor AWS has
 */
export function denialOf(request: DeniedRequest, deployment: Deployment): Denial {
  const { action: named } = request;
  if (named === undefined) {
    throw new Error(
      "--explain: the text is neither a message of AWS nor one action; " +
        "give the whole message, or one action such as ec2:RunInstances",
    );
  }
  const known = rowOf(named);
  if (known !== undefined || isActionOfAws(named)) {
    return judged(known, known?.action ?? showSegment(named), request, deployment);
  }
  const row = misspelledRow(named);
  const missing = isOfKnownService(named) ? "AWS has no action" : "this program knows no action";
  const misspelled = `${missing} ${showSegment(named)}; the nearest is ${row.action}`;
  return { ...judged(row, row.action, request, deployment), misspelled };
}

function judged(
  row: CatalogueRow | undefined,
  action: string,
  request: DeniedRequest,
  deployment: Deployment,
): Denial {
  const other = otherPrincipal(request, deployment) ?? otherPolicy(request, action);
  if (other !== undefined) {
    return { ...other, ...(row && { row }) };
  }
  if (row === undefined) {
    const sentence = `DKP is not known to call ${action}`;
    return { verdict: "unknown action", sentence, remedies: UNKNOWN };
  }
  const asked = askedOf(row, request, deployment);
  for (const [verdict, reason] of REASONS) {
    const found = reason(asked);
    if (found !== undefined) {
      return { verdict, ...found, row };
    }
  }
  return { verdict: "allowed", ...allowed(asked), row };
}

/** The verdict, and a line for each remedy. */
export function denialText({ verdict, sentence, remedies, misspelled }: Denial): string {
  const lines = [`${verdict}: ${sentence}`, ...remedies.map((remedy) => `  -> ${remedy}`)];
  return [...(misspelled === undefined ? [] : [`${misspelled}:`]), ...lines].join("\n");
}

const REPORT = "if a component of DKP called it, report the message and the version of DKP";
const UNKNOWN = [
  "find out what called it with this key: CloudTrail has its program as userAgent",
  REPORT,
];

function otherPrincipal(
  { principal }: DeniedRequest,
  { user, stack, accountId }: Deployment,
): Denial | undefined {
  const [, , , , account, caller] = principal?.split(":") ?? [];
  const own = `user${user.path}${user.name}`;
  if (caller === undefined || (caller === own && (accountId ?? account) === account)) {
    return undefined;
  }
  const owner = accountId === undefined ? "" : ` of the account ${accountId}`;
  return {
    verdict: "another principal",
    ...answer(
      `${principal} made the call, and the policy of ${stack} is that of ${own}${owner}`,
      "check the permissions of that principal",
    ),
  };
}

function otherPolicy(
  { policyKind = "identity", policyArn }: DeniedRequest,
  action: string,
): Denial | undefined {
  const kind = policyKind.toLowerCase();
  if (kind.startsWith("identity")) {
    return undefined;
  }
  const [, remedy = "ask who manages that policy"] =
    OWNERS.find(([pattern]) => pattern.test(kind)) ?? [];
  const named = policyArn === undefined ? "" : `, ${policyArn},`;
  return { verdict: "another policy", ...answer(`a ${kind}${named} denies ${action}`, remedy) };
}

function askedOf(row: CatalogueRow, request: DeniedRequest, deployment: Deployment): Asked {
  const { accountId, user } = deployment;
  const account = accountId ?? request.principal?.split(":")[4];
  const options = policyOptionsOf({ ...deployment, accountId: account });
  const { partition } = options.environment;
  const resource = arnOf(request.resource, { partition, account: account ?? ACCOUNT_ID });
  const region = regionOf(row.action, request, resource);
  const context = {
    ...request.context,
    ...(region === undefined ? {} : { "aws:RequestedRegion": [region] }),
  };
  const grants = policyStatements(options).filter(
    ({ actions, effect }) => effect === undefined && actions.includes(row.action),
  );
  const onResource = grants.filter(
    ({ resources }) =>
      resource === undefined || resources.some((pattern) => matches(pattern, resource)),
  );
  const matching = onResource.filter(({ conditions }) =>
    conditions.every((condition) => holds(condition, context)),
  );
  const network = networkOf(request, user.allowedNetworks);
  const known = { request, deployment, row, resource, region, context };
  return { ...known, grants, onResource, matching, network };
}

function notInPolicy({ grants, row, deployment: { policy, stack } }: Asked): Answer | undefined {
  if (grants.length > 0) {
    return undefined;
  }
  const settings = row.requiredWhen.map(settingOf).join(", or ");
  return settings === ""
    ? answer(
        `mode ${policy.mode} leaves out ${row.action}, which no component of DKP is known to call`,
        REPORT,
      )
    : answer(
        `the policy does not allow ${row.action}, which DKP calls only with ${settings}`,
        `if the cluster has that, write it into the settings of ${stack}, and apply`,
      );
}

function otherRegion({ matching, region, row, deployment }: Asked): Answer | undefined {
  return matching.length > 0 || region === undefined || region === deployment.region
    ? undefined
    : answer(
        `the call was made in ${region}, ` +
          `and the policy allows ${row.action} only in ${deployment.region}`,
        "correct the Region in DKP's configuration, or region in the settings",
      );
}

function otherResource(asked: Asked): Answer | undefined {
  const { grants, onResource, row, resource = "" } = asked;
  const [, named = "the settings below cluster decide on which"] =
    NAMED_BY.find(([kind]) => kind.test(resource)) ?? [];
  const hint = otherAccount(asked) ?? named;
  return onResource.length > 0
    ? undefined
    : answer(`the policy allows ${row.action}, but not on ${resource}; ${allowedBy(grants)}`, hint);
}

/** Settings can name only KMS keys and peered VPCs of other accounts. */
function otherAccount({ resource = "", request, deployment }: Asked): string | undefined {
  const account = deployment.accountId ?? request.principal?.split(":")[4];
  const owner = resource.split(":")[4] ?? "";
  const isExternal = account !== undefined && /^\d{12}$/.test(owner) && owner !== account;
  return isExternal && !/:kms:|:vpc(?:-peering-connection)?\//.test(resource)
    ? `it belongs to the account ${owner}, and no setting allows that: ` +
        `give DKP one of the account ${account}`
    : undefined;
}

function otherCondition({ onResource, matching, row, context }: Asked): Answer | undefined {
  if (matching.length > 0) {
    return undefined;
  }
  const missed = onResource
    .flatMap(({ conditions }) => conditions)
    .filter((condition) => !holds(condition, context));
  return answer(
    `the policy allows ${row.action} under a condition that the request does not meet`,
    ...missed.map(
      ({ variable, values }) =>
        `${variable} is ${context[variable]?.join(", ")}, and must be ${values.join(" or ")}`,
    ),
  );
}

function otherNetwork({ network, row, request }: Asked): Answer | undefined {
  const source = request.vpcEndpoint ?? request.address;
  return network !== "outside"
    ? undefined
    : answer(
        `the statement DenyOtherNetworks denies ${row.action}, ` +
          `because ${source} is not in user.allowedNetworks`,
        "if the cluster or whoever runs dhctl has this address, " +
          "add it to user.allowedNetworks, and apply",
        `if not, somebody else has the key: ${page("leak")}`,
      );
}

function explicitDeny({ request, network, row, deployment }: Asked): Answer | undefined {
  const { policyArn, isExplicit } = request;
  const { stack, policy, policies } = deployment;
  const drift =
    `${dkpAccess("drift", stack)} names the policies of the user; ` +
    `see ${recovery("quarantine")}`;
  if (!isExplicit) {
    return undefined;
  }
  const isOwn = policies.some(({ name }) => policyArn?.endsWith(`:policy${policy.path}${name}`));
  if (policyArn !== undefined && !isOwn) {
    return answer(`the policy ${policyArn} denies ${row.action}`, drift);
  }
  return network === "inside"
    ? answer(
        `another policy of the user denies ${row.action}, because no statement of this one does`,
        drift,
      )
    : answer(
        `a Deny applies to ${row.action}; that of this policy, DenyOtherNetworks, ` +
          "applies in networks outside user.allowedNetworks",
        "the event of CloudTrail has the address: give it to --explain",
        `if the address is allowed: ${drift}`,
      );
}

function allowed({
  request,
  row,
  resource,
  context,
  matching,
  network,
  deployment: { user, stack },
}: Asked): Answer {
  const on = resource === undefined ? "" : ` on ${resource}`;
  const sentence = `the policy allows ${row.action}${on}; ${allowedBy(matching)}`;
  const conditions = matching
    .flatMap((statement) => statement.conditions)
    .filter(({ variable }) => !(variable in context));
  const causes = [
    `AWS has another policy than the settings: ${dkpAccess("plan", stack)}`,
    ...conditions.map(
      ({ variable, values }) => `${variable} of the call is not ${values.join(" or ")}`,
    ),
  ];
  if (resource === undefined) {
    causes.push(
      "the call was on another resource, or required another action as well: " +
        "the message of AWS names them",
    );
  }
  if (request.policyKind === undefined) {
    causes.push(...otherCauses(user, network));
  }
  return answer(
    sentence,
    ...causes.map((cause, at) => `${at === 0 ? "if AWS denies it:" : "or"} ${cause}`),
  );
}

/** If AWS does not ascribe the denial to the policies of the user. */
function otherCauses(
  { permissionsBoundary }: Deployment["user"],
  network: Asked["network"],
): readonly string[] {
  const causes = ["a service control policy denies it: the message of AWS says so"];
  if (permissionsBoundary !== undefined) {
    causes.push(`the permissions boundary ${permissionsBoundary} does not allow it`);
  }
  if (network === "unknown") {
    causes.push("the call came from a network outside user.allowedNetworks");
  }
  return causes;
}

const nameLike = (named: string, action: string) =>
  named.includes(":") ? action : (action.split(":")[1] ?? "");

/**
 * Ignores case, as IAM does. Of two services with the operation, the one that DKP is known to call.
 */
function rowOf(named: string): CatalogueRow | undefined {
  const rows = CATALOGUE.filter(
    ({ action }) => nameLike(named, action).toLowerCase() === named.toLowerCase(),
  );
  return rows.find(({ callers }) => callers.length > 0) ?? rows[0];
}

/** @throws Error if no row is similar */
function misspelledRow(named: string): CatalogueRow {
  const names = CATALOGUE.map(({ action }) => nameLike(named, action));
  const row = CATALOGUE[names.indexOf(nearest(named, names) ?? "")];
  if (row === undefined) {
    throw new Error(
      `--explain: ${showSegment(named)} is not an action of AWS; ` +
        "write for example ec2:RunInstances",
    );
  }
  return row;
}

/**
 * Whether AWS has an action. In a service without a list, each action counts, except those that DKP
 * calls in another service.
 */
function isActionOfAws(named: string): boolean {
  const action = named.toLowerCase();
  const [operation = "", service] = action.split(":").reverse();
  if (service === undefined) {
    return [...AWS_ACTIONS.keys()].some((name) => name.endsWith(`:${operation}`));
  }
  return isOfKnownService(action) ? AWS_ACTIONS.has(action) : rowOf(operation) === undefined;
}

function settingOf(condition: ClusterCondition): string {
  const [kind, name] = condition.split(":");
  if (kind === "layout" || kind === "feature") {
    return kind === "layout" ? `cluster.layout: ${name}` : `features: [${name}]`;
  }
  return SETTINGS[condition as keyof typeof SETTINGS];
}

function allowedBy(statements: readonly PolicyStatement[]): string {
  return statements
    .map(({ sid, resources }) => `statement ${sid}: ${resources.join(", ")}`)
    .join("; ");
}

/** For roles and instance profiles, IAM prints kind and name. */
function arnOf(
  resource: string | undefined,
  own: { readonly partition: string; readonly account: string },
): string | undefined {
  const [, kind, name] = /^(role|instance profile|user|policy) (.+)$/.exec(resource ?? "") ?? [];
  return kind === undefined ? resource : iamResourceArn(own, `${kind.replace(" ", "-")}/${name}`);
}

/** IAM and STS have one Region in a partition, so none. */
function regionOf(
  action: string,
  { region, context }: DeniedRequest,
  resource: string | undefined,
): string | undefined {
  if (/^(?:iam|sts):/.test(action)) {
    return undefined;
  }
  const inArn = resource?.split(":")[3];
  const inContext =
    context["aws:RequestedRegion"] ?? context["aws:Region"] ?? context["ec2:Region"] ?? [];
  return inArn === undefined || inArn === "" ? (inContext[0] ?? region) : inArn;
}

/** Whether a condition holds as far as the request is known. */
function holds({ variable, values }: PolicyCondition, context: DeniedRequest["context"]): boolean {
  const known = context[variable];
  return (
    known === undefined || known.every((value) => values.some((pattern) => matches(pattern, value)))
  );
}

/**
 * If CloudTrail names the source. A service that calls for the user has a name instead of an
 * address.
 */
function networkOf(
  { address = "", vpcEndpoint }: DeniedRequest,
  networks: Networks | undefined,
): Asked["network"] {
  if (networks === undefined) {
    return "inside";
  }
  const { cidrs, vpcs, vpcEndpoints } = networks;
  if (vpcEndpoint !== undefined && vpcEndpoints.includes(vpcEndpoint)) {
    return "inside";
  }
  if (vpcEndpoint !== undefined) {
    // CloudTrail does not name the VPC of an endpoint.
    return vpcs.length === 0 ? "outside" : "unknown";
  }
  if (isIP(address) === 0) {
    return "unknown";
  }
  return isInBlocks(address, cidrs) ? "inside" : "outside";
}
