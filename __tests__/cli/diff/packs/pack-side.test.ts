import { readdirSync } from "node:fs";
import { join } from "node:path";
import { deploymentsNamed } from "../../../../src/cli/commands/support/deployments";
import { deploymentOf } from "../../../../src/cli/diff/packs/pack-side";
import { normalizedSettings } from "../../../../src/cli/pack/contents";
import { PROJECT } from "../../../helpers/project-root";

const FOLDER = join(PROJECT, "__tests__/golden/deployments");
const STACKS = readdirSync(FOLDER).map((file) => file.replace(/\.yaml$/, ""));

it.each(STACKS)("the normalized settings of a deployment are valid settings again: %s", (stack) => {
  const [deployment] = deploymentsNamed(FOLDER, [stack]).deployments;
  expect(deployment && deploymentOf(stack, normalizedSettings(deployment).settings)).toMatchObject({ stack });
});
