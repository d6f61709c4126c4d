import { TerraformElement, type TerraformStack } from "cdktf";

/** Names of Terraform. Source: Terraform language, "Identifiers". */
const NAME = /^[A-Za-z_][\w-]*$/;

/** The blocks that have addresses, with the number of names in an address. */
const BLOCKS: Readonly<Record<string, number>> = { data: 2, locals: 1, module: 1, output: 1, resource: 2, variable: 1 };

/** Finds errors in the addresses of a stack: two elements with one address, which CDKTF would merge silently, and invalid names. */
export function addressErrors(stack: TerraformStack): string[] {
  const owners = new Map<string, TerraformElement>();
  const errors: string[] = [];
  for (const element of stack.node.findAll().filter(TerraformElement.isTerraformElement)) {
    const { path } = element.node;
    for (const { address, name } of addressesOf(element)) {
      if (!NAME.test(name)) {
        errors.push(
          `${path}: the ID "${name}" is no name in Terraform; use letters, digits, "_" and "-", and begin with a letter`,
        );
      }
      const owner = owners.get(address);
      if (owner !== undefined) {
        errors.push(`${path}: has the address ${address} of ${owner.node.path}; give it another ID`);
      }
      owners.set(address, element);
    }
  }
  return errors;
}

function addressesOf(element: TerraformElement): readonly { readonly address: string; readonly name: string }[] {
  return Object.entries(element.toTerraform() as object).flatMap(([block, content]) =>
    namesIn(content, BLOCKS[block] ?? 0).map((names) => ({
      address: (block === "resource" ? names : [block, ...names]).join("."),
      name: names.at(-1) ?? "",
    })),
  );
}

/** The keys of an object, down to a depth. */
function namesIn(content: unknown, depth: number): readonly (readonly string[])[] {
  return depth === 0
    ? []
    : Object.entries(content as object).flatMap(([name, inner]) =>
        depth === 1 ? [[name]] : namesIn(inner, depth - 1).map((names) => [name, ...names]),
      );
}
