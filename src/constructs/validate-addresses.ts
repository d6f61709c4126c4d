import { TerraformDataSource, TerraformElement, TerraformOutput, TerraformResource, type TerraformStack } from "cdktf";

/** Ids that CDKTF and Terraform take as they are. CDKTF drops other characters, so that `a.b` and `a b` become one resource. */
const ID = /^[a-z][a-z0-9_-]*$/;

/**
 * Faults in a stack's Terraform addresses: two elements with one address, which CDKTF would merge into one without a word,
 * and ids that it would change.
 */
export function addressProblems(stack: TerraformStack): string[] {
  const owners = new Map<string, string>();
  const problems: string[] = [];
  for (const element of stack.node.findAll().filter(TerraformElement.isTerraformElement)) {
    const address = addressOf(element);
    if (address === undefined) {
      continue;
    }
    if (!ID.test(element.node.id)) {
      problems.push(
        `${element.node.path}: the id "${element.node.id}" has characters that CDKTF drops; use a-z, 0-9, "_" and "-"`,
      );
    }
    const owner = owners.get(address);
    if (owner !== undefined) {
      problems.push(`${element.node.path}: has the address ${address} of ${owner}; give it another id`);
    }
    owners.set(address, element.node.path);
  }
  return problems;
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
