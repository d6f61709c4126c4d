import { MAX_POLICY_CHARACTERS } from "../../iam/limits";
import { grouped } from "../../text/grouped";
import { fillTemplate } from "../text/template";
import type { Reviewed } from "./reviewed";

/** review/README.md: all deployments, those with the most weaker choices first, and how many have which weaker choice. */
export function overviewPage(all: readonly Reviewed[]): string {
  const reviews = all.toSorted(
    (one, other) => other.weakChoices.length - one.weakChoices.length || compare(one.deployment.stack, other.deployment.stack),
  );
  const bySetting = grouped(
    reviews.flatMap(({ weakChoices }) => weakChoices),
    ({ setting }) => setting,
  );
  const weakSettings = [...bySetting]
    .map(([setting, { length: count }]) => ({ setting, count }))
    .sort((one, other) => other.count - one.count || compare(one.setting, other.setting));
  return fillTemplate("src/cli/review/pages/overview.md", { reviews, weakSettings, maxPolicyCharacters: MAX_POLICY_CHARACTERS });
}

/** In the order of code units, which is the same in every locale. */
const compare = (one: string, other: string) => Number(one > other) - Number(one < other);
