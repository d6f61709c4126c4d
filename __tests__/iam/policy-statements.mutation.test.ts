import { policyDocument } from "../../src/iam/policy-document";
import { type Mode, policyStatements } from "../../src/iam/policy-statements";
import { abuses } from "../helpers/abuses";
import { ENVIRONMENT, EVERYTHING } from "../helpers/clusters";
import { requiredRequests } from "../helpers/required-requests";
import { isAllowed, type Request } from "../helpers/simulator";

const figures: Record<string, number> = {};

afterAll(() => {
  process.stderr.write(`policy mutants killed: ${JSON.stringify(figures)}\n`);
});

describe("a test fails when a part of a policy is removed", () => {
  /** sts:GetCallerIdentity requires no permission, so no test can fail without it. The DKP documentation lists it. */
  const UNNOTICED: Readonly<Record<Exclude<Mode, "strict">, readonly string[]>> = {
    scoped: ["Account: sts:GetCallerIdentity", "Account: *"],
    minimal: ["Account: sts:GetCallerIdentity", "Account: *"],
    documented: ["VisualEditor0: sts:GetCallerIdentity"],
  };

  it.each(["scoped", "minimal", "documented"] as const)("in mode %s", async (mode) => {
    const options = { mode, supplement: true, environment: ENVIRONMENT, cluster: EVERYTHING };
    const statements = policyStatements(options);
    const required = requiredRequests(mode, true, ENVIRONMENT, EVERYTHING);
    const bad = abuses(ENVIRONMENT);
    const survivors: string[] = [];
    let mutants = 0;
    const evaluate = async (name: string, mutated: typeof statements, concerned: (request: Request) => boolean) => {
      mutants += 1;
      const document = policyDocument(mutated.filter(({ actions, resources }) => actions.length > 0 && resources.length > 0));
      for (const request of required.filter(concerned)) {
        if (!(await isAllowed(document, request))) {
          return;
        }
      }
      for (const abuse of bad.filter(concerned)) {
        if (!(mode === "documented" && abuse.documented) && (await isAllowed(document, abuse))) {
          return;
        }
      }
      survivors.push(name);
    };
    for (const [index, statement] of statements.entries()) {
      const swap = (changed: Partial<typeof statement>) => statements.with(index, { ...statement, ...changed });
      const concerned = ({ action }: Request) => statement.actions.includes(action);
      for (const action of statement.actions) {
        await evaluate(
          `${statement.sid}: ${action}`,
          swap({ actions: without(statement.actions, action) }),
          (request) => request.action === action,
        );
      }
      for (const resource of statement.resources) {
        await evaluate(`${statement.sid}: ${resource}`, swap({ resources: without(statement.resources, resource) }), concerned);
      }
      for (const condition of statement.conditions) {
        const name = `${statement.sid}: ${condition.variable}`;
        await evaluate(name, swap({ conditions: without(statement.conditions, condition) }), concerned);
        for (const value of condition.values.length > 1 ? condition.values : []) {
          const fewer = { ...condition, values: without(condition.values, value) };
          await evaluate(
            `${name} ${value}`,
            swap({ conditions: [...without(statement.conditions, condition), fewer] }),
            concerned,
          );
        }
      }
    }
    expect(survivors).toEqual(UNNOTICED[mode]);
    figures[mode] = mutants - survivors.length;
    figures[`${mode}, of`] = mutants;
  });
});

const without = <T>(list: readonly T[], item: T): readonly T[] => list.filter((other) => other !== item);
