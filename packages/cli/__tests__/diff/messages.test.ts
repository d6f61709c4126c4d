import { expectGolden } from "../../../../__tests__/helpers/golden";
import { RULES } from "../../src/diff/change-rules";

it("every rule of diff has these sentences, and a remedy where it is breaking or unverifiable", () => {
  const rows = Object.entries(RULES).map(([id, { level, section, templates }]) => {
    const { text, risk, remedy } = { risk: undefined, remedy: undefined, ...templates };
    const advice = [risk && `  risk: ${risk}`, remedy && `  -> ${remedy}`].filter(
      (line) => line !== undefined,
    );
    return {
      section,
      lines: [`${id} (${level}): ${text}`, ...advice],
      isComplete: level === "note" || level === "attention" || remedy,
    };
  });
  const sections = [...new Set(rows.map(({ section }) => section))].map((section) =>
    [
      `== ${section}`,
      ...rows.filter((row) => row.section === section).flatMap(({ lines }) => lines),
      "",
    ].join("\n"),
  );
  expectGolden("messages/diff.txt", sections.join("\n"));
  expect(rows.filter(({ isComplete }) => !isComplete)).toEqual([]);
});
