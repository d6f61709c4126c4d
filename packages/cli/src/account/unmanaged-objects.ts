import { nodeRoleName } from "../../../../src/iam/cluster";
import type { Deployment } from "../../../../src/settings/deployment";
import type { Found } from "../findings/finding";
import { dayText } from "../process/time";
import type { ExistingObject, Reading } from "./aws/iam-reader";
import { type DescribedThing, type Inventory, title } from "./inventory";
import type { UNMANAGED_RULES } from "./shared-rules";

/** IAM compares names without case. */
const lower = (name: string): string => name.toLowerCase();

/** What uses an object and belongs to no deployment of these inventories. */
export function othersAmong(
  uses: readonly string[],
  { cluster: { prefix } }: Deployment,
  inventories: readonly Inventory[],
): readonly string[] {
  const own = inventories.flatMap(({ things, links }) => [
    ...things.map(title),
    ...links.map(({ of }) => of),
  ]);
  const dkpRole = prefix === undefined ? [] : [`role ${nodeRoleName(prefix)}`];
  const names = [...own, ...dkpRole].map(lower);
  // DKP and the AWS console create an instance profile with the name of the role.
  const known = [...names, ...names.map((name) => name.replace(/^role /, "instance profile "))];
  return uses.filter((use) => !known.includes(lower(use)));
}

/**
 * The finding about an existing object of the settings; none if the state has it, or the next apply
 * imports it and nothing else uses it.
 * @param uses as `IamReader.uses` reads them
 */
export function unmanagedFindings(
  object: DescribedThing,
  existing: ExistingObject,
  uses: Reading<readonly string[]>,
  {
    settings,
    described,
    state,
  }: { readonly settings: Deployment; readonly described: Inventory; readonly state: Inventory },
): readonly Found<typeof UNMANAGED_RULES>[] {
  if (state.things.some((managed) => lower(title(managed)) === lower(title(object)))) {
    return [];
  }
  const { setting } = object;
  const field = `${setting}.name`;
  const since = day(existing.CreateDate);
  const by = othersAmong("value" in uses ? uses.value : [], settings, [described, state]);
  if (by.length > 0) {
    return [{ rule: "object-shared", field, values: { since, setting, by } }];
  }
  // With another path, an import of a policy fails, that of a role replaces it, and others require
  // more than deployer-policy.json.
  const path =
    existing.Path === undefined || existing.Path === object.path ? undefined : existing.Path;
  // Terraform ignores an import into an address that the state has.
  const isFree = state.things.every(({ address }) => address !== object.address);
  if (object.isImported && isFree && path === undefined) {
    return [];
  }
  return [{ rule: "object-unmanaged", field, values: { since, setting, path } }];
}

/** The day of a date as findings show it. */
export const day = (date: Date | undefined): string | undefined => date && dayText(date);
