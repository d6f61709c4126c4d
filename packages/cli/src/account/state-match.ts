import type { Deployment } from "../../../../src/settings/deployment";
import type { StateContents } from "../terraform/state-file";

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
