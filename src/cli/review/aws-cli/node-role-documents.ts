import { NODE_TRUST, nodePolicy } from "../../../iam/node-role-permissions";

/** The trust policy of a node role as Terraform has AWS store it. */
export const STORED_TRUST = sorted(NODE_TRUST);

/** The inline policy of a node role as Terraform has AWS store it: of this kind its provider leaves the version in front. */
export function storedNodePolicy(additionalActions: readonly string[]): object {
  return { Version: "2012-10-17", ...sorted(nodePolicy(additionalActions)) };
}

/** A document with its keys in the order of the alphabet, as the AWS provider sends them. */
function sorted(document: object): object {
  const inOrder = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      return value.map(inOrder);
    }
    return typeof value === "object" && value !== null ? sorted(value) : value;
  };
  const entries = Object.entries(document).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, inOrder(value)]));
}
