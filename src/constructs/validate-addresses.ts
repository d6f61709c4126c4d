import { TerraformElement, type TerraformStack } from "cdktf";

/** Addresses of these blocks have one name, those of resources and data sources type and name. */
const BLOCKS: readonly string[] = ["locals", "module", "output", "variable"];

/** Finds two elements of a stack with one address, which CDKTF would merge silently. */
export function addressErrors(stack: TerraformStack): string[] {
  const owners = new Map<string, string>();
  const elements = stack.node.findAll().filter(TerraformElement.isTerraformElement);
  return elements.flatMap((element) =>
    addressesOf(element).flatMap((address) => {
      const { path } = element.node;
      const owner = owners.get(address);
      owners.set(address, path);
      return owner === undefined
        ? []
        : `${path}: has the address ${address} of ${owner}; give it another ID`;
    }),
  );
}

type Types = Readonly<Record<string, object>>;

function addressesOf(element: TerraformElement): readonly string[] {
  const {
    resource = {},
    data = {},
    ...others
  } = element.toTerraform() as Readonly<Record<string, Types>>;
  const named = (types: Types, prefix = "") =>
    Object.entries(types).flatMap(([type, names]) =>
      Object.keys(names).map((name) => `${prefix}${type}.${name}`),
    );
  const ofBlocks = Object.fromEntries(
    Object.entries(others).filter(([block]) => BLOCKS.includes(block)),
  );
  return [...named(resource), ...named(data, "data."), ...named(ofBlocks)];
}
