import { TerraformDataSource, TerraformElement, TerraformOutput, TerraformResource, type TerraformStack } from "cdktf";

/** IDs that CDKTF does not change. CDKTF drops other characters, so that `a.b` and `a b` become one resource. */
const ID = /^[a-z][a-z0-9_-]*$/;

/**
 * Finds errors in the addresses of a stack: two elements with one address, which CDKTF would merge silently, and IDs that CDKTF
 * would change.
 */
export function addressErrors(stack: TerraformStack): string[] {
  const owners = new Map<string, TerraformElement>();
  const errors: string[] = [];
  for (const element of stack.node.findAll().filter(TerraformElement.isTerraformElement)) {
    const address = addressOf(element);
    if (address === undefined) {
      continue;
    }
    if (!ID.test(element.node.id)) {
      errors.push(
        `${element.node.path}: the ID "${element.node.id}" has characters that CDKTF drops; use only a-z, 0-9, "_" and "-"`,
      );
    }
    const owner = owners.get(address);
    if (owner !== undefined) {
      errors.push(`${element.node.path}: has the address ${address} of ${owner.node.path}; give it another ID`);
    }
    owners.set(address, element);
  }
  return errors;
}

function addressOf(element: TerraformElement): string | undefined {
  if (TerraformResource.isTerraformResource(element)) {
    return `${element.terraformResourceType}.${element.friendlyUniqueId}`;
  }
  if (TerraformDataSource.isTerraformDataSource(element)) {
    return `data.${element.terraformResourceType}.${element.friendlyUniqueId}`;
  }
  return TerraformOutput.isTerraformOutput(element) ? `output.${element.friendlyUniqueId}` : undefined;
}
