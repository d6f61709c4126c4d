import { posix } from "node:path";

/** As GitHub derives it from a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");

const proseOf = (markdown: string) => markdown.replaceAll(/^ *```[^`\n]*\n[\s\S]*?^ *```/gm, "");

/** GitHub numbers the anchors of equal headings. An `<a id>` is one as well. */
export function anchorsOf(markdown: string): readonly string[] {
  const anchors = [...proseOf(markdown).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    anchorOf(heading),
  );
  const numbered = anchors.map((anchor, index) => {
    const earlier = anchors.slice(0, index).filter((other) => other === anchor).length;
    return earlier === 0 ? anchor : `${anchor}-${earlier}`;
  });
  const ids = [...markdown.matchAll(/<a id="([\w-]+)">/g)].map(([, id = ""]) => id);
  return [...numbered, ...ids];
}

const linksOf = (markdown: string) =>
  [...proseOf(markdown).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = ""]) => link);

/**
 * Links to a file, a folder or an anchor that does not exist.
 * @param paths all files
 * @param read the text of a file
 */
export function deadLinks(
  paths: readonly string[],
  read: (path: string) => string,
): readonly string[] {
  const known = new Set(
    paths.flatMap((path) =>
      path.split("/").map((_, index, parts) => parts.slice(0, index + 1).join("/")),
    ),
  );
  const isDead = (file: string, link: string) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? file : posix.join(posix.dirname(file), path).replace(/\/$/, "");
    return (
      !known.has(target) || (anchor !== undefined && !anchorsOf(read(target)).includes(anchor))
    );
  };
  return paths
    .filter((path) => path.endsWith(".md"))
    .flatMap((file) =>
      linksOf(read(file))
        .filter((link) => isDead(file, link))
        .map((link) => `${file}: ${link}`),
    );
}
