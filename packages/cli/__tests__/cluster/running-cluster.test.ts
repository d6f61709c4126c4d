import { folderForEach } from "../../../../__tests__/helpers/folder";
import {
  accessTo,
  CONFIGURATION,
  OLD_KEY,
  OLD_SECRET,
} from "../../../../__tests__/helpers/stand-in-cluster";
import { readConfiguration } from "../../src/cluster/configuration";
import { clusterAccess } from "../../src/cluster/d8";
import {
  clusterConfiguration,
  dkpVersion,
  giveKey,
  runningCluster,
} from "../../src/cluster/running-cluster";

const { at, read, write } = folderForEach();
const KEY = { id: "AKIAI44QH8DHBEXAMPLE", secret: "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY" };
const PROVIDER = "provider-cluster-configuration";
const DATA = `cloud-${PROVIDER}.yaml`;
const LIMITS = { limit: 60, progress: () => undefined };
/** @param secret what d8 prints for every command */
const configurationIn = (secret: string) => {
  write({ d8: `#!/bin/sh\ncat "${at("secret")}"\n`, secret });
  return clusterConfiguration({ ...LIMITS, binary: at("d8"), env: process.env, context: "dev" });
};
const failing = (command: string, message: string) => ({ [`failures/${command}`]: message });
const forbidden = (verb: string, resource: string, name: string, group = "") =>
  `Error from server (Forbidden): ${resource} "${name}" is forbidden: User "ci" cannot ${verb} resource "${resource}" in API group "${group}" in the namespace "kube-system"`;

describe("runningCluster", () => {
  it("reads what decides whose cluster it is", async () => {
    expect(await runningCluster(await accessTo(at()))).toEqual({
      context: "dev",
      configuration: readConfiguration(CONFIGURATION),
      prefix: "dev",
      isOfCommander: false,
      lastWrite: { manager: "kubectl-client-side-apply", time: expect.stringMatching(/ UTC$/) },
    });
  });

  it("knows the last write of the configuration among those of the Secret", async () => {
    const entry = (manager: string, time: string, ...keys: readonly string[]) => ({
      ...{ manager, time, operation: "Update", fieldsType: "FieldsV1" },
      fieldsV1: { "f:data": Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) },
    });
    const managedFields = [
      entry("installer", "2026-11-01T02:00:00Z", DATA),
      entry("d8", "2026-12-01T02:00:00Z", DATA),
      entry("deckhouse", "2026-12-02T02:00:00Z", "cloud-provider-discovery-data.json"),
      { manager: "old", operation: "Apply" },
    ];
    const lastWrite = async (metadata: object) => {
      const data = { [DATA]: Buffer.from(CONFIGURATION).toString("base64") };
      return (await configurationIn(JSON.stringify({ metadata, data }))).lastWrite;
    };
    expect(await lastWrite({ managedFields })).toEqual({
      manager: "d8",
      time: "2026-12-01 02:00 UTC",
    });
    expect(await lastWrite({})).toBeUndefined();
  });

  it.each(['{"data":{}}', "a newer d8 is available\n{}"])(
    "does not take a Secret that it cannot read for none: %j",
    async (printed) => {
      await expect(configurationIn(printed)).rejects.toThrow(
        `${at("d8")} printed Secret kube-system/d8-${PROVIDER} without ${DATA}, or something that is not JSON; update ${at("d8")}, or name another --context`,
      );
    },
  );

  it("knows Commander, and takes the prefix of ModuleConfig global where the ClusterConfiguration has none", async () => {
    const files = {
      "cluster-configuration": "kind: ClusterConfiguration\n",
      "moduleconfigs-global": '{"spec":{"settings":{"prefix":"prod"}}}',
      "configmap-d8-commander-uuid": "configmap/d8-commander-uuid\n",
    };
    expect(await runningCluster(await accessTo(at(), files))).toMatchObject({
      prefix: "prod",
      isOfCommander: true,
    });
  });

  it("reads the version of the release that is deployed", async () => {
    const release = (version: string, phase: string) => ({ spec: { version }, status: { phase } });
    const items = [
      release("v1.76.9", "Superseded"),
      release("v1.77.4", "Deployed"),
      release("v1.78.0", "Pending"),
    ];
    expect(
      await dkpVersion(await accessTo(at(), { deckhousereleases: JSON.stringify({ items }) })),
    ).toBe("1.77.4");
    expect(
      await dkpVersion(await accessTo(at(), { deckhousereleases: '{"items":[]}' })),
    ).toBeUndefined();
  });

  it.each([
    [
      forbidden("get", "secrets", "d8-provider-cluster-configuration"),
      "the user of the kubeconfig may not get secrets d8-provider-cluster-configuration; add that rule to its role, as cluster-access.yaml of the review pack has it",
    ],
    [
      'Error from server (NotFound): secrets "d8-provider-cluster-configuration" not found',
      "the cluster has no Secret kube-system/d8-provider-cluster-configuration: DKP is not installed there, or keeps its configuration elsewhere, which is not supported yet; name another --context",
    ],
    [
      "Unable to connect to the server: getting credentials: exec: executable kubelogin not found",
      "the cluster does not answer; check the network, the VPN and the kubeconfig",
    ],
    [
      "Error: You must be logged in to the server (Unauthorized)",
      "the cluster rejects the credentials of the kubeconfig; log in again",
    ],
    [
      "Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout",
      "the cluster does not answer; check the network, the VPN and the kubeconfig",
    ],
    [
      "Failed to setup Kubernetes client: reading kubeconfig file: stat /x: no such file or directory",
      "the kubeconfig cannot be read; set KUBECONFIG to a file that has the cluster",
    ],
    [
      `panic: ${OLD_SECRET}`,
      /^\S+d8 failed, and its message is not shown because it can have a secret; run \S+ k get secret .*--output=name .*to see it$/,
    ],
    [
      "Error from server (InternalError): etcdserver: request timed out",
      "the API server of the cluster is not ready; run the command again in a minute",
    ],
    [
      "Error from server (TooManyRequests): the server has received too many requests",
      "the API server of the cluster is not ready; run the command again in a minute",
    ],
  ])("reports in one sentence what d8 prints: %s", async (printed, message) => {
    const error = await runningCluster(
      await accessTo(at(), failing("k get secret", printed)),
    ).catch((caught) => caught);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain(OLD_SECRET);
  });

  it("ends a command that does not answer in time", async () => {
    const access = await accessTo(at(), failing("k get secret", "hangs"), "dev", 2);
    await expect(runningCluster(access)).rejects.toThrow(
      "the cluster does not answer within 2 s; check the network, the VPN and the kubeconfig",
    );
  });
});

describe("clusterAccess", () => {
  it.each([
    [
      "dev\nprod\n",
      undefined,
      "--context: the kubeconfig has several contexts; name one: dev, prod",
    ],
    ["dev\nprod\n", "prd", '--context: the kubeconfig has no context "prd", did you mean "prod"?'],
    [
      "",
      undefined,
      "--cluster: the kubeconfig has no context; set KUBECONFIG to a file that has the cluster",
    ],
  ])("asks for one context of %j", async (contexts, named, message) => {
    await expect(accessTo(at(), { contexts }, named)).rejects.toThrow(new Error(message));
  });

  it("names the command that is missing", async () => {
    await expect(clusterAccess({ D8_BINARY_NAME: at("none") }, LIMITS, undefined)).rejects.toThrow(
      new Error(
        `${at("none")} is not on the PATH; install d8, the command of DKP, or set D8_BINARY_NAME`,
      ),
    );
  });

  it("never runs a d8 of a package, as npx would have it", async () => {
    write({
      "node_modules/.bin/d8": "#!/bin/sh\necho package\n",
      "bin/d8": "#!/bin/sh\necho own\n",
    });
    const PATH = `${at("node_modules/.bin")}:${at("bin")}`;
    const { context } = await clusterAccess({ PATH }, LIMITS, undefined);
    expect(context).toBe("own");
  });

  it("runs d8 without its plugins, which a registry of the cluster would install", async () => {
    write({ d8: "#!/bin/sh\nprintenv DECKHOUSE_PLUGINS_ENABLED || echo dev\n" });
    const environment = {
      PATH: process.env.PATH,
      D8_BINARY_NAME: at("d8"),
      DECKHOUSE_PLUGINS_ENABLED: "true",
    };
    const { context } = await clusterAccess(environment, LIMITS, undefined);
    expect(context).toBe("dev");
  });
});

describe("giveKey", () => {
  it("changes the two fields of the key, and nothing else", async () => {
    const access = await accessTo(at());
    await giveKey(access, await runningCluster(access), KEY);
    expect(read(PROVIDER)).toBe(
      CONFIGURATION.replace(OLD_KEY, `"${KEY.id}"`).replace(OLD_SECRET, `"${KEY.secret}"`),
    );
  });

  it("refuses a cluster that is not the one that was read", async () => {
    const access = await accessTo(at());
    const cluster = await runningCluster(access);
    const edited = CONFIGURATION.replace("WithoutNAT", "WithNAT");
    write({ [PROVIDER]: edited });
    await expect(giveKey(access, cluster, KEY)).rejects.toThrow(
      "somebody changed the configuration of the cluster meanwhile; run the command again",
    );
    expect(read(PROVIDER)).toBe(edited);
  });

  it("reports a configuration that somebody wrote back after the write", async () => {
    const access = await accessTo(at(), { before: CONFIGURATION });
    write({ d8: `${read("d8")}[ ! -e patched ] || cp before ${PROVIDER}\n` });
    await expect(giveKey(access, await runningCluster(access), KEY)).rejects.toThrow(
      "the cluster took the key, and somebody has changed the configuration since; run the command again",
    );
    expect(read(PROVIDER)).toBe(CONFIGURATION);
  });

  it.each([
    [
      "The request is invalid",
      "somebody changed the configuration of the cluster at the same moment; run the command again",
    ],
    [
      'Error from server (InternalError): Internal error occurred: failed calling webhook "cluster-configuration.deckhouse-webhook.deckhouse.io": connection refused',
      "DKP's webhook, which checks the configuration, does not answer; wait until the Pod of Deckhouse is ready, and try again",
    ],
    [
      `Error from server: admission webhook "cluster-configuration.deckhouse-webhook.deckhouse.io" denied the request: ${OLD_SECRET}`,
      "DKP's webhook rejects the configuration of the cluster, of which another field is out of date; correct it with d8 system edit provider-cluster-configuration, which names the field, and try again",
    ],
    [
      forbidden("patch", "secrets", "d8-provider-cluster-configuration"),
      "the user of the kubeconfig may not patch secrets d8-provider-cluster-configuration; add that rule to its role, as cluster-access.yaml of the review pack has it",
    ],
    [
      `panic: ${OLD_SECRET}`,
      /^\S+d8 failed, and its message is not shown because it can have a secret; run the command again$/,
    ],
  ])("reports a refused write: %s", async (printed, message) => {
    const access = await accessTo(at(), failing("k patch", printed));
    await expect(giveKey(access, await runningCluster(access), KEY)).rejects.toThrow(
      typeof message === "string" ? new Error(message) : message,
    );
    expect(read(PROVIDER)).toBe(CONFIGURATION);
  });
});
