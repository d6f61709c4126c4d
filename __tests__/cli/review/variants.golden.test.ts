import { expectGolden, goldenText } from "../../helpers/golden";
import { merged, type Settings } from "../../helpers/merged-settings";
import { reviewPackOf } from "../../helpers/packs";
import { RSA_KEY } from "../../helpers/pgp-keys";
import { unwrapped } from "../../helpers/unwrapped";

/**
 * The lines of pages and scripts in which the review pack of a variant differs from that of its base, below `# BASE -> VARIANT`: the
 * settings of the base, and those that the variant replaces, or removes with null. To add one, write such a line and run `npm run golden`.
 */
const VARIANTS = [...goldenText("review-packs.txt").matchAll(/^# (\{.*) -> (\{.*)$/gm)].map(
  ([, base = "", variant = ""]) => ({
    base: JSON.parse(base) as Settings,
    variant: JSON.parse(variant) as Settings,
  }),
);
/** The lines of the pages and scripts by file, each paragraph on one line; the lists of actions have tests of their own. */
function linesOf(settings: Settings): Readonly<Record<string, readonly string[]>> {
  const text = JSON.stringify(settings).replaceAll("RSA_KEY", RSA_KEY);
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

/** The lines of one list that the other one lacks, each as often as it lacks it. */
function beyond(lines: readonly string[], others: readonly string[]): readonly string[] {
  const rest = [...others];
  return lines.filter((line) => {
    const at = rest.indexOf(line);
    return at < 0 || rest.splice(at, 1).length === 0;
  });
}

function difference(base: Settings, variant: Settings): readonly string[] {
  const [before, after] = [linesOf(base), linesOf(merged(base, variant))];
  return Object.keys({ ...before, ...after }).flatMap((name) => {
    const [was = [], is = []] = [before[name], after[name]];
    const lines = [
      ...beyond(was, is).map((line) => `- ${line}`),
      ...beyond(is, was).map((line) => `+ ${line}`),
    ];
    return lines.length === 0 ? [] : [`## ${name}`, ...lines];
  });
}

it("the review packs of settings differ from each other in the committed lines", () => {
  const actual = VARIANTS.flatMap(({ base, variant }) => [
    `# ${JSON.stringify(base)} -> ${JSON.stringify(variant)}`,
    ...difference(base, variant),
    "",
  ]).join("\n");
  expectGolden("review-packs.txt", actual);
});
