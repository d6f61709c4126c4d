import { changesExitCode } from "../../src/cli/diff/changes";
import { readPlan } from "../../src/cli/diff/plan-file";
import { changesOfPlan } from "../../src/cli/diff/plans/plan-findings";
import { changesText } from "../../src/cli/diff/render-summary";
import { between } from "../helpers/diff";
import { LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import type { Terraform } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nprotect: false\n";
const BOTH = "attachment: user-and-group";
const NODES = "nodeRole: { name: n }";

/** Changes of one live deployment that follow each other: what somebody does, the settings after it, exit code and headline. */
const CHANGES: readonly (readonly [title: string, after: string, exitCode: 0 | 2 | 3, headline: string])[] = [
  ["the first tag", "tags: { a: b }", 2, "1 other change requires attention. Plan"],
  ["another value of a tag", "tags: { a: c }", 2, "1 other change requires attention. Plan"],
  ["a second tag", "tags: { a: c, d: e }", 2, "1 other change requires attention. Plan"],
  ["no tag any more", "", 2, "1 other change requires attention. Plan"],
  ["a group beside the user", BOTH, 2, "The Terraform role needs additional permissions."],
  ["the group alone", "attachment: group", 0, "Permissions unchanged."],
  ["the user beside the group", BOTH, 2, "The Terraform role needs additional permissions."],
  ["the user alone", "", 0, "Permissions unchanged."],
  ["a second key", "accessKeys: { secondary: { status: Active } }", 0, "Permissions unchanged."],
  ["a role for nodes", NODES, 3, "1 breaking change."],
  ["no role for nodes any more", "", 3, "1 breaking change."],
  ["a narrower policy", "policy: { mode: scoped }\ncluster: { prefix: dev }", 2, "Permissions narrowed"],
  ["a broader policy", "", 2, "Permissions broadened"],
];

describe("a change of a live deployment has one level in a plan and in a comparison of the settings", () => {
  let deployments: Deployments;
  let terraform: Terraform;
  let before = "";

  const settings = (more: string) => deployments.change({ deckhouse: `${SETTINGS}backend: { local: {} }\n${more}\n` });

  beforeAll(async () => {
    deployments = Deployments.of({ deckhouse: `${SETTINGS}backend: { local: {} }\n` });
    terraform = deployments.terraform("deckhouse", await LocalAws.start());
    terraform.init();
    terraform.apply();
  });

  it.each(CHANGES)("%s", (_, after, exitCode, headline) => {
    settings(after);
    terraform.run("plan", "-out=plan");
    const planned = changesOfPlan(readPlan("plan", terraform.run("show", "-json", "plan")), "x", "Plan");
    const compared = between(SETTINGS + before, SETTINGS + after);
    before = after;
    terraform.run("apply", "plan");
    expect({
      planned: changesExitCode(planned),
      compared: changesExitCode(compared),
      headline: changesText(planned).split("\n")[0],
    }).toEqual({ planned: exitCode, compared: exitCode, headline: expect.stringMatching(new RegExp(`^${headline}`)) });
  });
});
