import type { Deployment } from "../../../../src/settings/deployment";
import type { StateContents } from "../terraform/state-file";
import type { ClusterFound } from "./dkp-key";

interface Mismatches {
  readonly user: string | undefined;
  readonly stateAccount: string | undefined;
  readonly settingsAccount: string | undefined;
}

/** Settings, state and credentials that do not belong together: then nothing else is reliable. */
export function mismatches(
  settings: Deployment,
  user: StateContents["user"],
  account?: string,
): Mismatches {
  const unlike = (value: string | undefined, expected: string | undefined) =>
    expected === undefined || value === expected ? undefined : value;
  return {
    user: unlike(user?.name, settings.user.name),
    stateAccount: unlike(user?.arn?.split(":")[4], account),
    settingsAccount: unlike(settings.accountId, account),
  };
}

/** Each of them; with another account, nothing else can be compared. */
export function mismatchFindings(
  settings: Deployment,
  inState: StateContents["user"],
  account: string | undefined,
): readonly ClusterFound[] {
  const { user, stateAccount, settingsAccount } = mismatches(settings, inState, account);
  const found: ClusterFound[] = [];
  if (user !== undefined) {
    const values = { settings: settings.user.name, state: user };
    found.push({ rule: "user-differs", field: "user.name", values });
  }
  const accounts = [
    { source: "accountId: the settings have", expected: settingsAccount, field: "accountId" },
    { source: "the user in the state is of account", expected: stateAccount },
  ];
  for (const { source, expected, field } of accounts) {
    if (expected !== undefined) {
      const values = { source, expected, wanted: expected, account: account ?? "none" };
      found.push({ rule: "account-differs", field, values });
    }
  }
  return found;
}
