import { KEY_ADDRESSES } from "../../terraform/addresses";
import type { DiffFound } from "./rules";
import { keyIn, type Snapshot, slotsOf } from "./snapshot";

const SECRET = "secret_access_key";

/** Where a secret is newly in plaintext. @param imported addresses of which Terraform does not know the secret */
export function exposureFindings(before: Snapshot, after: Snapshot, imported: ReadonlySet<string>): readonly DiffFound[] {
  const [had, has] = [before.outputs.get(SECRET), after.outputs.get(SECRET)];
  const found: DiffFound[] = [];
  if (has !== undefined && had === undefined) {
    found.push({ rule: "secret-output", values: { output: SECRET } });
  }
  if (has?.sensitive === false && had?.sensitive !== false) {
    found.push({ rule: "secret-unmarked", values: { output: SECRET } });
  }
  for (const [output, { sensitive, stays }] of after.outputs) {
    if (sensitive && !stays && output !== SECRET && before.outputs.get(output)?.sensitive !== true) {
      found.push({ rule: "output-may-hold-secret", values: { output } });
    }
  }
  const [hadPlaintext, hasPlaintext] = [inPlaintext(before), inPlaintext(after, imported)];
  if (!hadPlaintext && hasPlaintext) {
    found.push({ rule: "plaintext-in-state", values: {} });
  }
  if (hadPlaintext && !inPlaintext(after)) {
    found.push({ rule: "plaintext-gone", values: {} });
  }
  return found;
}

/** Whether the state contains the secret of a key in plaintext. It has no secret of an imported key. */
function inPlaintext(snapshot: Snapshot, imported: ReadonlySet<string> = new Set()): boolean {
  return slotsOf(snapshot).some((slot) => keyIn(snapshot, slot)?.pgp_key === undefined && !imported.has(KEY_ADDRESSES[slot]));
}

/** Outputs that other workspaces can newly read, or no longer. */
export function outputFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const only = (one: Snapshot, other: Snapshot) => [...one.outputs.keys()].filter((name) => !other.outputs.has(name)).sort();
  const [added, removed] = [only(after, before), only(before, after)];
  return [
    ...(added.length === 0 ? [] : [{ rule: "outputs-new", values: { outputs: added } } as const]),
    ...(removed.length === 0 ? [] : [{ rule: "outputs-removed", values: { outputs: removed } } as const]),
  ];
}
