import type { Feature } from "../iam/catalogue";
import type { Cluster } from "../iam/cluster";
import type { Networks } from "../iam/networks";
import type { Mode } from "../iam/policy-statements";
import type { BackendName } from "../terraform/backends";
import type { BackendArguments } from "../terraform/state-location";

/** The settings of a file, with defaults filled in. docs/reference/settings.md describes them. */
export interface Settings {
  readonly region: string;
  readonly backend?: Backend;
  readonly cloud?: BackendArguments;
  readonly accountId?: string;
  readonly provider: {
    readonly version: string;
    readonly profile?: string;
    readonly assumeRoleArn?: string;
  };
  readonly tags?: Cluster["tags"];
  readonly user: {
    readonly name: string;
    readonly path: string;
    readonly permissionsBoundary?: string;
    readonly allowedNetworks?: Networks;
  };
  readonly policy: { readonly name: string; readonly path: string; readonly mode: Mode };
  readonly nodeRole?: NodeRole;
  readonly accessKeys: AccessKeys;
  readonly import?: Imports;
  readonly outputs: { readonly secret: boolean };
  readonly cluster: ClusterSettings;
  readonly features: readonly Feature[];
  readonly protect: boolean;
}

/** One type with its arguments. */
export interface Backend<Arguments = BackendArguments>
  extends Readonly<Partial<Record<BackendName, Arguments | undefined>>> {
  readonly partial?: boolean | undefined;
}

export interface NodeRole {
  readonly name: string;
  readonly path: string;
  readonly additionalActions: readonly string[];
  readonly managedPolicyArns: readonly string[];
  readonly permissionsBoundary?: string;
}

export interface AccessKeys {
  /** Who creates the keys; `none`: somebody else. */
  readonly managedBy: "terraform" | "rotate" | "none";
  /** The age in days at which a key is due for rotation. */
  readonly maxAge: number;
}

export type Imports = Readonly<Record<"user" | "policy" | "attachment" | "nodeRole", boolean>>;

type Defaulted = "iamNodeRolePath" | "formerIamNodeRoles" | "peerAccountIds" | "kmsKeyArns";

export interface ClusterSettings extends DkpFields, Pick<Cluster, Defaulted> {
  readonly configFile?: string;
  readonly context?: string;
  readonly amis?: readonly string[];
}

/** The fields of DKP's `AWSClusterConfiguration`, and its prefix. */
export interface DkpFields extends Partial<Omit<Cluster, Defaulted | "bastion" | "features">> {
  readonly additionalRolePolicies?: readonly string[];
  readonly withNAT?: Any & { readonly bastionInstance?: Any | undefined };
}

type Any = Readonly<Record<string, unknown>>;

/** The settings as one writes them: what has a default may be left out. */
export interface SettingsInput extends Written<Omit<Settings, "region" | "backend" | "nodeRole">> {
  readonly region: string;
  readonly backend?: BackendInput | undefined;
  readonly nodeRole?: NodeRoleInput | undefined;
}

export type BackendInput = Backend<BackendArguments | null>;
export type NodeRoleInput = Written<NodeRole> & Pick<NodeRole, "name">;

/** An object whose fields are all optional, and those of the objects in it. */
export type Written<T> = T extends readonly unknown[]
  ? T
  : string extends keyof T
    ? T
    : { readonly [K in keyof T]?: Written<T[K]> | undefined };
