import { parseIamArn } from "../../iam/arns";
import { partitionOf } from "../../iam/partitions";
import type { Settings } from "../schema/deployment-schema";

/** The account of a deployment, as far as its settings name it. */
export interface Account {
  /** No account spans partitions. */
  readonly partition: string;
  /** Stated, or that of the assumed role; undefined if the settings do not name it. */
  readonly id: string | undefined;
  readonly profile: string | undefined;
}

/** The account of settings whose fields have no error. */
export function accountOf({ accountId, provider, region }: Pick<Settings, "accountId" | "provider" | "region">): Account {
  return {
    partition: partitionOf(region),
    id: accountId ?? parseIamArn(provider.assumeRoleArn ?? "")?.account,
    profile: provider.profile,
  };
}

/** How sure it is that two deployments are in one account. One that is not named may be any, unless both have profiles that differ. */
export function sameAccount(one: Account, other: Account): "yes" | "maybe" | "no" {
  if (one.partition !== other.partition) {
    return "no";
  }
  if (one.id !== undefined && other.id !== undefined) {
    return one.id === other.id ? "yes" : "no";
  }
  if (one.id === undefined && other.id === undefined) {
    return profilesOf(one, other);
  }
  return "maybe";
}

function profilesOf({ profile }: Account, other: Account): "yes" | "maybe" | "no" {
  if (profile === other.profile) {
    return "yes";
  }
  return profile === undefined || other.profile === undefined ? "maybe" : "no";
}

/** The end of a message about two deployments that may be in one account. */
export const STATE_ACCOUNTS = "or state accountId in both";
