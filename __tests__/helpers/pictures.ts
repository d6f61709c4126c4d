import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { PROJECT } from "./project-root";

/** What Mermaid's own parser reads in a picture: nodes and arrows with their labels as they are shown. */
interface Picture {
  readonly error?: string;
  readonly nodes: readonly (readonly [id: string, label: string])[];
  readonly arrows: readonly (readonly [from: string, to: string, label: string])[];
}

/** Pictures in Mermaid, parsed in one process. */
export function parsedPictures(pictures: readonly string[]): readonly Picture[] {
  const program = join(PROJECT, "__tests__/helpers/read-pictures.mjs");
  return JSON.parse(
    execFileSync(process.execPath, [program], { input: JSON.stringify(pictures), encoding: "utf8" }),
  ) as Picture[];
}

/** The pictures of a page. */
export const picturesIn = (page: string): readonly string[] =>
  [...page.matchAll(/^```mermaid\n(.*?)^```$/gms)].map(([, picture = ""]) => picture);
