import { policyArn } from "../../iam/arns";
import type { Deployment } from "../../settings/deployment";
import { ADDRESSES, policyAddress } from "../../terraform/addresses";
import { type Call, unlessMissing } from "./aws/operations";

/** A part of `import` that imports objects. */
export type ImportField = "user" | "policy" | "additionalPolicies" | "attachment" | "group" | "nodeRole";

/** An object that an apply creates under a name of the settings. */
export interface ManagedObject {
  readonly kind: "user" | "policy" | "group" | "role";
  readonly name: string;
  readonly path: string;
  /** The setting that has its name and path. */
  readonly setting: "user" | "policy" | "group" | "nodeRole";
  readonly imports: ImportField;
  readonly address: string;
}

export function managedObjects({ user, policy, policies, group, nodeRole, attachment }: Deployment): readonly ManagedObject[] {
  const named = ({ name, path }: Pick<ManagedObject, "name" | "path">) => ({ name, path });
  const objects: ManagedObject[] = [
    { kind: "user", ...named(user), setting: "user", imports: "user", address: ADDRESSES.user },
    ...policies.map(({ number, name }): ManagedObject => {
      const imports = number === 1 ? "policy" : "additionalPolicies";
      return { kind: "policy", name, path: policy.path, setting: "policy", imports, address: policyAddress("policy", number) };
    }),
  ];
  if (attachment !== "user") {
    objects.push({ kind: "group", ...named(group), setting: "group", imports: "group", address: ADDRESSES.group });
  }
  if (nodeRole !== undefined) {
    objects.push({ kind: "role", ...named(nodeRole), setting: "nodeRole", imports: "nodeRole", address: ADDRESSES.nodeRole });
  }
  return objects;
}

/** An object as IAM reports it. */
export interface ExistingObject {
  readonly Arn?: string | undefined;
  readonly Path?: string | undefined;
  readonly CreateDate?: Date | undefined;
}

/** What IAM has at the name, and for a policy at the path; undefined if it has nothing. */
export function existingObject(
  call: Call<"iam:GetUser" | "iam:GetPolicy" | "iam:GetGroup" | "iam:GetRole">,
  { kind, name, path }: ManagedObject,
  environment: { readonly partition: string; readonly account: string },
): Promise<ExistingObject | undefined> {
  const find: Readonly<Record<ManagedObject["kind"], () => Promise<ExistingObject | undefined>>> = {
    user: async () => (await call("iam:GetUser", { UserName: name })).User,
    policy: async () => (await call("iam:GetPolicy", { PolicyArn: policyArn({ ...environment, path, name }) })).Policy,
    group: async () => (await call("iam:GetGroup", { GroupName: name })).Group,
    role: async () => (await call("iam:GetRole", { RoleName: name })).Role,
  };
  return unlessMissing(find[kind](), "NoSuchEntity");
}
