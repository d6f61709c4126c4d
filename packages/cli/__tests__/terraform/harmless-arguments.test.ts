import { requireHarmlessArguments } from "../../src/terraform/harmless-arguments";

const PLAN = "TF_CLI_ARGS_plan";
const INIT = "TF_CLI_ARGS_init";

describe("requireHarmlessArguments", () => {
  it.each([
    [PLAN, undefined],
    [PLAN, ""],
    [PLAN, "-lock-timeout=10m  -parallelism=2 --no-color"],
    [PLAN, "-lock=false -input=false -compact-warnings"],
    [INIT, "-upgrade -lockfile=readonly -plugin-dir=/srv/providers"],
    [INIT, "-backend-config=../backend.hcl -backend-config=key=x", true],
    ["TF_CLI_ARGS", "-no-color"],
    ["TF_CLI_ARGS_apply", "-target=x"],
    ["TF_CLI_ARGS_import", "-var=x"],
  ])("accepts %s=%s", (name, value, isPartial = false) => {
    expect(() => requireHarmlessArguments({ [name]: value }, isPartial)).not.toThrow();
  });

  it.each([
    [PLAN, "-target=aws_iam_user.user", "-target"],
    [PLAN, "-lock-timeout=1m --replace=aws_iam_user.user", "--replace"],
    [PLAN, "-destroy", "-destroy"],
    [PLAN, "-refresh=false", "-refresh"],
    [PLAN, "-refresh-only", "-refresh-only"],
    [PLAN, "-var=secret=wJalrXUtnFEMI", "-var"],
    [PLAN, "-var-file=x", "-var-file"],
    [PLAN, "-out=/tmp/plan", "-out"],
    [PLAN, "-state=x", "-state"],
    [PLAN, "-lock-timeout=1m\n-target=x", "-target"],
    [PLAN, "-lock-timeout 10m", "-lock-timeout"],
    [PLAN, '"-destroy"', '"-destroy"'],
    [PLAN, "-no-colour", "-no-colour"],
    [PLAN, "folder", "folder"],
    ["TF_CLI_ARGS", "-destroy", "-destroy"],
    ["TF_CLI_ARGS_show", "other-plan", "other-plan"],
    [INIT, "-backend=false", "-backend"],
    [INIT, "-migrate-state", "-migrate-state"],
    [INIT, "-from-module=x", "-from-module"],
  ])("rejects %s=%s, and names the argument without its value", (name, value, argument) => {
    expect(() => requireHarmlessArguments({ [name]: value }, true)).toThrow(
      new Error(
        `${name}: the argument ${argument} can change what is planned; remove it: the plan follows from the settings`,
      ),
    );
  });

  it.each([
    [INIT, false],
    [PLAN, true],
    ["TF_CLI_ARGS", true],
  ])("rejects -backend-config in %s, partial settings: %s", (name, isPartial) => {
    expect(() =>
      requireHarmlessArguments({ [name]: "-backend-config=secret_key=x" }, isPartial),
    ).toThrow(
      `${name}: the argument -backend-config can change what is planned; set backend.partial: true, and give it in TF_CLI_ARGS_init`,
    );
  });
});
