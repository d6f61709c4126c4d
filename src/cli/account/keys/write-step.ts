import type { Change } from "../../../settings/edit-yaml";
import { dkpAccess } from "../../../text/command";
import type { Step } from "./next-step";

/**
 * The changes of the settings that are the next step of a deployment's keys.
 * @throws Error if something else comes first, or only a person knows what comes next
 */
export function changesOf(stack: string, { edits, restore, askLeaked, askKey }: Step): readonly Change[] {
  const isEdit = edits.length > 0 && restore === undefined && askLeaked === undefined && askKey === undefined;
  if (!isEdit) {
    const again = dkpAccess("keys", stack, "--write");
    throw new Error(
      `${stack}: nothing was written: the next step is not a change of the settings alone; follow it, then ${again}`,
    );
  }
  return edits.map(({ setting, value }) => ({ setting, value: BOOLEANS[value ?? ""] ?? value }));
}

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false };
