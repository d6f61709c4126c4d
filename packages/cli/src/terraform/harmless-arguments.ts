/**
 * Terraform adds their arguments when it makes and shows a plan. `TF_CLI_ARGS_apply` is the user's.
 */
const VARIABLES = [
  "TF_CLI_ARGS",
  "TF_CLI_ARGS_init",
  "TF_CLI_ARGS_plan",
  "TF_CLI_ARGS_show",
] as const;

/** They change neither what is planned nor where the state is. */
const HARMLESS: readonly RegExp[] = [
  /^-?-(?:lock-timeout|parallelism)=\w+$/,
  /^-?-(?:lock|input)=(?:true|false)$/,
  /^-?-(?:no-color|compact-warnings|upgrade|lockfile=readonly)$/,
  /^-?-plugin-dir=/,
];

const BACKEND_CONFIG = /^-?-backend-config=/;

/**
 * Rejects arguments in the environment that could change what Terraform plans. Source:
 * `mergeEnvArgs` in Terraform's `main.go`, which splits at white space outside quotes.
 * @param isPartial whether the settings leave arguments to `-backend-config`
 * @throws Error without the value of the argument, with the remedy
 */
export function requireHarmlessArguments(
  environment: Readonly<Record<string, string | undefined>>,
  isPartial: boolean,
): void {
  for (const variable of VARIABLES) {
    const harmless =
      isPartial && variable === "TF_CLI_ARGS_init" ? [...HARMLESS, BACKEND_CONFIG] : HARMLESS;
    const harmful = (environment[variable] ?? "")
      .split(/\s+/)
      .find((argument) => argument !== "" && !harmless.some((pattern) => pattern.test(argument)));
    if (harmful !== undefined) {
      const name = harmful.replace(/=.*/s, "");
      const remedy = BACKEND_CONFIG.test(harmful)
        ? "set backend.partial: true, and give it in TF_CLI_ARGS_init"
        : "remove it: the plan follows from the settings";
      throw new Error(`${variable}: the argument ${name} can change what is planned; ${remedy}`);
    }
  }
}
