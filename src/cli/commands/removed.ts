const DRIFT = "use drift";

const COMMANDS: Readonly<Record<string, string>> = {
  "--project": "run the command in the folder of the project",
  audit: DRIFT,
  upgrade: "install the new version, and run review and diff --against HEAD",
};

const OPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  diff: {
    "--dkp-version": "the policy covers all supported versions of DKP",
    "--policies": "iam-no-new-access before.json after.json compares any two policies",
    "--review": "the review packs are in the folder review",
    "--state": "apply plans again, and applies only the plan with the approved digest",
    "--verify": "apply plans again, and applies only the plan with the approved digest",
  },
  plan: {
    "--no-synth":
      "plan follows from the settings; pipeline files of earlier versions are replaced whole",
  },
  preflight: {
    "--existing-cluster": DRIFT,
    "--permissions": "use --policy, which keys and drift have too",
  },
};

/**
 * The message about a command or an option that earlier versions had; undefined for other
 * arguments.
 */
export function removedName([command = "", ...args]: readonly string[]): string | undefined {
  const replaced = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  const options = Object.hasOwn(OPTIONS, command) ? (OPTIONS[command] ?? {}) : {};
  const option = args
    .map((arg) => arg.replace(/=.*/s, ""))
    .find((arg) => Object.hasOwn(options, arg));
  const [name, remedy] =
    option === undefined ? [command, replaced] : [`${command} ${option}`, options[option]];
  return remedy && `${name}: was removed; ${remedy} (docs/how-to/upgrade.md)`;
}
