import * as fc from "fast-check";
import { comparePolicies, policyFindings, readPolicy } from "../../src/cli/diff/policies";
import type { PolicyDocument } from "../../src/iam/policy-document";
import { MODES } from "../../src/iam/policy-statements";
import { anyOptions, wholePolicy } from "../helpers/clusters";

const changes = (before: string, after: string) =>
  policyFindings("user", comparePolicies([readPolicy(before)], [readPolicy(after)]));

describe("the same policy written in another way", () => {
  /** Writes a policy in another form that IAM accepts: lists in any order, lists of one as strings, actions in any case, duplicates, split statements. */
  const rewritten = (document: PolicyDocument, draw: (max: number) => number): string => {
    const shuffled = <T>(list: readonly T[]) =>
      list
        .map((item) => ({ item, at: draw(1000) }))
        .sort((a, b) => a.at - b.at)
        .map(({ item }) => item);
    const texts = (value: string | readonly string[]) => {
      const list = shuffled([value].flat());
      const twice = draw(3) === 0 ? [...list, ...list.slice(0, 1)] : list;
      return twice.length === 1 && draw(2) === 0 ? twice[0] : twice;
    };
    const inAnyCase = (action: string) => [action, action.toLowerCase(), action.toUpperCase()][draw(3)] ?? action;
    const statements = document.Statement.flatMap(({ Sid: _, Action, Resource, Condition, ...rest }) => {
      const actions = shuffled([Action].flat().map(inAnyCase));
      const cut = draw(actions.length + 1);
      const halves = [actions.slice(0, cut), actions.slice(cut)].filter((half) => half.length > 0);
      const condition =
        Condition === undefined
          ? {}
          : {
              Condition: Object.fromEntries(
                shuffled(Object.entries(Condition)).map(([test, keys]) => [
                  test,
                  Object.fromEntries(Object.entries(keys).map(([key, values]) => [key, texts(values)])),
                ]),
              ),
            };
      return halves.map((half) => ({ ...condition, Resource: texts(Resource), ...rest, Action: texts(half) }));
    });
    return JSON.stringify({ Statement: shuffled(statements), Version: document.Version });
  };
  const anyPolicy = fc.tuple(anyOptions, fc.constantFrom(...MODES)).map(([options, mode]) => wholePolicy({ ...options, mode }));
  const draws = fc.infiniteStream(fc.nat({ max: 999_999 }));
  const drawer = (stream: Iterator<number>) => (max: number) => (stream.next().value as number) % max;

  it("differs from itself in nothing, and from a third policy in the same way", () => {
    const anyPair = anyPolicy.chain((policy) => fc.tuple(fc.constant(policy), fc.oneof(fc.constant(policy), anyPolicy)));
    fc.assert(
      fc.property(anyPair, draws, ([policy, other], stream) => {
        expect(changes(rewritten(policy, drawer(stream)), JSON.stringify(other))).toEqual(
          changes(JSON.stringify(policy), JSON.stringify(other)),
        );
      }),
      { numRuns: 30 },
    );
  });
});
