import { SLOTS, type Slot } from "../../iam/key-slots";
import { ADDRESSES, KEY_ADDRESSES } from "../../terraform/addresses";
import { isObject, type JsonObject, listOf, objectOf, parseJson, textOf } from "../../text/json";
import { recovery } from "../text/advice";

export interface StateKey extends KeyAttributes {
  readonly slot: Slot;
  readonly id: string;
  /** Created in an apply that failed afterwards: Terraform would replace it. */
  readonly tainted: boolean;
}

export interface KeyAttributes {
  readonly id?: string | undefined;
  readonly status: string;
  readonly user?: string | undefined;
  /** In plaintext; absent for an imported key. */
  readonly secret?: string | undefined;
  readonly created?: Date | undefined;
}

export interface StateContents {
  readonly keys: readonly StateKey[];
  /** The one in the outputs, if there is one. */
  readonly current: { readonly id?: string | undefined; readonly slot?: Slot | undefined };
  readonly user?:
    | { readonly name?: string | undefined; readonly arn?: string | undefined }
    | undefined;
  /** Their attributes contain secrets. */
  readonly resources: StateResources;
  readonly outputs: Readonly<Record<string, string>>;
}

/** Terraform since 0.12, and OpenTofu, write this version of the format. */
const FORMAT = 4;

export interface StateResource {
  readonly address: string;
  readonly attributes: JsonObject;
}

/** Several can have one address: all but one of them are deposed. */
interface StateResources {
  readonly current: readonly StateResource[];
  /** Created in an apply that failed: Terraform would replace them. */
  readonly tainted: readonly StateResource[];
  /** Left over from a failed replacement: the next apply deletes them. */
  readonly deposed: readonly StateResource[];
}

const presentIn = ({ current, tainted }: StateResources): readonly StateResource[] => [
  ...current,
  ...tainted,
];

/** Whether or not Terraform would replace it. */
export const presentAt = (resources: StateResources, address: string): StateResource | undefined =>
  presentIn(resources).find((resource) => resource.address === address);

export const allIn = (resources: StateResources): readonly StateResource[] => [
  ...presentIn(resources),
  ...resources.deposed,
];

/**
 * @param state as JSON, version 4; empty if the stack was never applied
 * @throws Error if it is no such state, without its content, which can be a secret
 */
export function readState(state: string): StateContents {
  const document = contentsOf(state);
  const instances = listOf(document.resources).flatMap(instancesOf);
  const of = (wanted: keyof StateResources) =>
    instances.flatMap(([condition, resource]) => (condition === wanted ? resource : []));
  const resources = { current: of("current"), tainted: of("tainted"), deposed: of("deposed") };
  const present = presentIn(resources);
  const outputs = objectOf(document.outputs);
  const user = present.find(({ address }) => address === ADDRESSES.user)?.attributes;
  const slot = textOf(objectOf(outputs.access_key_slot).value);
  return {
    keys: SLOTS.flatMap((name) =>
      present
        .filter(({ address }) => address === KEY_ADDRESSES[name])
        .map((resource) => ({
          ...keyAttributes(resource.attributes),
          id: textOf(resource.attributes.id) ?? "",
          slot: name,
          tainted: resources.tainted.includes(resource),
        })),
    ),
    current: {
      id: textOf(objectOf(outputs.access_key_id).value),
      slot: SLOTS.find((name) => name === slot),
    },
    user: user === undefined ? undefined : { name: textOf(user.name), arn: textOf(user.arn) },
    resources,
    outputs: Object.fromEntries(
      Object.entries(outputs).flatMap(([name, output]) => {
        const value = textOf(objectOf(output).value);
        return value === undefined || objectOf(output).sensitive === true ? [] : [[name, value]];
      }),
    ),
  };
}

function contentsOf(state: string): JsonObject {
  const document = state.trim() === "" ? { version: FORMAT, resources: [] } : parseJson(state);
  if (!isObject(document) || document.version !== FORMAT || !Array.isArray(document.resources)) {
    throw new Error(
      `the state is damaged: it is no Terraform state of version ${FORMAT}; ` +
        `restore an earlier version of it (${recovery("damaged-state")})`,
    );
  }
  return document;
}

function instancesOf(
  resource: unknown,
): readonly (readonly [keyof StateResources, StateResource])[] {
  const { mode, type, name, module, instances } = objectOf(resource);
  if (mode !== "managed") {
    return [];
  }
  const address = [textOf(module), textOf(type), textOf(name)]
    .filter((part) => part !== undefined)
    .join(".");
  return listOf(instances).map((instance) => {
    const { status, deposed, attributes, index_key } = objectOf(instance);
    const index = index_key === undefined ? "" : `[${JSON.stringify(index_key)}]`;
    const present = status === "tainted" ? "tainted" : "current";
    return [
      deposed === undefined ? present : "deposed",
      { address: `${address}${index}`, attributes: objectOf(attributes) },
    ];
  });
}

/** Active is the provider's default. */
export function keyAttributes(attributes: JsonObject): KeyAttributes {
  const created = new Date(textOf(attributes.create_date) ?? "");
  return {
    id: textOf(attributes.id),
    status: textOf(attributes.status) ?? "Active",
    user: textOf(attributes.user),
    secret: textOf(attributes.secret),
    created: Number.isNaN(created.getTime()) ? undefined : created,
  };
}
