import { readStateOrPlan } from "../terraform";
import { type JsonObject, objectOf } from "./json";

/**
 * A plan: a file that `terraform plan -out` wrote, which Terraform shows in the plan's folder, or what `terraform show -json` printed.
 * @throws Error in words if the file is neither
 */
export async function readPlan(file: string): Promise<JsonObject> {
  let plan: JsonObject;
  try {
    plan = objectOf(JSON.parse(await readStateOrPlan(file)));
  } catch (error) {
    // Not the parser's own message: it repeats the text, and a plan holds secrets.
    throw error instanceof SyntaxError ? notAPlan(file) : readable(file, error);
  }
  // A state as JSON has a version of its format, too, but plans nothing.
  if (plan.format_version === undefined || plan.planned_values === undefined) {
    throw notAPlan(file);
  }
  return plan;
}

function notAPlan(file: string): Error {
  return new Error(`${file}: is no plan; terraform plan -out=FILE writes one, and terraform show -json FILE prints it`);
}

function readable(file: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "EISDIR" ? new Error(`${file}: can't be read as a file (${code}); name a plan`) : error;
}
