import { stringify } from "yaml";
import { keyReport, keyReportText } from "../../../src/cli/account/keys/report";
import type { KeySituation } from "../../../src/cli/account/keys/situation";
import { readConfiguration } from "../../../src/cli/cluster/configuration";
import { otherSlot, SLOTS, type Slot } from "../../../src/iam/key-slots";
import { KEY_ADDRESSES } from "../../../src/terraform/addresses";
import { deployment } from "../deployment";
import {
  apply,
  canonical,
  DAY,
  dateOf,
  deleteKey,
  giveKey,
  HOUR,
  isActive,
  keyIn,
  lastUseOf,
  minutesOf,
  pass,
  type State,
  setStatus,
  type World,
  works,
} from "./world";

// A person who follows keys, plan and the documents, and does nothing else.

const DEPLOYMENT = deployment("cluster: { prefix: dev }");
const ACCOUNT = "123456789012";

/**
 * What the program reads of a world.
 * @param dkpKey what the person says
 */
function situationOf(world: World, dkpKey?: string): KeySituation {
  const { settings, keys, user, now, hasCluster, dkp } = world;
  const slot = (name: Slot) => ({ status: settings[name] });
  const listed = keys.filter((key) => key.listed);
  const isRenamed = user !== "deckhouse" && user !== "";
  return {
    settings: {
      ...DEPLOYMENT,
      accessKeys: {
        primary: slot("primary"),
        secondary: slot("secondary"),
        current: settings.current,
      },
    },
    state: stateContents(world.state),
    erroredState: world.errored && "cdktf.out/stacks/deckhouse/errored.tfstate",
    iam: {
      account: ACCOUNT,
      exists: user === "deckhouse",
      keys: isRenamed
        ? []
        : listed.map(({ id, status, created, used }) => ({
            id,
            status,
            created: dateOf(created),
            lastUsed: lastUseOf(used),
          })),
      owners: isRenamed ? Object.fromEntries(listed.map(({ id }) => [id, user])) : {},
      quarantine: world.quarantined
        ? "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"
        : undefined,
      ...{ unknown: [], unread: [], now: dateOf(now) },
    },
    cluster: hasCluster && dkp !== "" && dkpKey === undefined ? clusterWith(dkp) : undefined,
    dkpKey,
  };
}

const clusterWith = (providerAccessKeyId: string) => ({
  ...{ context: "dev", prefix: "dev", isOfCommander: false },
  configuration: readConfiguration(
    stringify({
      kind: "AWSClusterConfiguration",
      provider: { providerAccessKeyId, region: DEPLOYMENT.region },
    }),
  ),
});

function stateContents({ user, keys, current }: State) {
  const own = SLOTS.flatMap((slot) => {
    const key = keys[slot];
    if (key === undefined) {
      return [];
    }
    const { id, status, created, tainted = false } = key;
    return [{ slot, id, status, tainted, created: dateOf(created), secret: "secret" }];
  });
  return {
    keys: own,
    current: current ?? {},
    user: user ? { name: "deckhouse", arn: `arn:aws:iam::${ACCOUNT}:user/deckhouse` } : undefined,
    resources: {
      current: own.map(({ slot, id }) => ({ address: KEY_ADDRESSES[slot], attributes: { id } })),
      ...{ tainted: [], deposed: [] },
    },
    outputs: {},
  };
}

export const printed = (world: World, dkpKey?: string): string =>
  keyReportText(keyReport(situationOf(world, dkpKey)), "deployments/deckhouse.yaml");

/** Errors in the printed steps; none is expected. */
interface Outcome {
  readonly steps: readonly string[];
  readonly violations: readonly string[];
  /** Nothing is left, or a document that the person cannot follow alone. */
  readonly end: "done" | "page" | "none";
}

const MOST_STEPS = 24;

export function follow(world: World): Outcome {
  return new Person(world).follow();
}

class Person {
  private readonly steps: string[] = [];
  private readonly violations: string[] = [];
  private readonly seen = new Set<string>();
  private dkpKey: string | undefined;
  private isLater = false;

  constructor(private readonly world: World) {}

  follow() {
    const { world } = this;
    for (let count = 0; count < MOST_STEPS; count++) {
      const leak = world.leaked.find(
        (id) => keyIn(world, id) !== undefined && !world.ended.includes(id),
      );
      if (leak !== undefined) {
        this.act(`leak of ${leak}`, () => this.respond(leak));
        continue;
      }
      const text = printed(world, this.dkpKey);
      const situation = `${canonical(world)} ${text}`;
      const [, next = ""] = /^next: (.*)$/m.exec(text) ?? [];
      if (next.startsWith("nothing to do")) {
        if (!this.isLater && !works(world)) {
          // AWS reports uses hours late, so that keys is run again a day after the last component
          // took its key.
          this.isLater = true;
          pass(world, Math.max(world.late.until - world.now, 0) + DAY + 4 * HOUR);
          continue;
        }
        if (
          /^note: .* or DKP does not have it$/m.test(text) &&
          world.dkp !== world.state.current?.id
        ) {
          this.dkpKey = world.dkp;
          continue;
        }
        return this.ended("done");
      }
      if (this.seen.has(situation)) {
        this.violations.push(`circle: ${next}`);
        return this.ended("none");
      }
      this.seen.add(situation);
      this.steps.push(next);
      if (this.step(text, next) === "page") {
        return this.ended("page");
      }
    }
    this.violations.push("no end");
    return this.ended("none");
  }

  private ended(end: Outcome["end"]) {
    const { world } = this;
    if (end === "done" && world.isRunning && !works(world)) {
      this.violations.push(`nothing is left to do, and DKP does not work: ${world.dkp}`);
    }
    return { steps: this.steps, violations: this.violations, end };
  }

  private act(what: string, does: () => void) {
    const { world } = this;
    const worked = works(world);
    does();
    this.check(what, worked);
  }

  private check(what: string, worked: boolean) {
    const { world } = this;
    const exposed = [...world.leaked, ...world.hostile];
    const isLeaked = [world.dkp, world.late.id].some((id) => exposed.includes(id));
    if (worked && !works(world) && !isLeaked) {
      this.violations.push(`DKP's key stops to work by: ${what}`);
    }
    for (const id of world.leaked) {
      if (!isActive(world, id)) {
        world.ended.push(id);
      } else if (world.ended.includes(id)) {
        this.violations.push(`a leaked key works again by: ${what}`);
      }
    }
  }

  private apply() {
    const worked = works(this.world);
    const result = apply(this.world, () => this.check("apply", worked));
    // An unread lock, a half-made object: the pages about them lead to another apply.
    this.steps.push(`apply: ${result}`);
    return result;
  }

  private step(text: string, next: string) {
    const { world } = this;
    if (next.startsWith("first do what is said above")) {
      return this.resolve(text);
    }
    if (next.startsWith("find out which key DKP has")) {
      this.dkpKey = world.dkp || "AKIA0000000000000000";
      return undefined;
    }
    const [, until] = /^next: wait until (\S+ \S+ UTC):/m.exec(text) ?? [];
    if (until !== undefined) {
      this.act("wait", () => this.wait(until));
      return undefined;
    }
    if (
      next.startsWith("give the current key") &&
      text.includes("--dkp-key") &&
      world.dkp === world.state.current?.id
    ) {
      this.dkpKey = world.dkp;
      return undefined;
    }
    const hostile = world.hostile.find((id) => text.includes(`--leaked ${id}`));
    if (hostile !== undefined) {
      this.act(`leak of ${hostile}`, () => this.respond(hostile));
      return undefined;
    }
    this.edit(text);
    const [, ending, id = ""] =
      /^ {2}aws iam (update|delete)-access-key .*--access-key-id=(AKIA\d+)/m.exec(text) ?? [];
    if (ending !== undefined) {
      this.act(`aws iam ${ending}-access-key`, () =>
        ending === "delete" ? deleteKey(world, id) : setStatus(world, id, "Inactive"),
      );
    }
    for (const [, command] of text.matchAll(/^ {2}then npx dkp-access (apply|hand-over) /gm)) {
      const result = command === "apply" ? this.apply() : this.handOver();
      if (result === "breaking") {
        this.restore();
        return undefined;
      }
      if (result === "failed") {
        return this.afterFailure();
      }
    }
    return undefined;
  }

  private wait(time: string) {
    const { world } = this;
    this.dkpKey = undefined;
    const minutes = Math.max(minutesOf(time) - world.now, 1);
    for (let left = minutes; left > 0; left -= DAY / 4) {
      pass(world, Math.min(left, DAY / 4));
    }
  }

  private edit(text: string) {
    const { settings } = this.world;
    for (const [, setting = "", value = ""] of text.matchAll(
      /^ {2}deployments\/deckhouse\.yaml: accessKeys\.(\S+): (\S+)$/gm,
    )) {
      const [slot] = setting.split(".");
      if (slot === "current") {
        settings.current = value as Slot;
      } else {
        settings[slot as Slot] = value as World["settings"]["primary"];
      }
    }
  }

  private handOver() {
    const { world } = this;
    const id = world.state.current?.id;
    if (id === undefined || !isActive(world, id)) {
      return "failed";
    }
    this.dkpKey = undefined;
    this.act("hand-over", () => giveKey(world, id));
    return "applied";
  }

  private restore() {
    const { settings, state, keys } = this.world;
    for (const slot of SLOTS) {
      const key = state.keys[slot];
      const inIam = keys.find(({ id }) => id === key?.id);
      settings[slot] = inIam?.status ?? settings[slot];
    }
  }

  /** Terraform names what failed, and recover.md has its section. */
  private afterFailure() {
    const { world } = this;
    if (world.errored === undefined && this.untaint()) {
      return undefined;
    }
    if (!["", "deckhouse"].includes(world.user)) {
      // Objects of its names exist, and drift shows which user has the policy: the section about a
      // renamed user.
      this.act("rename", () => {
        world.user = "deckhouse";
      });
      return undefined;
    }
    if (SLOTS.some((slot) => world.settings[slot] !== "absent") && world.keys.length >= 2) {
      // LimitExceeded: the section about a key that Terraform does not manage.
      return this.removeUnmanaged();
    }
    return undefined;
  }

  /** An object that Terraform would replace fails the plan: a tainted key. */
  private untaint() {
    const { state } = this.world;
    const before = JSON.stringify(state);
    for (const slot of SLOTS) {
      const key = state.keys[slot];
      if (key?.tainted === true) {
        state.keys[slot] = { ...key, tainted: false };
      }
    }
    return JSON.stringify(state) !== before;
  }

  private resolve(text: string) {
    const { world } = this;
    const { state, settings } = world;
    if (text.includes("#errored-state")) {
      const { errored } = world;
      if (errored !== undefined && errored.after === world.versions.length) {
        world.state = structuredClone(errored.state);
        world.versions.push(structuredClone(errored.state));
      }
      delete world.errored;
      return undefined;
    }
    if (text.includes("#renamed-user")) {
      if (world.user === "") {
        // Deleted: the section about a deleted key, whose apply creates another user.
        this.apply();
        return undefined;
      }
      this.act("rename", () => {
        world.user = "deckhouse";
      });
      return undefined;
    }
    if (text.includes("#lost-state")) {
      const version = world.versions.findLast(({ user }) => user);
      world.state = version === undefined ? { user: true, keys: {} } : structuredClone(version);
      world.versions.push(structuredClone(world.state));
      return undefined;
    }
    if (text.includes("#old-state")) {
      const id = state.current?.id;
      const version = world.versions.findLast(({ keys }) =>
        Object.values(keys).some((key) => key?.id === id),
      );
      if (version === undefined) {
        return this.apply() === "failed" ? this.removeUnmanaged() : undefined;
      }
      world.state = structuredClone(version);
      world.versions.push(structuredClone(version));
      return undefined;
    }
    if (text.includes("#quarantine")) {
      // Steps 1 to 3 for a key that leaked, then AWS's support case.
      for (const id of world.leaked.filter((leaked) => keyIn(world, leaked) !== undefined)) {
        this.respond(id);
      }
      world.quarantined = false;
      return undefined;
    }
    if (text.includes("wait ten minutes")) {
      pass(world, 10);
      return undefined;
    }
    const [, current, primary, secondary] =
      /restore what is deployed: accessKeys\.current: (\w+), primary\.status: (\w+), secondary\.status: (\w+)$/m.exec(
        text,
      ) ?? [];
    if (current !== undefined) {
      world.settings = { ...settings, current, primary, secondary } as World["settings"];
      return undefined;
    }
    const [, restored] = /restore accessKeys\.(\w+)\.status/.exec(text) ?? [];
    if (restored !== undefined) {
      const key = keyIn(world, state.keys[restored as Slot]?.id ?? "");
      settings[restored as Slot] = key?.status ?? settings[restored as Slot];
      return undefined;
    }
    const [, leaked = ""] =
      / is Inactive in IAM and Active in the settings\n.*--leaked (AKIA\d+);/.exec(text) ?? [];
    if (leaked !== "") {
      if (world.leaked.includes(leaked)) {
        this.respond(leaked);
        return undefined;
      }
      const [, slot] = /set accessKeys\.(\w+)\.status: Inactive, and apply/.exec(text) ?? [];
      if (slot === undefined) {
        setStatus(world, leaked, "Active");
      } else {
        settings[slot as Slot] = "Inactive";
        this.apply();
      }
      return undefined;
    }
    return text.includes("#unmanaged-key") ? this.removeUnmanaged() : "page";
  }

  private removeUnmanaged() {
    const { world } = this;
    const managed = Object.values(world.state.keys).map((key) => key?.id);
    const outside = world.keys.filter(({ id }) => !managed.includes(id));
    const [key] = outside
      .filter(
        ({ id }) => id !== world.dkp && (id !== world.late.id || world.late.until <= world.now),
      )
      .concat(outside.filter(({ id }) => id !== world.dkp))
      .concat(outside);
    if (key === undefined) {
      return "page";
    }
    const hostile = outside.find(({ id }) => world.hostile.includes(id));
    if (hostile !== undefined) {
      this.respond(hostile.id);
      return undefined;
    }
    if (key.id === world.dkp) {
      // A version of the state may have it.
      const version = world.versions.findLast(({ current }) => current?.id === key.id);
      if (version !== undefined) {
        world.state = structuredClone(version);
        world.versions.push(structuredClone(version));
        return undefined;
      }
      const error = this.replaceUnmanaged();
      if (error !== undefined) {
        return error;
      }
    }
    for (let days = 0; days < 3 && world.now - Math.max(key.used ?? 0, key.created) < DAY; days++) {
      pass(world, DAY);
    }
    this.act("deactivate an unmanaged key", () => setStatus(world, key.id, "Inactive"));
    pass(world, DAY);
    this.act("delete an unmanaged key", () => deleteKey(world, key.id));
    return undefined;
  }

  /** IAM has two keys already, so that Terraform may create only one. */
  private replaceUnmanaged() {
    const { world } = this;
    const { settings, state } = world;
    const managed = SLOTS.filter((slot) => isActive(world, state.keys[slot]?.id ?? ""));
    const [own = settings.current] = managed.includes(settings.current)
      ? [settings.current]
      : managed;
    settings.current = own;
    settings[own] = "Active";
    if (
      keyIn(world, state.keys[otherSlot(own)]?.id ?? "") === undefined ||
      !managed.includes(own)
    ) {
      settings[otherSlot(own)] = "absent";
    }
    const inactive = world.keys.find(({ id, status }) => status === "Inactive" && id !== world.dkp);
    if (managed.length === 0 && world.keys.length >= 2 && inactive !== undefined) {
      this.act("delete an Inactive key", () => deleteKey(world, inactive.id));
    }
    const isApplied = this.apply() !== "failed" || (this.untaint() && this.apply() !== "failed");
    if (!isApplied || this.handOver() !== "applied") {
      return "page";
    }
    return undefined;
  }

  private respond(id: string) {
    const { world } = this;
    const slot = SLOTS.find((each) => world.state.keys[each]?.id === id);
    this.act("deactivate the leaked key", () => setStatus(world, id, "Inactive"));
    this.act("delete the leaked key", () => deleteKey(world, id));
    world.ended.push(id);
    if (world.quarantined) {
      world.quarantined = false;
    }
    if (slot !== undefined && id !== world.state.current?.id) {
      world.settings[slot] = "absent";
      world.settings.current = otherSlot(slot);
    }
    // Else the settings are rejected.
    world.settings[world.settings.current] = "Active";
    if (this.apply() !== "failed" && isActive(world, world.state.current?.id ?? "")) {
      this.handOver();
    }
  }
}
