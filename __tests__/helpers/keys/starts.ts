import {
  apply,
  copyOf,
  create,
  createKey,
  DAY,
  described,
  HOUR,
  newPart,
  newWorld,
  pass,
  type Settings,
  swapped,
  type World,
} from "./world";

const applied = (before: World, settings: Partial<Settings> = {}): World => {
  const world = copyOf(before);
  Object.assign(world.settings, settings);
  const result = apply(world, () => undefined);
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

/** A deployment whose key DKP uses. */
const live = (world: World): World => dayLater(handedOver(applied(world)));

/** A user with a policy and a key that were created outside Terraform. */
function manual(imports: boolean): World {
  const world = newWorld();
  for (const object of described(world)) {
    create(world, object);
  }
  world.dkp = createKey(world)?.id ?? "";
  world.needs = ["a"];
  if (imports) {
    world.settings.imports = { ...world.settings.imports, user: true, policy: true, key: world.dkp };
  }
  return dayLater(world);
}

const deployed = live(newWorld());
const twoKeys = applied(deployed, { secondary: "Active" });
const exposed = applied(dayLater(twoKeys), { current: "secondary" });
const retired = dayLater(applied(dayLater(handedOver(exposed)), { primary: "Inactive" }));
const imported = dayLater(applied(manual(true)));
const migrating = applied(deployed, { secondary: "Active", pgp: { primary: "", secondary: "C" } });
const noKeys = ((): World => {
  const world = applied(newWorld({ none: true }));
  world.dkp = createKey(world)?.id ?? "";
  return dayLater(world);
})();

/** Where a walk begins: nothing, and the stations of a deployment, of a rotation, of a migration and of an import. */
export const STARTS = {
  nothing: newWorld(),
  deployed,
  "two keys": twoKeys,
  "the second key exposed": exposed,
  "the first key retired": retired,
  "objects outside Terraform": manual(false),
  "objects outside Terraform, and settings that import them": manual(true),
  "an imported key": imported,
  "an imported key, and a second one": applied(imported, { secondary: "Active" }),
  "a migration to pgpKey": migrating,
  "a migration, exposed": dayLater(handedOver(applied(migrating, { current: "secondary" }))),
  "accessKeys: none": noKeys,
  "two policies": live(newWorld({ second: "1" })),
} as const satisfies Readonly<Record<string, World>>;

/** A live deployment, and another one of another repository, before its first apply. */
const neighbor = (settings: Partial<Settings>, ofFirst: Partial<Settings> = {}): World =>
  swapped(live(newWorld(ofFirst, [newPart("b", settings)])));

/** Where two deployments begin that act in turn. */
export const SHARED_STARTS = {
  "the same policy name": neighbor({ user: "second" }),
  "the same user name": neighbor({ policy: "Second" }),
  "the same names": neighbor({}),
  "the same second policy": neighbor({ user: "second", second: "1" }, { second: "1" }),
  "two live deployments": swapped(
    live(swapped(live(newWorld({ role: "nodes", second: "1" }, [newPart("b", { user: "second", policy: "Second" })])))),
  ),
  "two new deployments": newWorld({}, [newPart("b", { user: "second" })]),
} as const satisfies Readonly<Record<string, World>>;
