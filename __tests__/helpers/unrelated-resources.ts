import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Environment } from "../../src/iam/policy-statements";
import { PROJECT } from "./project-root";
import type { Context, Request } from "./simulator";
import { MARKER, PEER_VPC, prefixed, VPC } from "./tagged-requests";

// A made-up account with neighbors of the cluster: resources that are not the cluster's, one of each kind for each location where the
// kind can be and each owner.

/** A resource with the requests that change it, delete it, redirect it, or read what is in it. Any of them is enough. */
export interface UnrelatedResource {
  readonly kind: string;
  readonly location: Location;
  readonly owner: string;
  readonly name: string;
  /** Each item is what one attack requires together. */
  readonly attacks: readonly (readonly Request[])[];
}

type Tags = Readonly<Record<string, string>>;

/** Where a neighbor is, or what it resembles. The prefix of the cluster is `dev`. */
const LOCATIONS = {
  "another VPC": {},
  "another Region": {},
  "a name with the prefix": { Name: "dev-eu" },
  "the tag Name of the cluster": { Name: "dev" },
  "the cluster's VPC": {},
  "the cluster's subnets": {},
} as const satisfies Readonly<Record<string, Tags>>;
type Location = keyof typeof LOCATIONS;

/** Locations that exist for a kind: what is in no VPC, in a VPC, in a subnet. */
const REACH = { region: 4, vpc: 5, subnet: 6 } as const;

const OTHER_UUID = "ffffffff-eeee-4ddd-8ccc-bbbbbbbbbbbb";
export const OTHER_VPC = "vpc-0fedcba9876543210";
const OTHER_REGION = { aws: "eu-west-1", "aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-east-1" };
const ID = "0fedcba9876543210";

/** Tags by owner. What components of another cluster create has the tags of the kind. */
const OWNERS: Readonly<Record<string, Tags | undefined>> = {
  nobody: {},
  "another team": { Name: "web", team: "web", env: "prod" },
  "another DKP cluster": { [MARKER.key]: "prod", Name: "prod" },
  "components of another cluster": undefined,
};

/** A row of `unrelated-resources.yaml`, which explains it. */
interface Kind {
  readonly kind: string;
  readonly in: keyof typeof REACH;
  readonly resource: string;
  readonly actions: readonly string[];
  readonly together?: Readonly<Record<string, string>>;
  readonly components?: keyof typeof COMPONENTS;
}

const CSI: Tags = { "ebs.csi.aws.com/cluster": "true" };
const CLOUD_CONTROLLER: Tags = { [`kubernetes.io/cluster/${OTHER_UUID}`]: "owned" };
const BALANCER: Tags = { ...CLOUD_CONTROLLER, "kubernetes.io/service-name": "web/web" };
const COMPONENTS = { csi: CSI, controller: CLOUD_CONTROLLER, balancer: BALANCER };

/** The kinds of each service. */
const KINDS: Readonly<Record<string, readonly Kind[]>> = parse(
  readFileSync(join(PROJECT, "__tests__/helpers/unrelated-resources.yaml"), "utf8"),
);

/** What an attacker adds to any resource to come past conditions on tags: every tag that the policies name. */
const TAGGING: Readonly<Record<string, string>> = { ec2: "ec2:CreateTags", elasticloadbalancing: "elasticloadbalancing:AddTags" };

/** All resources of the account that are not the cluster's. */
export function unrelatedResources(environment: Environment, uuid: string): readonly UnrelatedResource[] {
  const kinds = Object.entries(KINDS).flatMap(([service, all]) => all.map((kind) => ({ service, ...kind })));
  return kinds.flatMap((kind) =>
    (Object.keys(LOCATIONS) as Location[])
      .slice(0, REACH[kind.in])
      .flatMap((location) => Object.keys(OWNERS).map((owner) => resourceOf({ kind, location, owner }, environment, uuid))),
  );
}

type Neighbor = Pick<UnrelatedResource, "location" | "owner"> & { readonly kind: Kind & { readonly service: string } };

function resourceOf({ kind, location, owner }: Neighbor, environment: Environment, uuid: string): UnrelatedResource {
  const { service } = kind;
  const { partition, account } = environment;
  const region = location === "another Region" ? OTHER_REGION[partition as keyof typeof OTHER_REGION] : environment.region;
  const prefix = `arn:${partition}:${service}:${region}:`;
  // ARNs of images and snapshots have no account.
  const owned = /^(?:image|snapshot)\//.test(kind.resource) ? "" : account;
  const name = `${prefix}${owned}:${kind.resource.replaceAll("ID", ID)}`;
  const vpc = (id: string) => `arn:${partition}:ec2:${region}:${account}:vpc/${id}`;
  const own = vpc(/cluster's (?:VPC|subnets)/.test(location) ? VPC : OTHER_VPC);
  const ofRegion: Context = {
    "aws:RequestedRegion": region,
    ...(service === "ec2" ? { "ec2:Vpc": own, "ec2:RequesterVpc": own, "ec2:AccepterVpc": vpc(PEER_VPC) } : {}),
  };
  const components = kind.components === undefined ? { [MARKER.key]: "prod" } : COMPONENTS[kind.components];
  const tags = { ...(OWNERS[owner] ?? components), ...LOCATIONS[location] };
  const context: Context = { ...ofRegion, ...prefixed("aws:ResourceTag/", tags) };
  const given = prefixed("aws:RequestTag/", {
    [MARKER.key]: MARKER.value,
    ...CSI,
    [`kubernetes.io/cluster/${uuid}`]: "owned",
    "kubernetes.io/service-name": "a/b",
  });
  const request = (action: string, resource = name, its = context): Request => ({ action, resource, context: its });
  const clusters = { ...ofRegion, ...prefixed("aws:ResourceTag/", { [MARKER.key]: MARKER.value }) };
  return {
    kind: kind.kind,
    location,
    owner,
    name,
    attacks: [
      ...kind.actions.map((action) => [request(`${service}:${action}`)]),
      ...Object.entries(kind.together ?? {}).map(([action, partner]) => [
        request(`${service}:${action}`),
        request(`${service}:${action}`, `${prefix}${account}:${partner}`, clusters),
      ]),
      [request(TAGGING[service] ?? "", name, { ...context, ...given })],
    ],
  };
}
