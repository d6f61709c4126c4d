import { expectGolden, goldenText } from "../../../../__tests__/helpers/golden";
import { merged, type Settings } from "../../../../__tests__/helpers/merged-settings";
import { reviewPackOf } from "../../../../__tests__/helpers/packs";
import { unwrapped } from "../../../../__tests__/helpers/unwrapped";
import { grouped } from "../../../../src/text/grouped";

/**
 * Variants of settings, `# NUMBER BASE -> VARIANT`: the settings of the base, and those that the
 * variant replaces, or removes with null. Each line below them differs between the review packs of
 * variants and of their base; it stands once, with the numbers of these variants. To add a variant,
 * write its line and run `npm run golden`.
 */
const VARIANTS = [...goldenText("review-packs.txt").matchAll(/^# \d+ (\{.*) -> (\{.*)$/gm)].map(
  ([, base = "", variant = ""]) => ({
    base: JSON.parse(base) as Settings,
    variant: JSON.parse(variant) as Settings,
  }),
);

/** By file, each paragraph on one line; the lists of actions have tests of their own. */
function linesOf(settings: Settings) {
  const text = JSON.stringify(settings);
  const files = Object.entries(reviewPackOf(text)).filter(([name]) =>
    /(?<!actions)\.(md|sh|tf|yaml)$/.test(name),
  );
  return Object.fromEntries(
    files.map(([name, page]) => [
      name,
      (name.endsWith(".md") ? unwrapped(page) : page).split("\n"),
    ]),
  );
}

/** The lines that the other list lacks, each as often as it lacks it. */
function beyond(lines: readonly string[], others: readonly string[]) {
  const rest = [...others];
  return lines.filter((line) => {
    const at = rest.indexOf(line);
    return at < 0 || rest.splice(at, 1).length === 0;
  });
}

function difference(base: Settings, variant: Settings) {
  const [before, after] = [linesOf(base), linesOf(merged(base, variant))];
  return Object.keys({ ...before, ...after }).flatMap((file) => {
    const [was = [], is = []] = [before[file], after[file]];
    const removed = beyond(was, is).map((line) => `- ${line}`);
    return [...removed, ...beyond(is, was).map((line) => `+ ${line}`)].map(
      (line) => [file, line] as const,
    );
  });
}

it("the review packs of settings differ from each other in the committed lines", () => {
  const differences = VARIANTS.flatMap(({ base, variant }, at) =>
    difference(base, variant).map(([file, line]) => ({ file, line, number: at + 1 })),
  );
  const pages = [...grouped(differences, ({ file }) => file)].flatMap(([file, its]) => [
    "",
    `## ${file}`,
    ...[...grouped(its, ({ line }) => line)].map(
      ([line, where]) => `${where.map(({ number }) => number).join(",")} ${line}`,
    ),
  ]);
  const variants = VARIANTS.map(
    ({ base, variant }, at) => `# ${at + 1} ${JSON.stringify(base)} -> ${JSON.stringify(variant)}`,
  );
  expectGolden("review-packs.txt", `${[...variants, ...pages].join("\n")}\n`);
});
