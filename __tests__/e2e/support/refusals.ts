import type { Grant } from "../../../src/cli/iam/deployer-permissions";
import type { PolicyDocument } from "../../../src/iam/policy-document";
import type { Request } from "../../helpers/simulator";
import type { Finished } from "./terraform";

// The behavior of Terraform when one action is missing from its policy.

export const document = (text: string) => JSON.parse(text) as PolicyDocument;

/** Whether a grant allows a call. */
export function isFor({ action, resources }: Grant, call: Request): boolean {
  return call.action === action && resources.some((pattern) => like(pattern).test(call.resource));
}

function like(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll(/[.+?^$()[\]{}|\\]/g, "\\$&").replaceAll("*", ".*")}$`);
}

/**
 * The grants without which a step fails, each proven by an error of Terraform that names the denied action.
 * To save runs, several grants are removed at once: a call that is denied and named then is also denied when only its grant is
 * removed. Grants whose error was hidden by another one are tried again. Grants for the state are tried one at a time,
 * because the state is read first, and the errors of S3 name no action.
 */
export async function failingGrants(
  redo: (policy: string) => Promise<Finished>,
  whole: string,
  grants: readonly Grant[],
): Promise<readonly Grant[]> {
  const named = grants.filter(({ action }) => action.startsWith("iam:"));
  const unnamed = grants.filter((grant) => !named.includes(grant));
  const proven: Grant[] = [];
  let open = named;
  while (open.length > 0) {
    const { status, output } = await redo(without(whole, open));
    const refused = open.filter(({ action }) => status === 1 && errorsIn(output).some((error) => names(error, action)));
    if (refused.length === 0) {
      break;
    }
    proven.push(...refused);
    open = open.filter((grant) => !refused.includes(grant));
  }
  for (const grant of unnamed) {
    const { status, output } = await redo(without(whole, [grant]));
    if (status === 1 && errorsIn(output).some((error) => /AccessDenied|Forbidden|StatusCode: 403/.test(error))) {
      proven.push(grant);
    }
  }
  return proven;
}

/** A policy without some of its grants. */
export function without(text: string, left: readonly Grant[]): string {
  const { Statement, ...rest } = document(text);
  const remaining = Statement.map((statement) => ({
    ...statement,
    Action: [statement.Action]
      .flat()
      .filter((action) => !left.some((grant) => grant.sid === statement.Sid && grant.action === action)),
  }));
  return JSON.stringify({ ...rest, Statement: remaining.filter(({ Action }) => Action.length > 0) });
}

/** The errors of Terraform without the warnings, each on one line. */
function errorsIn(output: string): readonly string[] {
  const parts = output.split(/^(?=(?:Error|Warning): )/m).filter((part) => part.startsWith("Error: "));
  return parts.map((part) => part.replaceAll(/\s+/g, " "));
}

function names(error: string, action: string): boolean {
  return new RegExp(`not authorized to perform: ${action}\\b`).test(error);
}
