import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { PROJECT } from "./project-root";

export type Layout = "WithoutNAT" | "WithNAT" | "Standard";

/** One of DKP's three Terraform states. */
export type State = "base" | "master" | "static";

/** The settings of a run, beyond the layout. */
export type Condition = "own-vpc" | "peering" | "tags" | "default-security-groups" | "burstable";

/** A change of settings, applied to a running cluster. */
export type Change =
  | "additionalRolePolicies"
  | "additionalSecurityGroups"
  | "diskSizeGb"
  | "etcdDiskSize"
  | "iamNodeRole"
  | "imdsv2"
  | "instanceType"
  | "publicNetworkAllowList"
  | "sshAllowList"
  | "sshAllowListEmptied"
  | "sshPublicKey"
  | "tagsAdd"
  | "tagsChangeRemove";

/** A row of `measured-calls.yaml`, which explains it. */
export interface MeasuredRow {
  readonly actions: readonly string[];
  readonly calls?: Readonly<Partial<Record<State, string>>>;
  readonly changes?: Readonly<Partial<Record<Change, string>>>;
  readonly onlyWhen?: Condition;
}

/** No separate requests, so no log shows them: AWS authorizes them within other calls. */
export const IMPLIED = ["ec2:CreateTags", "iam:PassRole"];

/** As `IMPLIED`, if the settings have `tags`: the role is created with them. */
export const IMPLIED_BY_TAGS = ["iam:TagRole"];

/** The difference of a run with an option from a plain one. */
export interface MeasuredOption {
  readonly option: string;
  /** Conditions of the run with the option, where a plain run has `own-vpc` and `default-security-groups`. */
  readonly conditions: readonly Condition[];
  readonly more: readonly string[];
  readonly fewer: readonly string[];
  readonly layouts?: readonly Layout[];
}

export const PLAIN: readonly Condition[] = ["own-vpc", "default-security-groups"];

const { calls, options } = parse(readFileSync(join(PROJECT, "__tests__/helpers/measured-calls.yaml"), "utf8"));

export const MEASURED: readonly MeasuredRow[] = calls;
export const OPTIONS: readonly MeasuredOption[] = options;
