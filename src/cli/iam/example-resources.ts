import { iamResourceArn } from "../../iam/arns";
import type { Environment } from "../../iam/policy-statements";

/** Any ID: policies name resources by type, Region and account. */
const EXAMPLE_ID = "0123456789abcdef0";
const HASH = EXAMPLE_ID.slice(1);

/** The beginning of an ID by type of resource of EC2. */
const EC2_IDS: Readonly<Record<string, string>> = {
  "elastic-ip": "eipalloc",
  image: "ami",
  instance: "i",
  "internet-gateway": "igw",
  natgateway: "nat",
  "network-interface": "eni",
  "route-table": "rtb",
  "security-group": "sg",
  "security-group-rule": "sgr",
  snapshot: "snap",
  subnet: "subnet",
  volume: "vol",
  vpc: "vpc",
  "vpc-peering-connection": "pcx",
};

const RESOURCES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(EC2_IDS).map(([type, id]) => [type, `${type}/${id}-${EXAMPLE_ID}`])),
  "key-pair": "key-pair/example",
  loadbalancer: "loadbalancer/a0123456789abcdef0123456789abcde",
  "loadbalancer/net/": `loadbalancer/net/a0123456789abcdef0123456789abcde/${HASH}`,
  "listener/net": `listener/net/a0123456789abcdef0123456789abcde/${HASH}/${HASH}`,
  targetgroup: `targetgroup/k8s-default/${HASH}`,
  key: "key/01234567-89ab-cdef-0123-456789abcdef",
};

/** Resources that EC2 shares between accounts have none in their ARN. Source: "Actions, resources, and condition keys for Amazon EC2". */
const WITHOUT_ACCOUNT: readonly string[] = ["image", "snapshot"];

/** The ARN of a resource of a type, as the Service Authorization Reference lists types; undefined for a type that DKP passes none of. */
export function exampleArn(service: string, type: string, environment: Required<Environment>): string | undefined {
  const resource = RESOURCES[type];
  const { partition, region, account } = environment;
  if (service === "iam") {
    return iamResourceArn(environment, `${type}/example`);
  }
  return resource && `arn:${partition}:${service}:${region}:${WITHOUT_ACCOUNT.includes(type) ? "" : account}:${resource}`;
}
