import { ADDRESSES, KEY_ADDRESSES } from "../../terraform/addresses";
import { canonical, type JsonObject, listOf, objectOf } from "./json-values";
import { routes } from "./permission-changes";
import { attribute, keyIn, type Output, providerOf, type Snapshot, slotsOf, statedAccount } from "./snapshot";

/** Other effects of a change, for review packs and plans alike. */
export function notesOf(before: Snapshot, after: Snapshot): readonly string[] {
  const appeared = [...after.outputs.keys()].filter((name) => !before.outputs.has(name));
  const gone = [...before.outputs.keys()].filter((name) => !after.outputs.has(name));
  const tags = tagChanges(before.tags, after.tags);
  return [
    ...change("region", output(before, "region"), output(after, "region")),
    ...change("current key slot", output(before, "access_key_slot"), output(after, "access_key_slot")),
    ...change("policy attached to", principals(before), principals(after)),
    ...(attribute(before, ADDRESSES.policy, "description") !== attribute(after, ADDRESSES.policy, "description") &&
    isIgnored(after, "description") &&
    before.resources.has(ADDRESSES.policy)
      ? ["policy.description: AWS cannot change a description, so the new one has no effect"]
      : []),
    ...(before.resources.has(ADDRESSES.nodeRole) && !after.resources.has(ADDRESSES.nodeRole)
      ? ["the node role is deleted: set iamNodeRole to another role first"]
      : []),
    ...[ADDRESSES.user, ADDRESSES.nodeRole]
      .filter((address) => before.resources.has(address))
      .filter((address) => attribute(before, address, "permissions_boundary") === undefined)
      .filter((address) => attribute(after, address, "permissions_boundary") !== undefined)
      .map(
        (address) =>
          `${address}: the permissions boundary is new and blocks whatever it does not allow: compare it with policy.json before you apply`,
      ),
    ...(appeared.length > 0 ? [`new outputs: ${appeared.sort().join(", ")}`] : []),
    ...(gone.length > 0 ? [`removed outputs, which other workspaces may read: ${gone.sort().join(", ")}`] : []),
    ...(tags.length > 0 ? [`tags: ${tags.join(", ")}`] : []),
    ...slotsOf(after)
      .filter((slot) => keyIn(before, slot) === undefined && keyIn(after, slot)?.pgp_key !== undefined)
      .map((slot) => `the state contains the secret of the key in the slot ${slot} only in encrypted form`),
    ...(inPlaintext(before) && !inPlaintext(after)
      ? ["the state no longer contains a secret in plaintext; its older versions still do"]
      : []),
  ];
}

/** Where a secret is newly in plaintext. */
export function exposuresOf(before: Snapshot, after: Snapshot, imported: ReadonlySet<string>): readonly string[] {
  const secret = (snapshot: Snapshot) => snapshot.outputs.get("secret_access_key");
  const unmarked = secret(after)?.sensitive === false && secret(before)?.sensitive !== false;
  return [
    ...(secret(after) !== undefined && secret(before) === undefined
      ? [
          "the output secret_access_key is new: every workspace that reads any output of this state receives the secret in plaintext",
        ]
      : []),
    ...(unmarked ? ["the output secret_access_key is not marked as sensitive: Terraform prints it"] : []),
    ...[...after.outputs]
      .filter(
        ([name, output]) =>
          isLeak(name, output) && output.version !== undefined && output.version !== before.outputs.get(name)?.version,
      )
      .map(
        ([name]) =>
          `the output ${name} may contain the secret of an access key: every workspace that reads any output of this state receives it in plaintext`,
      ),
    ...(!inPlaintext(before) && inPlaintext(after, imported)
      ? ["the state newly contains the secret of an access key in plaintext"]
      : []),
  ];
}

/** Whether an output may contain a secret although its name does not say so. */
function isLeak(name: string, { sensitive, carriesSecret }: Output): boolean {
  return carriesSecret || (sensitive && name !== "secret_access_key");
}

/** Whether the state contains the secret of a key in plaintext. It has no secret of an imported key. */
function inPlaintext(snapshot: Snapshot, imported: ReadonlySet<string> = new Set()): boolean {
  return slotsOf(snapshot).some((slot) => keyIn(snapshot, slot)?.pgp_key === undefined && !imported.has(KEY_ADDRESSES[slot]));
}

function output(snapshot: Snapshot, name: string): string | undefined {
  return snapshot.outputs.get(name)?.value;
}

function principals(snapshot: Snapshot): string | undefined {
  const { user, group } = routes(snapshot, 1);
  const words = [...(user ? ["the user"] : []), ...(group ? ["the group with all its members"] : [])];
  return words.length === 0 ? undefined : words.join(" and ");
}

function change(what: string, had: string | undefined, has: string | undefined): readonly string[] {
  return had === undefined || has === undefined || had === has ? [] : [`${what}: ${had} -> ${has}`];
}

/** Names alone: values are in the diff. */
function tagChanges(before: Snapshot["tags"], after: Snapshot["tags"]): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((name) => {
    if (!(name in before)) {
      return [`${name} is new`];
    }
    if (!(name in after)) {
      return [`${name} is removed`];
    }
    return before[name] === after[name] ? [] : [`${name} has a new value`];
  });
}

function isIgnored({ resources }: Snapshot, name: string): boolean {
  return listOf(objectOf(resources.get(ADDRESSES.policy)?.attributes.lifecycle).ignore_changes).includes(name);
}

/** Notes that only configurations allow: account, backend, provider. */
export function notesOfPacks(before: JsonObject, after: JsonObject): readonly string[] {
  return [
    ...accountNotes(statedAccount(before), statedAccount(after)),
    ...backendNotes(before, after),
    ...providerNotes(before, after),
  ];
}

function accountNotes(had: string | undefined, has: string | undefined): readonly string[] {
  if (had === has) {
    return [];
  }
  if (has === undefined) {
    return [`accountId is no longer set (was ${had}): Terraform uses the account of its credentials`];
  }
  return had === undefined
    ? [`accountId is now set to ${has}; the comparison assumes the same account before, which is unknown`]
    : [`account: ${had} -> ${has}`];
}

function backendNotes(before: JsonObject, after: JsonObject): readonly string[] {
  const [had, has] = [before, after].map(({ terraform }) => {
    const { backend, cloud } = objectOf(terraform);
    return cloud === undefined ? objectOf(backend) : { cloud };
  }) as [JsonObject, JsonObject];
  if (canonical(had) === canonical(has)) {
    return [];
  }
  const types = [had, has].map((backend) => Object.keys(backend)[0] ?? "local");
  const names = types[0] === types[1] ? changedNames(inner(had), inner(has)).join(", ") : "";
  return [
    `the state location changes (${types[0] === types[1] ? `backend ${types[0]}: ${names}` : `backend ${types.join(" -> ")}`}): run terraform init -migrate-state; with an empty state, Terraform would create all resources again`,
  ];
}

function inner(backend: JsonObject): JsonObject {
  return objectOf(listOf(Object.values(backend)[0])[0]);
}

function providerNotes(before: JsonObject, after: JsonObject): readonly string[] {
  const [had, has] = [before, after].map((pack): JsonObject => {
    const { region: _, allowed_account_ids: __, default_tags: ___, ...rest } = providerOf(pack);
    return { ...rest, version: objectOf(objectOf(objectOf(pack.terraform).required_providers).aws).version };
  }) as [JsonObject, JsonObject];
  const names = changedNames(had, has);
  return names.length === 0 ? [] : [`AWS provider: changed ${names.join(", ")}`];
}

function changedNames(had: JsonObject, has: JsonObject): readonly string[] {
  return [...new Set([...Object.keys(had), ...Object.keys(has)])]
    .sort()
    .filter((name) => canonical(had[name]) !== canonical(has[name]));
}
