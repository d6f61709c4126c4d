import { settingsWarnings } from "../../settings/settings-notes";
import { overviewPage } from "../review/overview";
import { comparePacks, type StaleFile, writePacks } from "../review/pack-folder";
import { inSteps } from "../terraform/signals";
import { dkpAccess } from "../text/command";
import { STACKS_HELP, selectDeployments } from "./support/deployments";
import { packsOf, requirePackFolder, reviewsOf, settingsFolder } from "./support/review-packs";
import type { Define } from "./support/session";

interface Options {
  readonly check?: true;
  readonly out: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      `Writes the review pack of each deployment, review/<stack>/REVIEW.md and its other files, and, unless stacks are named, the overview of all deployments, review/README.md. Commit them. Calls neither AWS nor Terraform.

Deletes the review pack of a removed deployment only if it was generated from the same settings folder; names the ones it keeps.
Never writes or deletes through symbolic links.`,
    )
    .argument("[stack...]", STACKS_HELP)
    .option("--check", "write nothing; name the files that are not up to date")
    .option("--out <folder>", "the folder of the review packs", "review")
    .action(async (names: readonly string[], { check, out }: Options) => {
      requirePackFolder(session, "--out", out);
      const { deployments, stacks } = selectDeployments(session, names);
      const reviews = reviewsOf(deployments);
      const overview = names.length === 0 ? overviewPage(reviews) : undefined;
      const from = settingsFolder(session);
      const generated = { packs: packsOf(reviews), overview, stacks, settings: from };
      const { stale, unknown, unmanaged } = comparePacks(out, generated);
      if (check !== true) {
        await inSteps(writePacks(stale));
        session.print(stale.map(({ path, what }) => `${what === "left over" ? "removed" : "wrote"} ${path}\n`).join(""));
        session.print(meaningText(stale));
      }
      for (const deployment of deployments) {
        const warnings = settingsWarnings(deployment).map((warning) => `warn: ${deployment.stack}: ${warning}\n`);
        session.printError(warnings.join(""));
      }
      if (unmanaged !== undefined) {
        session.printError(
          `kept ${unmanaged}: it was not generated from ${from}; rename it to get the overview of these deployments\n`,
        );
      }
      const reasons = unknown.map(
        (path) =>
          `${path}: no deployment of that name in ${from}, and its review pack was not generated from there; delete the folder if it is not needed`,
      );
      // A pack of no deployment looks like one that somebody reviewed. A command for some stacks does not fail because of others.
      const unexpected = check === true && overview !== undefined ? reasons : [];
      if (unexpected.length === 0) {
        session.printError(reasons.map((reason) => `kept ${reason}\n`).join(""));
      }
      if (check === true && stale.length + unexpected.length > 0) {
        const lines = [...stale.map(({ path, what }) => `  ${path}: ${what}`), ...unexpected.map((reason) => `  ${reason}`)];
        throw new Error([`${out} is not up to date; run ${dkpAccess("review")} and commit the result:`, ...lines].join("\n"));
      }
      session.printError(check === true || stale.length > 0 ? "" : `${out}: all files are up to date\n`);
    });
};

/** Of files that were there before, those that mean something else. Order and the version of the program are no change of meaning. */
function meaningText(stale: readonly StaleFile[]): string {
  const changed = stale.filter(({ isOtherMeaning }) => isOtherMeaning).map(({ path }) => `  ${path}\n`);
  if (changed.length > 0) {
    return `changed in meaning:\n${changed.join("")}`;
  }
  return stale.some(({ path, what }) => what === "outdated" && path.endsWith(".json")) ? "changed in meaning: no file\n" : "";
}
