import { policyDocument } from "../../src/iam/policy-document";
import { type Mode, policyStatements } from "../../src/iam/policy-statements";
import { EVERYTHING, PLACE } from "../helpers/clusters";
import { abuses } from "../helpers/denied-requests";
import { neededRequests } from "../helpers/requests";
import { isAllowed, type Request } from "../helpers/simulator";

const figures: Record<string, number> = {};

afterAll(() => {
  process.stderr.write(`policy mutants killed: ${JSON.stringify(figures)}\n`);
});

describe("removing anything from a policy is noticed", () => {
  /** AWS answers sts:GetCallerIdentity to everybody, so whether it is granted can't be noticed. It stays because the page lists it. */
  const UNNOTICED: Readonly<Record<Mode, readonly string[]>> = {
    scoped: ["Account: sts:GetCallerIdentity", "Account: *"],
    minimal: ["Account: sts:GetCallerIdentity", "Account: *"],
    documented: ["VisualEditor0: sts:GetCallerIdentity"],
  };

  it.each(["scoped", "minimal", "documented"] as const)("in mode %s", async (mode) => {
    const options = { mode, supplement: true, place: PLACE, cluster: EVERYTHING };
    const statements = policyStatements(options);
    const needed = neededRequests(mode, true, PLACE, EVERYTHING);
    const bad = abuses(PLACE);
    const survivors: string[] = [];
    let mutants = 0;
    const judge = async (name: string, mutated: typeof statements, concerned: (request: Request) => boolean) => {
      mutants += 1;
      const document = policyDocument(mutated.filter(({ actions, resources }) => actions.length > 0 && resources.length > 0));
      for (const request of needed.filter(concerned)) {
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
        await judge(
          `${statement.sid}: ${action}`,
          swap({ actions: without(statement.actions, action) }),
          (request) => request.action === action,
        );
      }
      for (const resource of statement.resources) {
        await judge(`${statement.sid}: ${resource}`, swap({ resources: without(statement.resources, resource) }), concerned);
      }
      for (const condition of statement.conditions) {
        const name = `${statement.sid}: ${condition.variable}`;
        await judge(name, swap({ conditions: without(statement.conditions, condition) }), concerned);
        for (const value of condition.values.length > 1 ? condition.values : []) {
          const fewer = { ...condition, values: without(condition.values, value) };
          await judge(`${name} ${value}`, swap({ conditions: [...without(statement.conditions, condition), fewer] }), concerned);
        }
      }
    }
    expect(survivors).toEqual(UNNOTICED[mode]);
    figures[mode] = mutants - survivors.length;
    figures[`${mode}, of`] = mutants;
  });
});

const without = <T>(list: readonly T[], item: T): readonly T[] => list.filter((other) => other !== item);
