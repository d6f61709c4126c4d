import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decide } from "../../src/decision";
import { PROJECT } from "../helpers/project-root";

const README = readFileSync(join(PROJECT, "src/decision/README.md"), "utf8");
const [before, after, answer] = [...README.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = ""]) => JSON.parse(json));

describe("the example of the decision's README", () => {
  it("has the answer that the README shows", () => {
    expect(decide({ identity: [after] }, { identity: [before] })).toEqual(answer);
  });

  it("allows nothing new without the second Region", () => {
    const narrower = JSON.parse(JSON.stringify(after).replace(',"eu-west-1"', ""));
    expect(decide({ identity: [narrower] }, { identity: [before] })).toEqual({ kind: "nothing-new" });
  });
});
