import { KEY_ADDRESSES } from "../../terraform/addresses";
import type { DiffFound } from "./rules";
import { keyIn, type Output, type Snapshot, slotsOf } from "./snapshot";

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
  for (const [output, given] of after.outputs) {
    if (isLeak(output, given) && given.version !== undefined && given.version !== before.outputs.get(output)?.version) {
      found.push({ rule: "output-may-hold-secret", values: { output } });
    }
  }
  if (!inPlaintext(before) && inPlaintext(after, imported)) {
    found.push({ rule: "plaintext-in-state", values: {} });
  }
  if (inPlaintext(before) && !inPlaintext(after)) {
    found.push({ rule: "plaintext-gone", values: {} });
  }
  return found;
}

/** Whether an output may contain a secret although its name does not say so. */
function isLeak(name: string, { sensitive, carriesSecret }: Output): boolean {
  return carriesSecret || (sensitive && name !== SECRET);
}

/** Whether the state contains the secret of a key in plaintext. It has no secret of an imported key. */
function inPlaintext(snapshot: Snapshot, imported: ReadonlySet<string> = new Set()): boolean {
  return slotsOf(snapshot).some((slot) => keyIn(snapshot, slot)?.pgp_key === undefined && !imported.has(KEY_ADDRESSES[slot]));
}

/** Outputs that other workspaces can newly read, or no longer. */
export function outputFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const appeared = [...after.outputs.keys()].filter((name) => !before.outputs.has(name)).sort();
  const gone = [...before.outputs.keys()].filter((name) => !after.outputs.has(name)).sort();
  return appeared.length + gone.length === 0 ? [] : [{ rule: "outputs-changed", values: { appeared, gone } }];
}
