import { iamResourceArn } from "../../../../src/iam/arns";
import type { Environment } from "../../../../src/iam/policy-statements";

/** The types of resources that DKP passes, apart from those of IAM. */
const TYPES = `
elastic-ip image instance internet-gateway key key-pair listener/net loadbalancer loadbalancer/net/
natgateway network-interface route-table security-group security-group-rule snapshot subnet
targetgroup volume vpc vpc-peering-connection`.split(/\s+/);

/** No prefix of a cluster has a dot. */
const NAME = "not.of.the.cluster";

const NAMES: Readonly<Record<string, string>> = {
  "listener/net": `${NAME}/0/0`,
  "loadbalancer/net/": `${NAME}/0`,
  targetgroup: `${NAME}/0`,
};

/**
 * Resources that EC2 shares between accounts have none in their ARN. Source: "Actions, resources,
 * and condition keys for Amazon EC2".
 */
const WITHOUT_ACCOUNT: readonly string[] = ["image", "snapshot"];

/**
 * The ARN of a resource of a type, as the Service Authorization Reference lists types; undefined
 * for a type that DKP does not pass.
 */
export function exampleArn(
  service: string,
  type: string,
  environment: Required<Environment>,
): string | undefined {
  const { partition, region, account } = environment;
  if (service === "iam") {
    return iamResourceArn(environment, `${type}/${NAME}`);
  }
  const owner = WITHOUT_ACCOUNT.includes(type) ? "" : account;
  const resource = `${type.replace(/\/$/, "")}/${NAMES[type] ?? NAME}`;
  return TYPES.includes(type)
    ? `arn:${partition}:${service}:${region}:${owner}:${resource}`
    : undefined;
}
