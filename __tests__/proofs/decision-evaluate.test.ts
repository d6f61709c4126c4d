import * as fc from "fast-check";
import { Budget } from "../../src/decision/budget";
import { isAllowed } from "../../src/decision/evaluate";
import { readSide } from "../../src/decision/read";
import { sideOf } from "../decision/pairs";
import { hostileSide, smallRequest } from "../decision/random-policies";
import { simulate } from "../decision/simulation";

const steps = () => new Budget(1_000_000);

describe("isAllowed", () => {
  it("evaluates random policies as the IAM simulator does", () => {
    fc.assert(
      fc.property(hostileSide, fc.array(smallRequest, { minLength: 5, maxLength: 5 }), (side, requests) => {
        const policies = readSide("after", side);
        if ("reason" in policies) {
          throw new Error(policies.reason);
        }
        for (const request of requests) {
          expect([request, isAllowed(policies, request, "components", steps())]).toEqual([request, simulate(side, request)]);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("is undefined where a test that is not interpreted decides, and only there", () => {
    const policies = readSide("after", sideOf(`s3:Get on @\${aws:username}; s3:Put; deny s3:Put on @b`));
    const evaluate = (action: string, name: string) =>
      "reason" in policies
        ? policies.reason
        : isAllowed(policies, { action, resource: `arn:aws:s3:::${name}`, context: {} }, "text", steps());
    expect([evaluate("s3:Get", "a"), evaluate("s3:List", "a"), evaluate("s3:Put", "a"), evaluate("s3:Put", "b")]).toEqual([
      undefined,
      false,
      true,
      false,
    ]);
  });
});
