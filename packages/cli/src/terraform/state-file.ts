import { ADDRESSES } from "../../../../src/terraform/addresses";
import {
  isObject,
  type JsonObject,
  listOf,
  objectOf,
  parseJson,
  textOf,
} from "../../../../src/text/json";
import { recovery } from "../text/advice";

/** An access key that Terraform manages. */
export interface StateKey {
  readonly id: string;
  readonly user?: string | undefined;
  /** In plaintext; absent if the key was imported. */
  readonly secret?: string | undefined;
}

export interface StateContents {
  readonly key?: StateKey | undefined;
  /** The ID of the current key, which the outputs have. */
  readonly current?: string | undefined;
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
  const outputs = objectOf(document.outputs);
  const user = presentAt(resources, ADDRESSES.user)?.attributes;
  const key = presentAt(resources, ADDRESSES.accessKey)?.attributes;
  return {
    key: key && { id: textOf(key.id) ?? "", user: textOf(key.user), secret: textOf(key.secret) },
    current: textOf(objectOf(outputs.access_key_id).value),
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
