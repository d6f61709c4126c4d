import { join } from "node:path";
import { isRealFile, readRegularFile } from "../../../text/files";
import { OVERVIEW_MARK, overviewPage, readOverview } from "./overview-page";
import type { OverviewRow } from "./overview-row";

/**
 * What `README.md` in a folder of review packs should contain. Rows of deployments that the command is not for are kept, as long as
 * the deployment or its review pack exists. No text: there are no deployments.
 * @param wanted rows of the deployments of the command, and the stacks of all known deployments
 * @returns only the path if the file was not generated
 */
export function overviewIn(
  folder: string,
  { rows, stacks }: { readonly rows: readonly OverviewRow[]; readonly stacks: readonly string[] },
): { readonly path: string; readonly text: string | undefined } | { readonly path: string } {
  const path = join(folder, "README.md");
  const found = isRealFile(path) ? readRegularFile(path).toString() : OVERVIEW_MARK;
  if (!found.endsWith(OVERVIEW_MARK)) {
    return { path };
  }
  const own = new Set(rows.map(({ stack }) => stack));
  const kept = readOverview(found).filter(({ stack }) => stacks.includes(stack) && !own.has(stack));
  const all = [...rows, ...kept];
  return { path, text: all.length === 0 ? undefined : overviewPage(all) };
}
