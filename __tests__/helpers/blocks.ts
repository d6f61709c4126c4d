import { projectFile } from "./project-root";

/** Without their indentation. */
export function blocksOf(page: string, language = "shell"): readonly string[] {
  const blocks = projectFile(page).matchAll(
    new RegExp(`^( *)\`\`\`${language}\\n(.*?)^ *\`\`\``, "gms"),
  );
  return [...blocks].map(([, indentation = "", text = ""]) =>
    text.replaceAll(new RegExp(`^${indentation}`, "gm"), ""),
  );
}

export function blockWith(text: string, page: string, language = "shell"): string {
  const block = blocksOf(page, language).find((candidate) => candidate.includes(text));
  if (block === undefined) {
    throw new Error(`${page} has no block with ${text}`);
  }
  return block;
}
