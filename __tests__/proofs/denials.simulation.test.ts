import { denialOf } from "../../packages/cli/src/iam/denial";
import { deniedRequest } from "../../packages/cli/src/iam/denied-request";
import { policyOptionsOf } from "../../src/settings/deployment";
import { wholePolicy } from "../helpers/clusters";
import { DENIALS, deploymentOf } from "../helpers/denials";
import { isAllowed } from "../helpers/simulator";

/** This policy allows the request. If AWS denies it, something else does. */
const ALLOWED = ["allowed", "another policy", "a Deny"];

const ROWS = DENIALS.flatMap(({ request, ...row }) =>
  request === undefined ? [] : [{ ...row, request }],
);

it.each(ROWS)(
  "the answer to a denial of $of is that of the simulator",
  async ({ message, settings, request }) => {
    const [action = "", resource = "", ...pairs] = request.split(" ");
    const deployment = deploymentOf({ settings });
    const context = Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/).slice(0, 2)));
    const { verdict } = denialOf(deniedRequest(message), deployment);
    const policy = wholePolicy(policyOptionsOf(deployment));
    expect({ request, allowed: ALLOWED.includes(verdict) }).toEqual({
      request,
      allowed: await isAllowed(policy, { action, resource, context }),
    });
  },
);

it("there are 30 denials to compare", () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(30);
});
