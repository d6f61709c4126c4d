import * as v from "valibot";
import { parse } from "yaml";
import { type Deployment, policiesOf, toDeployment } from "../../src/settings/deployment";
import { deploymentSchema } from "../../src/settings/schema/deployment-schema";

/** The deployment `deckhouse`; region and backend are filled in unless given. */
export function deployment(settings = ""): Deployment {
  const { backend = { s3: { bucket: "state", region: "eu-central-1" } }, ...given } = (parse(
    settings,
  ) ?? {}) as Record<string, unknown>;
  const where = given.cloud === undefined ? { backend } : {};
  const value = { region: "eu-central-1", ...where, ...given };
  const parsed = v.parse(deploymentSchema, value);
  const policies = policiesOf({ accountId: undefined, nodeRole: undefined, ...parsed });
  if (policies === undefined) {
    throw new Error("the settings of the test lack what their policy mode requires");
  }
  return toDeployment("deckhouse", parsed, {
    policies,
    marked: [],
    secretLine: undefined,
  });
}

export const SEVERAL_POLICIES = `policy: { mode: scoped }
cluster:
  prefix: dev
`;
