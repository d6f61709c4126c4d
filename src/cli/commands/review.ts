import { comparisonNote } from "../../iam/dkp-versions";
import { dkpAccess } from "../../text/command";
import { overviewPage } from "../review/overview";
import { comparePacks, type PackFolder, writePacks } from "../review/pack-folder";
import { packsOf, requirePackFolder, settingsFolder } from "./support/review-packs";
import { STACKS_HELP, selectDeployments } from "./support/select-deployments";
import type { Define, Session } from "./support/session";

interface Options {
  readonly check?: true;
  readonly out: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      `Writes the review pack of each deployment, review/<stack>/REVIEW.md and the files beside it, and, unless stacks are named, the overview of all deployments, review/README.md. Commit them. Calls neither AWS nor Terraform.

Deletes the review pack of a removed deployment only if it was generated from the same settings folder; names the ones it keeps.
Never writes or deletes through symbolic links.`,
    )
    .argument("[stack...]", STACKS_HELP)
    .option("--check", "write nothing; name the files that are not up to date")
    .option("--out <folder>", "the folder of the review packs", "review")
    .action((names: readonly string[], { check, out }: Options) => {
      requirePackFolder(session, "--out", out);
      const { deployments, stacks } = selectDeployments(session, names);
      const note = comparisonNote(new Date());
      session.printError(note === undefined ? "" : `note: ${note}\n`);
      const overview = names.length === 0 ? overviewPage(deployments) : undefined;
      const wanted = { packs: packsOf(deployments), overview, stacks, settings: settingsFolder(session) };
      if (check === true) {
        reportStale(session, out, comparePacks(out, wanted));
      } else {
        reportWritten(session, out, writePacks(out, wanted));
      }
    });
};

function reportKept(session: Session, { unknown, unmanaged }: PackFolder): void {
  if (unmanaged !== undefined) {
    session.printError(
      `kept ${unmanaged}: it was not generated from ${settingsFolder(session)}; rename it to get the overview of these deployments\n`,
    );
  }
  for (const path of unknown) {
    session.printError(
      `kept ${path}: no deployment of that name in ${settingsFolder(session)}, and its review pack was not generated from there; delete the folder if it is not needed\n`,
    );
  }
}

function reportWritten(session: Session, folder: string, compared: PackFolder): void {
  const { stale } = compared;
  session.print(stale.map(({ path, what }) => `${what === "left over" ? "removed" : "wrote"} ${path}\n`).join(""));
  reportKept(session, compared);
  session.printError(stale.length === 0 ? `${folder}: all files are up to date\n` : "");
}

function reportStale(session: Session, folder: string, compared: PackFolder): void {
  const { stale } = compared;
  reportKept(session, compared);
  if (stale.length > 0) {
    const lines = stale.map(({ path, what }) => `  ${path}: ${what}`);
    throw new Error([`${folder} is not up to date; run ${dkpAccess("review")} and commit the result:`, ...lines].join("\n"));
  }
}
