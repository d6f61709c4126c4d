import { Option } from "commander";
import { KNOWN_VERSIONS } from "../../iam/dkp-versions";
import { type UpgradeAction, type UpgradeReport, upgradeReport } from "../../iam/upgrade-report";
import { policyOptionsOf } from "../../settings/deployment";
import { STACK_HELP, selectOne } from "./support/select-deployments";
import type { Define } from "./support/session";
import { formatOption } from "./support/shared-options";

type Version = (typeof KNOWN_VERSIONS)[number];

interface Options {
  readonly from: Version;
  readonly to: Version;
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      "Reports what another DKP version changes in the policy of a deployment: the actions to add before the upgrade, those that can be removed after it, and known incidents. Calls neither AWS nor Terraform.",
    )
    .argument("[stack]", STACK_HELP)
    .addOption(new Option("--from <version>", "the DKP version that runs").choices(KNOWN_VERSIONS).makeOptionMandatory())
    .addOption(new Option("--to <version>", "the DKP version to upgrade to").choices(KNOWN_VERSIONS).makeOptionMandatory())
    .addOption(formatOption("text", "json"))
    .action((stack: string | undefined, { from, to, format }: Options) => {
      const report = upgradeReport({ from, to }, policyOptionsOf(selectOne(session, stack)));
      session.print(format === "json" ? `${JSON.stringify({ from, to, ...report }, null, 2)}\n` : reportText(from, to, report));
    });
};

function reportText(from: Version, to: Version, { add, remove, incidents }: UpgradeReport): string {
  return [
    `DKP ${from} -> ${to}`,
    ...section("add before the upgrade", add.map(actionLine)),
    ...section("can be removed after the upgrade", remove.map(actionLine)),
    ...section(
      "known incidents",
      incidents.map(({ version, what, source }) => `  ${version}: ${what} (${source})`),
    ),
    "",
  ].join("\n");
}

function actionLine({ action, why }: UpgradeAction): string {
  return `  ${action}: ${why}`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [`${title}: none`] : [`${title}:`, ...lines];
}
