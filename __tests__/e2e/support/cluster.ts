import { spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { chmodSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { COMPLETE } from "../../helpers/complete";
import { CONFIGURATION, standInCluster } from "../../helpers/stand-in-cluster";
import { atEnd } from "./cleanup";
import { folder, write } from "./project";
import { mustSucceed, runIn } from "./terraform";

export interface TestCluster {
  /** Of a user with both roles of `cluster-access.yaml`. */
  readonly environment: Readonly<Record<string, string>>;
  document(): Buffer;
  setDocument(text: string): void;
  setCommander(isManaged: boolean): void;
  readonly reader: Readonly<Record<string, string>>;
  readonly unreachable: Readonly<Record<string, string>>;
  /**
   * With a d8 that runs shell commands before it writes; `$EDIT` changes the layout of the cluster.
   */
  beforeWrite(commands: string): Readonly<Record<string, string>>;
}

/** The folder that `.ci/cluster-tools/build` fills. */
export const CLUSTER_TOOLS = process.env.E2E_CLUSTER_TOOLS ?? "$E2E_CLUSTER_TOOLS";
const D8 = join(CLUSTER_TOOLS, "d8");

const SECRET = "d8-provider-cluster-configuration";
const DATA = "cloud-provider-cluster-configuration.yaml";
const CLUSTER_CONFIGURATION =
  "apiVersion: deckhouse.io/v1\nkind: ClusterConfiguration\ncloud: { provider: AWS, prefix: dev }\n";
const EDITED = ["layout: WithoutNAT", "layout: Standard"] as const;

export const startCluster = (roles: string): Promise<TestCluster> | TestCluster =>
  COMPLETE ? RealCluster.start(roles) : new StandIn();

function wrapped(d8: string, commands: string) {
  const path = join(
    folder({
      d8: `#!/bin/sh\ncase "$*" in "k patch "*) { ${commands}\n} >&2 ;; esac\nexec "${d8}" "$@"\n`,
    }),
    "d8",
  );
  chmodSync(path, 0o755);
  return path;
}

const COMMANDER = "configmap-d8-commander-uuid";

class StandIn implements TestCluster {
  private readonly path = folder();
  readonly environment = standInCluster(this.path);
  readonly reader = this.failing(
    "k patch",
    'secrets "d8-provider-cluster-configuration" is forbidden: User "reader" cannot patch resource "secrets"',
  );
  readonly unreachable = this.failing(
    "k get secret",
    "Unable to connect to the server: dial tcp 127.0.0.1:1: connect: connection refused",
  );

  document() {
    return readFileSync(this.file());
  }

  setDocument(text: string) {
    writeFileSync(this.file(), text);
  }

  setCommander(isManaged: boolean) {
    if (isManaged) {
      write(this.path, { [COMMANDER]: "configmap/d8-commander-uuid\n" });
    } else {
      rmSync(join(this.path, COMMANDER));
    }
  }

  beforeWrite(commands: string) {
    const edit = `sed -i 's/${EDITED.join("/")}/' '${this.file()}'`;
    return {
      D8_BINARY_NAME: wrapped(this.environment.D8_BINARY_NAME, commands.replace("$EDIT", edit)),
    };
  }

  private file() {
    return join(this.path, "provider-cluster-configuration");
  }

  private failing(command: string, message: string) {
    const path = folder();
    const environment = standInCluster(path);
    write(path, {
      [`failures/${command}`]: message,
      denied: `${command.replace("k ", "")} secrets/${SECRET}\n`,
    });
    const document = join(path, "provider-cluster-configuration");
    rmSync(document);
    symlinkSync(this.file(), document);
    return environment;
  }
}

const USERS = {
  admin: [],
  writer: ["reader", "writer"],
  reader: ["reader"],
} as const;
type User = keyof typeof USERS;

const KINDS = { moduleconfigs: "ModuleConfig", deckhousereleases: "DeckhouseRelease" };

/** With RBAC, and DKP's command in front of it: `.ci/run` builds both with COMPLETE=1. */
class RealCluster implements TestCluster {
  readonly environment: Readonly<Record<string, string>>;
  readonly reader: Readonly<Record<string, string>>;
  readonly unreachable: Readonly<Record<string, string>>;
  private readonly admin: Readonly<Record<string, string>>;

  private constructor(
    private readonly home: string,
    server: string,
  ) {
    this.environment = environmentOf("writer", server);
    this.reader = environmentOf("reader", server);
    this.unreachable = environmentOf("writer", "https://127.0.0.1:1");
    this.admin = { PATH: process.env.PATH ?? "", HOME: home, ...environmentOf("admin", server) };
  }

  static async start(roles: string) {
    const home = folder({ "tokens.csv": Object.keys(USERS).map(tokenLine).join("") });
    const { privateKey, publicKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    write(home, { "sa.key": privateKey, "sa.pub": publicKey });
    const [etcd, api] = [await freePort(), await freePort()];
    const clients = `http://127.0.0.1:${etcd}`;
    start(
      home,
      "etcd",
      "--data-dir=etcd",
      `--listen-client-urls=${clients}`,
      `--advertise-client-urls=${clients}`,
      "--listen-peer-urls=http://127.0.0.1:0",
    );
    start(
      home,
      join(CLUSTER_TOOLS, "kube-apiserver"),
      `--etcd-servers=${clients}`,
      `--secure-port=${api}`,
      "--bind-address=127.0.0.1",
      "--cert-dir=certificates",
      "--service-account-issuer=https://example.com",
      "--service-account-key-file=sa.pub",
      "--service-account-signing-key-file=sa.key",
      "--authorization-mode=RBAC",
      "--token-auth-file=tokens.csv",
    );
    const cluster = new RealCluster(home, `https://127.0.0.1:${api}`);
    while (cluster.attempt(["get", "namespace", "kube-system"]) !== 0) {
      await wait(500);
    }
    cluster.apply(Object.entries(KINDS).map(([plural, kind]) => customResource(plural, kind)));
    cluster.apply([
      secret("cluster-configuration", "cluster-configuration.yaml", CLUSTER_CONFIGURATION),
      secret("provider-cluster-configuration", DATA, CONFIGURATION),
      ...(["writer", "reader"] as const).flatMap(bindingsOf),
    ]);
    cluster.run(["apply", "--filename=-"], roles);
    return cluster;
  }

  document() {
    const path = `{.data.${DATA.replaceAll(".", "\\.")}}`;
    return Buffer.from(
      this.run(["get", "secret", SECRET, "--namespace=kube-system", `--output=jsonpath=${path}`]),
      "base64",
    );
  }

  setDocument(text: string) {
    this.apply([secret("provider-cluster-configuration", DATA, text)]);
  }

  setCommander(isManaged: boolean) {
    const args = ["configmap", "d8-commander-uuid", "--namespace=kube-system"];
    this.run([isManaged ? "create" : "delete", ...args]);
  }

  beforeWrite(commands: string) {
    const edited = folder({
      "edited.json": JSON.stringify(
        secret("provider-cluster-configuration", DATA, CONFIGURATION.replace(...EDITED)),
      ),
    });
    const edit = `KUBECONFIG='${this.admin.KUBECONFIG}' '${D8}' k apply --context=dev --filename='${edited}/edited.json'`;
    return { ...this.environment, D8_BINARY_NAME: wrapped(D8, commands.replace("$EDIT", edit)) };
  }

  private apply(objects: readonly object[]) {
    this.run(
      ["apply", "--filename=-"],
      objects.map((object) => JSON.stringify(object)).join("\n---\n"),
    );
  }

  private attempt(args: readonly string[]) {
    return runIn(this.home, this.admin, D8, "k", ...args, "--context=dev").status;
  }

  private run(args: readonly string[], input = "") {
    const { status, stdout, stderr } = spawnSync(D8, ["k", ...args, "--context=dev"], {
      cwd: this.home,
      env: this.admin,
      input,
      encoding: "utf8",
    });
    return mustSucceed({ status, output: status === 0 ? stdout : stderr });
  }
}

function environmentOf(user: User, server: string) {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "dev", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: user, user: { token: `token-${user}` } }],
    contexts: [{ name: "dev", context: { cluster: "dev", user } }],
  };
  return {
    D8_BINARY_NAME: D8,
    KUBECONFIG: join(folder({ config: JSON.stringify(config) }), "config"),
  };
}

const tokenLine = (user: string) =>
  `token-${user},${user},${user},${user === "admin" ? "system:masters" : "people"}\n`;

const secret = (name: string, key: string, text: string) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: `d8-${name}`, namespace: "kube-system" },
  data: { [key]: Buffer.from(text).toString("base64") },
});

const customResource = (plural: string, kind: string) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.deckhouse.io` },
  spec: {
    group: "deckhouse.io",
    names: { plural, singular: kind.toLowerCase(), kind },
    scope: "Cluster",
    versions: [
      {
        name: "v1alpha1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        },
      },
    ],
  },
});

function bindingsOf(user: "writer" | "reader") {
  const binding = (kind: string, role: string, name: string) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: `${kind}Binding`,
    metadata: { name: `${user}-${name}`, ...(kind === "Role" && { namespace: "kube-system" }) },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: `dkp-access-${role}` },
    subjects: [{ kind: "User", name: user, apiGroup: "rbac.authorization.k8s.io" }],
  });
  return [
    binding("ClusterRole", "reader", "all"),
    ...USERS[user].map((role) => binding("Role", role, role)),
  ];
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

function start(home: string, program: string, ...args: readonly string[]) {
  const child = spawn(program, args, { cwd: home, stdio: "ignore" });
  atEnd(async () => {
    child.kill("SIGKILL");
    await once(child, "close");
  });
}
