import { TerraformStack } from "cdktf";
import { Construct } from "constructs";

export interface ImportsProps {
  /** The ID of each object to import, by the address that it gets. An ID may be a Terraform expression. */
  readonly ids: Readonly<Record<string, string>>;
}

/**
 * Imports objects that were created outside Terraform: `import` blocks. The plan fails if an object does not exist.
 * Attachments, memberships and inline policies of a group or a role need no import: their creation succeeds if they exist.
 * CDKTF has no class for the block with an ID that is known only at plan.
 */
export class Imports extends Construct {
  constructor(scope: Construct, id: string, { ids }: ImportsProps) {
    super(scope, id);
    const imports = Object.entries(ids).map(([to, objectId]) => ({ to, id: objectId }));
    if (imports.length > 0) {
      TerraformStack.of(this).addOverride("import", imports);
    }
  }
}
