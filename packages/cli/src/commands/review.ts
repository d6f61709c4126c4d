import { settingsWarnings } from "../../../../src/settings/settings-notes";
import { LOCK_FILE } from "../diff/packs/pack-side";
import { reviewPack } from "../review/pack";
import { linksIn, staleFiles, unknownPacks, writePacks } from "../review/pack-folder";
import { reviewed } from "../review/reviewed";
import { dkpAccess } from "../text/advice";
import { STACKS_HELP, selectDeployments } from "./support/deployments";
import type { Define } from "./support/session";

const NO_DEPLOYMENT =
  "no deployment has this name; if its deployment was removed, delete the folder";
const LINK =
  "is a symbolic link, with which diff --against fails from then on; " +
  "delete it, or replace it with a file or a folder";

interface Options {
  readonly check?: true;
  readonly out: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      "Writes the review pack of each deployment, review/<stack>/. Commit it. " +
        "Names those of removed deployments.",
    )
    .argument("[stack...]", STACKS_HELP)
    .option("--check", "write nothing; fail if a file is not up to date")
    .option("--out <folder>", "the folder of the review packs", "review")
    .action((names: readonly string[], { check, out }: Options) => {
      const { deployments, stacks } = selectDeployments(session, names);
      const packs = deployments.map(
        (deployment) => [deployment.stack, reviewPack(reviewed(deployment))] as const,
      );
      const stale = staleFiles(out, Object.fromEntries(packs));
      for (const deployment of deployments) {
        const warnings = settingsWarnings(deployment).map(
          (warning) => `warning: ${deployment.stack}: ${warning}\n`,
        );
        session.printError(warnings.join(""));
      }
      // A pack of no deployment looks like one that somebody reviewed. A command for some stacks
      // ignores the others.
      const unknown = unknownPacks(out, stacks).map((path) => `${path}: ${NO_DEPLOYMENT}`);
      const links = [...linksIn(out, ""), ...linksIn("locks", LOCK_FILE)].map(
        (path) => `${path}: ${LINK}`,
      );
      const unexpected = names.length > 0 ? [] : [...unknown, ...links];
      if (check === true) {
        const lines = [...stale.map(({ path, what }) => `${path}: ${what}`), ...unexpected];
        if (lines.length > 0) {
          const remedy = `run ${dkpAccess("review")} and commit the result:`;
          throw new Error([`${out} is not up to date; ${remedy}`, ...lines].join("\n  "));
        }
        session.print(deployments.map(({ stack }) => `${stack}\n`).join(""));
        return;
      }
      writePacks(stale);
      session.print(
        stale
          .map(({ path, what }) => `${what === "left over" ? "removed" : "wrote"} ${path}\n`)
          .join(""),
      );
      const changed = stale
        .filter(({ isOtherMeaning }) => isOtherMeaning)
        .map(({ path }) => `  ${path}\n`);
      session.print(changed.length === 0 ? "" : `changed in meaning:\n${changed.join("")}`);
      session.printError(unexpected.map((reason) => `kept ${reason}\n`).join(""));
      session.printError(stale.length > 0 ? "" : `${out}: all files are up to date\n`);
    });
};
