import { contextOf } from "../../../src/cli/account/keys/actions";
import { leakResponse, leakText } from "../../../src/cli/account/keys/leak";
import { keyReport, keyReportText } from "../../../src/cli/account/keys/report";
import type { KeySituation } from "../../../src/cli/account/keys/situation";
import { lackingObject, namedObjects } from "../../../src/cli/account/ownership";
import type { StateResource } from "../../../src/cli/terraform/state-file";
import { SLOTS, type Slot } from "../../../src/iam/key-slots";
import type { Deployment } from "../../../src/settings/deployment";
import { KEY_ADDRESSES, policyAddress } from "../../../src/terraform/addresses";
import { deployment } from "../deployment";
import { type PrintedLeak, type PrintedReport, printedLeak, printedReport } from "./printed-step";
import { type Described, described, exists, keyIn, keysOf, type Part, type State, secondName, userOf, type World } from "./world";

const DEPLOYMENT = deployment();
/** Its statements do not matter, only whether documents are the same. */
const POLICY = { ...DEPLOYMENT.policies[0], statements: DEPLOYMENT.policies[0].statements.slice(0, 1) };
const NODE_ROLE = { path: "/", additionalActions: [], managedPolicyArns: [] };
const START = Date.parse("2026-01-01T00:00:00Z");
const ACCOUNT = "123456789012";
const dateOf = (minutes: number) => new Date(START + minutes * 60_000);
const orUndefined = (text: string) => (text === "" ? undefined : text);
const arnOf = (kind: string, name: string) => `arn:aws:iam::${ACCOUNT}:${kind}/${name}`;

/** The settings of a deployment as the program reads them. */
export function settingsOf({ settings }: Pick<Part, "settings">): Deployment {
  const { user, policy, second, role, none, current, imports } = settings;
  const slot = (name: Slot) => ({ status: settings[name], pgpKey: orUndefined(settings.pgp[name]) });
  const additional = second === "" ? [] : [{ number: 2, name: secondName(settings), statements: [] }];
  return {
    ...DEPLOYMENT,
    user: { ...DEPLOYMENT.user, name: user },
    policy: { ...DEPLOYMENT.policy, name: policy },
    policies: [{ ...POLICY, name: policy }, ...additional],
    nodeRole: role === "" ? undefined : { ...NODE_ROLE, name: role },
    accessKeys: none ? "none" : { primary: slot("primary"), secondary: slot("secondary"), current },
    import: { ...imports, attachment: false, accessKeyId: orUndefined(imports.key) },
  };
}

/** What the program reads of a world. */
export function situationOf(world: World, leaked: readonly string[] = []): KeySituation {
  const { account, state, settings } = world;
  const deployed = settingsOf(world);
  const contents = stateContents(state);
  const imported = deployed.import?.accessKeyId ?? [];
  const ids = [...Object.values(state.keys).map(({ id }) => id), state.exposed?.id ?? [], imported, leaked].flat();
  const ownerOf = (id: string) => (keyIn(world, id)?.listed === true ? (userOf(account, id) ?? "") : "");
  const owned = ids.map((id) => [id, ownerOf(id)] as const).filter(([, owner]) => owner !== "" && owner !== settings.user);
  const lacking = namedObjects(deployed, contents, ACCOUNT).map((object) => {
    const uses = exists(account, object) ? { value: usesOf(world, object) } : undefined;
    return lackingObject(object, uses, { settings: deployed, state: contents });
  });
  return {
    settings: deployed,
    folder: "cdktf.out/stacks/deckhouse",
    state: contents,
    erroredState: erroredStateOf(world),
    iam: {
      account: ACCOUNT,
      exists: account.users[settings.user] !== undefined,
      owners: Object.fromEntries(owned),
      keys: keysOf(world)
        .filter(({ listed }) => listed)
        .map(({ id, status, created, used }) => ({
          id,
          status,
          created: dateOf(created),
          lastUsed: used === undefined ? undefined : { at: dateOf(used), service: "ec2", region: "eu-central-1" },
        })),
      now: dateOf(account.now),
    },
    lacking,
    permissions: {
      ...permissionsIn(world),
      isImportMissing: false,
      denials: denialsOf(world),
      unlinked: unlinkedIn(world),
      unread: [],
    },
    unread: [],
  };
}

function denialsOf({ account, settings }: World): KeySituation["permissions"]["denials"] {
  const denial = account.denied[settings.user];
  const policy = denial === "quarantine" ? "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3" : "deny";
  return denial === undefined ? [] : [{ policy, on: `user ${settings.user}` }];
}

/** Policies of the state that are attached to the user, and that neither state nor settings attach. */
function unlinkedIn({ account, state, id, settings }: World): KeySituation["permissions"]["unlinked"] {
  const links = [...Object.values(state.objects), ...described({ id, settings }).map(({ name }) => name)];
  const policies = Object.values(state.objects).filter((name) => account.policies[name] !== undefined);
  return policies.flatMap((policy) => {
    const link = `policy:${policy} user:${settings.user}`;
    const isUnlinked = account.links.includes(link) && !links.includes(link);
    return isUnlinked ? [{ policy: arnOf("policy", policy), on: `user ${settings.user}` }] : [];
  });
}

function usesOf({ account }: World, { kind, name }: Pick<Described, "kind" | "name">): readonly string[] {
  const uses = account.links.filter((link) => link.startsWith(`${kind}:${name} `));
  const others = uses.flatMap((link) => link.split(" ")).filter((part) => part !== `${kind}:${name}`);
  return others.map((part) => part.replace(":", " "));
}

/** What state and IAM lack of the permissions. */
function permissionsIn(world: World): Pick<KeySituation["permissions"], "lacking" | "lost"> {
  const { account, state } = world;
  const isApplied = state.objects["aws_iam_user.user"] !== undefined;
  const links = described(world).filter(
    ({ kind, address }) => kind === "link" && isApplied && state.objects[address] === undefined,
  );
  const expected = [...Object.entries(state.objects), ...links.map(({ address, name }) => [address, name] as const)];
  const lost = expected.flatMap(([address, name]) => {
    const isLost = address.startsWith("aws_iam_policy.")
      ? account.policies[name] !== state.contents[address]
      : name.includes(":") && !account.links.includes(name);
    return isLost ? [{ address, lost: name }] : [];
  });
  return { lacking: links.map(({ address }) => address), lost };
}

function erroredStateOf({ errored, erroredAfter, versions }: World) {
  if (errored === undefined) {
    return undefined;
  }
  return erroredAfter === versions.length ? ("errored-state" as const) : ("errored-state-other" as const);
}

function resourceOf([address, name]: readonly [string, string]): StateResource {
  const names = Object.fromEntries(name.includes(":") ? name.split(" ").map((part) => part.split(":")) : []);
  const kind = /^aws_iam_(\w+)\./.exec(address)?.[1] ?? "";
  const attributes = name.includes(":")
    ? {
        ...names,
        policy_arn: names.policy && arnOf("policy", names.policy),
      }
    : { name, arn: arnOf(kind, name) };
  return { address, attributes };
}

/** A state as the program reads it. */
export function stateContents({ objects, keys, deposed, exposed, outputs }: State): KeySituation["state"] {
  const user = objects["aws_iam_user.user"];
  const keysWith = (isTainted: boolean) =>
    SLOTS.flatMap((slot) => {
      const { id, tainted } = keys[slot] ?? {};
      return tainted === isTainted ? [{ address: KEY_ADDRESSES[slot], attributes: { id: id ?? "" } }] : [];
    });
  return {
    keys: SLOTS.flatMap((slot) => {
      const key = keys[slot];
      if (key === undefined) {
        return [];
      }
      const { id, status, tainted, pgp, secret, created } = key;
      const known = secret ? (pgp === "" ? { secret: "secret" } : { encryptedSecret: "secret" }) : {};
      return [{ slot, id, status, tainted, pgpKey: orUndefined(pgp), ...known, created: dateOf(created) }];
    }),
    exposed: { id: exposed?.id, slot: exposed?.slot },
    user: user === undefined ? undefined : { name: user, arn: arnOf("user", user) },
    resources: {
      current: [...Object.entries(objects).map(resourceOf), ...keysWith(false)],
      tainted: keysWith(true),
      deposed: deposed.map((name) => resourceOf([policyAddress("policy", 2), name])),
    },
    outputs: outputs === undefined ? {} : { user_arn: arnOf("user", outputs.user), policy_arn: arnOf("policy", outputs.policy) },
  };
}

/** The program as a person runs it, who reads what it prints. */
export const PROGRAM = {
  keys(world: World): PrintedReport {
    const situation = situationOf(world);
    return printedReport(keyReportText(keyReport(situation), contextOf(situation, "deployments", "terraform")));
  },
  leaked(world: World, ids: readonly string[]): PrintedLeak {
    const situation = situationOf(world, ids);
    return printedLeak(leakText(situation, leakResponse(situation, ids), contextOf(situation, "deployments", "terraform")));
  },
};
