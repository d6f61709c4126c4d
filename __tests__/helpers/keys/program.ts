import { keyFindings } from "../../../src/cli/account/keys/findings";
import { leakResponse } from "../../../src/cli/account/keys/leak";
import { nextStep, type Step } from "../../../src/cli/account/keys/next-step";
import { KEY_RULES, type KeyRules } from "../../../src/cli/account/keys/rules";
import type { KeySituation } from "../../../src/cli/account/keys/situation";
import { exitCodeOf } from "../../../src/cli/findings/finding";
import { SLOTS, type Slot } from "../../../src/iam/key-slots";
import { KEY_ADDRESSES } from "../../../src/terraform/addresses";
import { deployment } from "../deployment";
import { lacking } from "./situations";
import type { Action, Program, Step as WalkedStep } from "./walk";
import type { State, World } from "./world";

const DEPLOYMENT = deployment();
const START = Date.parse("2026-01-01T00:00:00Z");
const ACCOUNT = "123456789012";
const dateOf = (minutes: number) => new Date(START + minutes * 60_000);
const orUndefined = (text: string) => (text === "" ? undefined : text);

/** What the program reads of a world. */
export function situationOf(world: World): KeySituation {
  const { settings, iam, now, clockAhead } = world;
  const { imports } = settings;
  const slotSettings = (slot: Slot) => ({ status: settings[slot], pgpKey: orUndefined(settings.pgp[slot]) });
  const lacks = (what: "user" | "policy" | "attachment", exists: boolean) =>
    exists && !world.state[what] && !imports[what] ? [what] : [];
  return {
    settings: {
      ...DEPLOYMENT,
      accessKeys: { primary: slotSettings("primary"), secondary: slotSettings("secondary"), current: settings.current },
      import: {
        ...{ additionalPolicies: false, group: false, nodeRole: false },
        ...{ user: imports.user, policy: imports.policy, attachment: imports.attachment },
        accessKeyId: orUndefined(imports.key),
      },
    },
    folder: "cdktf.out/stacks/deckhouse",
    state: stateContents(world.state),
    erroredState: erroredStateOf(world),
    iam: {
      account: ACCOUNT,
      exists: iam.user,
      keys: iam.keys
        .filter(({ listed }) => listed)
        .map(({ id, status, created, used }) => ({
          id,
          status,
          created: dateOf(created),
          lastUsed: used === undefined ? undefined : { at: dateOf(used), service: "ec2", region: "eu-central-1" },
        })),
      now: dateOf(now),
      clock: dateOf(now + clockAhead),
    },
    unmanagedObjects: lacking([...lacks("user", iam.user), ...lacks("policy", iam.policy), ...lacks("attachment", iam.attached)]),
    permissions: { lost: [], unread: [] },
    unread: [],
  };
}

function erroredStateOf({ erroredState, erroredAfter, versions }: World) {
  if (erroredState === undefined) {
    return undefined;
  }
  return erroredAfter === versions.length ? ("newer" as const) : ("older" as const);
}

function stateContents({ user, keys, exposed }: State): KeySituation["state"] {
  return {
    keys: SLOTS.flatMap((slot) => {
      const key = keys[slot];
      return key === undefined
        ? []
        : [
            {
              slot,
              id: key.id,
              status: key.status,
              tainted: key.tainted,
              pgpKey: orUndefined(key.pgp),
              secret: key.secret ? "secret" : undefined,
              created: dateOf(key.created),
            },
          ];
    }),
    exposed: { id: exposed?.id, slot: exposed?.slot },
    user: user ? { name: "deckhouse", arn: `arn:aws:iam::${ACCOUNT}:user/deckhouse` } : undefined,
    tainted: SLOTS.flatMap((slot) => (keys[slot]?.tainted === true ? [KEY_ADDRESSES[slot]] : [])),
    resources: [],
    outputs: {},
  };
}

/** A step of the program, for the walk. */
function walked(step: Step): WalkedStep {
  const { why, edits, actions, restore, askLeaked, askKey } = step;
  return {
    why,
    done: why === "done" || why === "none",
    edits,
    actions: actions.map(walkedAction),
    restore,
    askLeaked,
    askKey: askKey && Object.fromEntries(Object.entries(askKey).map(([id, answer]) => [id, walked(answer)])),
  };
}

function walkedAction(action: Step["actions"][number]): Action {
  if (action.do === "untaint") {
    const slot = SLOTS.find((name) => KEY_ADDRESSES[name] === action.address) ?? "primary";
    return { do: "untaint", slot };
  }
  return action.do === "wait" ? { do: "wait", minutes: action.minutes + 1 } : (action as Action);
}

/** The program as a person runs it. */
export const PROGRAM: Program = {
  protectAttachment: true,
  isAlarmed: (world) => exitCodeOf<KeyRules>(KEY_RULES, keyFindings(situationOf(world))) > 0,
  keys: (world) => walked(nextStep(situationOf(world))),
  leaked: (world, ids) => {
    const { contain, after } = leakResponse(situationOf(world), ids);
    const next = walked(after);
    // Only the next run of `keys` can answer a question.
    const isPlain = next.restore === undefined && next.askLeaked === undefined && next.askKey === undefined && !next.done;
    return {
      why: `leak, ${next.why}`,
      done: false,
      edits: [...contain.edits, ...(isPlain ? next.edits : [])],
      actions: [...contain.actions.map(walkedAction), ...(isPlain ? next.actions : [])],
    };
  },
};
