import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { readConfiguration } from "../../packages/cli/src/cluster/configuration";
import { type ClusterAccess, clusterAccess } from "../../packages/cli/src/cluster/d8";
import type { RunningCluster } from "../../packages/cli/src/cluster/running-cluster";
import { type Files, writeFiles } from "./folder";

/** A key of the documentation of AWS. */
export const OLD_KEY = "AKIAIOSFODNN7EXAMPLE";
export const OLD_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

export const CONFIGURATION = `apiVersion: deckhouse.io/v1
kind: AWSClusterConfiguration
layout: WithoutNAT
provider:
  providerAccessKeyId: ${OLD_KEY}
  providerSecretAccessKey: ${OLD_SECRET}
  region: eu-central-1
masterNodeGroup:
  replicas: 1
  instanceClass: { instanceType: m5.xlarge, ami: ami-0aad10862ade98f27 }
vpcNetworkCIDR: 10.241.0.0/16
sshPublicKey: ssh-rsa AAAA
`;

/** The cluster `dev` as it is read, with another configuration. */
export const runningClusterWith = (text: string): RunningCluster => ({
  context: "dev",
  configuration: readConfiguration(text),
  prefix: "dev",
  isOfCommander: false,
});

/**
 * The cluster `dev` of d8.sh in a folder.
 * @returns the environment of a program that finds it
 */
export function standInCluster(
  folder: string,
  files: Files = {},
): { readonly D8_BINARY_NAME: string } {
  const command = join(folder, "d8");
  writeFiles(folder, {
    contexts: "dev\n",
    "provider-cluster-configuration": CONFIGURATION,
    "cluster-configuration":
      "apiVersion: deckhouse.io/v1\nkind: ClusterConfiguration\ncloud: { provider: AWS, prefix: dev }\n",
    ...files,
  });
  copyFileSync(join(__dirname, "d8.sh"), command);
  chmodSync(command, 0o755);
  return { D8_BINARY_NAME: command };
}

/**
 * Access to the cluster.
 * @param limit of each call, in seconds
 */
export const accessTo = (
  folder: string,
  files: Files = {},
  context?: string,
  limit = 60,
): Promise<ClusterAccess> =>
  clusterAccess(
    { ...process.env, ...standInCluster(folder, files) },
    { limit, progress: () => undefined },
    context,
  );
