import { DRIFT_RULES, type DriftRules } from "../../../src/cli/account/drift/drift-rules";
import { driftReport, driftText } from "../../../src/cli/account/drift/report";
import { exitCodeOf } from "../../../src/cli/findings/finding";
import { SLOTS } from "../../../src/iam/key-slots";
import { nodePolicy } from "../../../src/iam/node-role-permissions";
import { policyDocument } from "../../../src/iam/policy-document";
import { ADDRESSES } from "../../../src/terraform/addresses";
import { ACCOUNT, type Answers, accountWith } from "../aws-answers";
import { TAKES_AWAY } from "../drift";
import { settingsOf, stateContents } from "./program";
import { type Described, described, exists, keysOf, kindOf, type World } from "./world";

/** What `drift` reports of a world, read as from AWS. */
async function driftIn(world: World) {
  const settings = settingsOf(world);
  const documentOf = (name: string, content: string) => {
    const found = described(world).find((object) => object.name === name && object.content === content);
    const policy = settings.policies.find((candidate) => candidate.name === name);
    const own = found?.kind === "role" ? nodePolicy([]) : policyDocument(policy?.statements ?? [], ACCOUNT);
    return found === undefined ? { Statement: content } : own;
  };
  const contents = stateContents(world.state);
  const withDocuments = contents.resources.current.flatMap((resource) => {
    const { address, attributes } = resource;
    const { name } = attributes;
    const policy = JSON.stringify(documentOf(String(name), world.state.contents[address] ?? ""));
    if (kindOf(address) === "role") {
      return [resource, { address: ADDRESSES.nodePolicy, attributes: { name, role: name, policy } }];
    }
    return kindOf(address) === "policy" ? [{ address, attributes: { ...attributes, policy } }] : [resource];
  });
  const value = { ...contents, resources: { ...contents.resources, current: withDocuments } };
  return driftReport(settings, { value }, accountWith(answersOf(world, documentOf)));
}

function answersOf({ account }: World, documentOf: (name: string, content: string) => object): Answers {
  const linked = (link: string) => account.links.flatMap((name) => new RegExp(`^${link}$`).exec(name)?.[1] ?? []);
  const answers: Record<string, unknown> = { GetCallerIdentity: { Account: ACCOUNT } };
  for (const [name, keys] of Object.entries(account.users)) {
    const listed = keys.filter((key) => key.listed).map(({ id, status }) => [id, status] as const);
    answers[`GetUser ${name}`] = {};
    answers[`ListAccessKeys ${name}`] = Object.fromEntries(listed);
    answers[`ListAttachedUserPolicies ${name}`] = linked(`policy:(\\S+) user:${name}`);
    answers[`ListUserPolicies ${name}`] = account.denied[name];
  }
  for (const [name, content] of Object.entries(account.policies)) {
    answers[`GetPolicy ${name}`] = `policy/${name}`;
    answers[`GetPolicyVersion ${name}`] = documentOf(name, content);
    answers[`ListEntitiesForPolicy ${name}`] = { users: linked(`policy:${name} user:(\\S+)`) };
  }
  for (const [name, content] of Object.entries(account.roles)) {
    answers[`GetRole ${name}`] = {};
    answers[`ListRolePolicies ${name}`] = name;
    answers[`GetRolePolicy ${name}`] = documentOf(name, content);
  }
  return answers;
}

/** Whether the account has nothing besides what a deployment manages, by what the model knows. */
function isClean(world: World): boolean {
  const { account, state, settings } = world;
  const inState = Object.entries(state.objects).map(([address, name]): Described => ({ address, kind: kindOf(address), name }));
  const objects = described(world);
  const has = (list: readonly Described[], { kind, name }: Described) =>
    list.some((object) => object.kind === kind && object.name === name);
  const isToImport = ({ imports, address }: Described) =>
    imports !== undefined && settings.imports[imports] && state.objects[address] === undefined;
  const isManaged = objects.every(
    (object) => object.kind === "link" || has(inState, object) || isToImport(object) || !exists(account, object),
  );
  const all = [...inState, ...objects];
  const parts = all.filter(({ kind }) => kind !== "link").map(({ kind, name }) => `${kind}:${name}`);
  const ownLinks = account.links.filter((link) => link.split(" ").some((part) => parts.includes(part)));
  const isAlone = ownLinks.every((name) => has(all, { address: "", kind: "link", name }));
  const contents = (wanted: string) =>
    all.flatMap(({ name, address, content = state.contents[address] }) => (name === wanted ? (content ?? []) : []));
  const isUnchanged = all.every(({ kind, name }) => {
    const inIam = { ...(kind === "policy" && account.policies), ...(kind === "role" && account.roles) }[name];
    return inIam === undefined || contents(name).includes(inIam);
  });
  const known = SLOTS.flatMap((slot) => state.keys[slot]?.id ?? []);
  const imported = state.keys.primary === undefined ? settings.imports.key : "";
  const listed = keysOf(world).filter((key) => key.listed);
  const areKeysKnown = (settings.none && known.length === 0) || listed.every(({ id }) => [...known, imported].includes(id));
  const isAllowed = all.every(({ kind, name }) => kind !== "user" || account.denied[name] === undefined);
  const users = Object.values(state.objects).flatMap((name) => /(?:^|\s)user:(\S+)/.exec(name)?.[1] ?? []);
  const isOneUser = [...users, state.objects[ADDRESSES.user] ?? settings.user].every((name) => name === settings.user);
  return isManaged && isAlone && isUnchanged && areKeysKnown && isAllowed && isOneUser && state.deposed.length === 0;
}

/** What another deployment uses of the objects that the settings name, as `policy NAME`. */
function othersIn({ account, state, settings, id }: World): readonly string[] {
  const inState = Object.entries(state.objects).map(([address, name]) => `${kindOf(address)}:${name}`);
  const objects = described({ id, settings }).filter(({ kind }) => kind !== "link");
  const own = [...inState, ...objects.map(({ kind, name }) => `${kind}:${name}`)];
  const isUsedByOthers = (part: string) =>
    account.links.some((link) => link.split(" ").includes(part) && link.split(" ").some((other) => !own.includes(other)));
  return objects.flatMap(({ kind, name }) => {
    const part = `${kind}:${name}`;
    const isOwn = kind === "user" || inState.includes(part);
    return !isOwn && isUsedByOthers(part) ? [`${kind} ${name}`] : [];
  });
}

/** What `drift` reports differently than the model knows it; undefined: nothing. */
export async function driftError(world: World): Promise<string | undefined> {
  const report = await driftIn(world);
  const rules = report.findings.map(({ rule, object }) => `${rule} ${object ?? ""}`);
  const exitCode = exitCodeOf<DriftRules>(DRIFT_RULES, report.findings);
  const expected = isClean(world) ? 0 : 2;
  if (exitCode !== expected) {
    return `drift ends with ${exitCode} instead of ${expected}: ${rules.join(", ")}`;
  }
  const others = othersIn(world);
  const ofOthers = rules.filter((rule) => others.some((object) => rule.endsWith(` ${object}`)));
  const expectedOfOthers = others.map((object) => `object-shared ${object}`);
  if (ofOthers.toSorted().join() !== expectedOfOthers.toSorted().join()) {
    return `drift reports of another deployment's ${others.join(", ")}: ${ofOthers.join(", ")}`;
  }
  const advised = TAKES_AWAY.exec(driftText(report))?.[0];
  return advised === undefined ? undefined : `drift advises to ${advised}`;
}
