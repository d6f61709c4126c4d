import { parse } from "yaml";
import { editedYaml } from "../../../../src/cli/account/keys/edit-yaml";
import { changesOf, nextStep, type Step } from "../../../../src/cli/account/keys/next-step";
import { defineDeployments } from "../../../../src/settings/load";
import type { SettingsInput } from "../../../../src/settings/schema/deployment-schema";
import { situationOf } from "../../../helpers/keys/program";
import { STARTS } from "../../../helpers/keys/starts";
import { apply, copyOf, DAY, HOUR, keyIn, pass, type World, works } from "../../../helpers/keys/world";

const FILE = `# The cluster prod.
region: eu-central-1 # Frankfurt
backend: { local: {} } # for this test

# Rotated every quarter:
# see the runbook.
accessKeys:
  secondary:   # the next one
    status: absent
`;

/** The slots in the text of settings, which are valid. */
function slotsIn(text: string) {
  const { accessKeys } = defineDeployments({ prod: parse(text) as SettingsInput }).prod ?? {};
  if (accessKeys === undefined || accessKeys === "none") {
    throw new Error("the settings have no access keys");
  }
  const { primary, secondary, current } = accessKeys;
  return { primary: primary.status, secondary: secondary.status, current };
}

const commentsIn = (text: string) => [...text.matchAll(/#.*/g)].map(([comment]) => comment);

/** Does what follows the edits, as the person who reads them does. */
function perform(world: World, { actions }: Pick<Step, "actions">): void {
  for (const action of actions) {
    if (action.do === "apply") {
      expect(apply(world, true, () => expect(works(world)).toBe(true))).toMatchObject({ failed: [] });
    } else if (action.do === "hand-over") {
      world.dkp = world.state.exposed?.id ?? "";
    } else if (action.do === "wait") {
      pass(world, action.minutes + 1);
    } else {
      throw new Error(`a rotation has no step ${action.do}`);
    }
  }
}

describe("keys --write", () => {
  it("makes each change of a whole rotation in the file, keeps every comment, and leads back to one key", () => {
    const world = copyOf<World>(STARTS.deployed);
    const old = world.dkp;
    const written: (readonly string[])[] = [];
    let text = FILE;
    for (
      let step = nextStep(situationOf(world));
      written.length === 0 || step.why !== "done";
      step = nextStep(situationOf(world))
    ) {
      if (step.edits.length > 0) {
        const before = text.split("\n");
        text = changesOf("prod", step).reduce(editedYaml, text);
        written.push([step.why, ...text.split("\n").filter((line) => !before.includes(line))]);
        expect(commentsIn(text)).toEqual(commentsIn(FILE));
        Object.assign(world.settings, slotsIn(text));
      }
      perform(world, step);
      pass(world, DAY + HOUR);
    }
    expect(written).toEqual([
      ["done", "    status: Active"],
      ["rotate-expose", "  current: secondary"],
      ["rotate-retire", "  primary: { status: Inactive }"],
      ["rotate-delete", "  primary: { status: absent }"],
    ]);
    expect(world.iam.keys).toHaveLength(1);
    expect(keyIn(world, old)).toBeUndefined();
    expect(works(world)).toBe(true);
  });

  it.each<[string, Partial<Step>]>([
    ["has no change", { edits: [] }],
    ["is first of all to restore the state", { restore: { keys: [] } }],
    ["depends on whether a key leaked", { askLeaked: "AKIAOLD" }],
    ["depends on the key that DKP has", { askKey: {} }],
  ])("refuses a step that %s", (_, parts) => {
    const step: Step = { why: "create", edits: [{ setting: "accessKeys.current", value: "secondary" }], actions: [], ...parts };
    expect(() => changesOf("prod", step)).toThrow(
      "prod: nothing was written: the next step is not a change of the settings alone; follow it, then npx dkp-access keys prod --write",
    );
  });
});
