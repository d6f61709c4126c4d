import type { Reading } from "../../account/aws/iam-reader";
import { readState, type StateResource } from "../../terraform/state-file";
import { pullState, stackFolder } from "../../terraform/terraform-cli";
import type { Session } from "./session";

/** The managed resources in the state of a stack, or why they cannot be read. */
export async function readableState({ terraform, output }: Session, stack: string): Promise<Reading<readonly StateResource[]>> {
  try {
    const folder = stackFolder(terraform, output, stack);
    return { value: readState(await pullState(terraform, folder)).resources };
  } catch (error) {
    return { unread: (error as Error).message };
  }
}
