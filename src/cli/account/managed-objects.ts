import type { Deployment } from "../../settings/deployment";
import { ADDRESSES, policyAddress } from "../../terraform/addresses";

/** A part of `import` that imports objects. */
export type ImportField = "user" | "policy" | "nodeRole";

/** An object that an apply creates under a name of the settings. */
export interface ManagedObject {
  readonly kind: "user" | "policy" | "role";
  readonly name: string;
  readonly path: string;
  /** The setting that has its name and path. */
  readonly setting: "user" | "policy" | "nodeRole";
  /** Undefined for the second policy: it has no setting. */
  readonly imports?: ImportField | undefined;
  readonly address: string;
}

/** Whether the settings import an object. */
export const isImported = ({ import: fields }: Pick<Deployment, "import">, { imports }: Pick<ManagedObject, "imports">) =>
  imports !== undefined && fields?.[imports] === true;

export function managedObjects({ user, policy, policies, nodeRole }: Deployment): readonly ManagedObject[] {
  const named = ({ name, path }: Pick<ManagedObject, "name" | "path">) => ({ name, path });
  const objects: ManagedObject[] = [
    { kind: "user", ...named(user), setting: "user", imports: "user", address: ADDRESSES.user },
    ...policies.map(({ number, name }): ManagedObject => {
      const imports = number === 1 ? "policy" : undefined;
      return { kind: "policy", name, path: policy.path, setting: "policy", imports, address: policyAddress("policy", number) };
    }),
  ];
  if (nodeRole !== undefined) {
    objects.push({ kind: "role", ...named(nodeRole), setting: "nodeRole", imports: "nodeRole", address: ADDRESSES.nodeRole });
  }
  return objects;
}
