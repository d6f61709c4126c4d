import { apply, copyOf, createKey, DAY, HOUR, newWorld, pass, type Settings, type World } from "./world";

const applied = (before: World, settings: Partial<Settings> = {}): World => {
  const world = copyOf(before);
  Object.assign(world.settings, settings);
  const result = apply(world, true, () => undefined);
  if ("refused" in result || result.failed.length > 0) {
    throw new Error(`a start of the walk cannot be applied: ${JSON.stringify(result)}`);
  }
  return world;
};

const dayLater = (before: World): World => {
  const world = copyOf(before);
  pass(world, DAY + HOUR);
  return world;
};

const handedOver = (before: World): World => ({ ...copyOf(before), dkp: before.state.exposed?.id ?? "" });

/** A user with a policy and a key that were created outside Terraform, and settings that import them. */
function manual(): World {
  const world = newWorld();
  world.iam = { user: true, policy: true, attached: true, keys: [] };
  const key = createKey(world)?.id ?? "";
  world.dkp = key;
  world.settings.imports = { user: true, policy: true, attachment: true, key };
  return dayLater(world);
}

const deployed = dayLater(handedOver(applied(newWorld())));
const twoKeys = applied(deployed, { secondary: "Active" });
const exposed = applied(dayLater(twoKeys), { current: "secondary" });
const retired = dayLater(applied(dayLater(handedOver(exposed)), { primary: "Inactive" }));
const imported = dayLater(applied(manual()));

/** Where a walk begins: nothing, and the stations of a deployment, of a rotation and of an import. */
export const STARTS = {
  nothing: newWorld(),
  deployed,
  "two keys": twoKeys,
  "the second key exposed": exposed,
  "the first key retired": retired,
  "objects outside Terraform": manual(),
  "an imported key": imported,
  "an imported key, and a second one": applied(imported, { secondary: "Active" }),
} as const satisfies Readonly<Record<string, World>>;
