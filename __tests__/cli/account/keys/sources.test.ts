import { erroredState } from "../../../../src/cli/account/keys/sources";
import { folderForEach } from "../../../helpers/folder";

describe("errored.tfstate", () => {
  const { at, write } = folderForEach();
  const state = (serial: number, lineage?: string) => JSON.stringify({ version: 4, serial, lineage });

  it("is absent after an apply that wrote its state", () => {
    expect(erroredState(at(), state(7, "ours"))).toBeUndefined();
  });

  it.each([
    ["errored-state", "a later serial", state(8, "ours")],
    ["errored-state-other", "the same serial: the state was written after all", state(7, "ours")],
    ["errored-state-other", "an earlier serial", state(6, "ours")],
    ["errored-state-other", "another lineage, whatever its serial", state(8, "another")],
    ["errored-state", "no lineage, and a later serial", state(8)],
  ])("is %s with %s", (expected, _, errored) => {
    write({ "errored.tfstate": errored });
    expect(erroredState(at(), state(7, "ours"))).toBe(expected);
  });
});
