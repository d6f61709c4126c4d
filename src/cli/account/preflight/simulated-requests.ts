import type { ContextEntry } from "@aws-sdk/client-iam";
import { matchesAction } from "../../../iam/action-patterns";
import { alwaysOnRegion } from "../../../iam/arns";
import { CATALOGUE } from "../../../iam/catalogue";
import type { Networks } from "../../../iam/networks";
import type { PolicyCondition } from "../../../iam/policy-document";
import { type PolicyOptions, policyStatements } from "../../../iam/policy-statements";
import { grouped } from "../../../text/grouped";
import { exampleArn } from "../../iam/example-resources";

type Environment = Required<PolicyOptions["environment"]>;
type Options = PolicyOptions & { readonly environment: Environment };

interface SimulatedCall {
  readonly ActionNames: string[];
  readonly ContextEntries: ContextEntry[];
  readonly ResourceArns?: string[];
}

/**
 * Requests to the simulator, on the resources and with the context that the policy's statements
 * require, from one of the allowed networks. They also have the context keys that SCPs most often
 * use, because the simulator knows no other context.
 * @param needed actions, also those that the policy does not allow
 * @param user ARN of the user that makes the calls
 * @returns calls with the same context, each of which the simulator evaluates on each resource
 */
export function simulatedCalls(
  options: Options,
  needed: readonly string[],
  user: string,
): readonly SimulatedCall[] {
  const allows = policyStatements(options).filter(({ effect }) => effect !== "Deny");
  const others = needed.filter((action) =>
    allows.every(({ actions }) => !actions.includes(action)),
  );
  const calls = [...allows, { actions: others, resources: [], conditions: [] }].flatMap(
    ({ actions, resources, conditions }) => {
      const context = [...conditions.map(contextOf), ...sourceOf(options.allowedNetworks)];
      const simulated = actions.filter((action) => needed.includes(action));
      return simulated.map((action) => ({
        action,
        resources: resourcesOf(action, resources, options.environment),
        context: [
          ...context,
          ...callerOf(action, user, options.environment).filter(isNotIn(context)),
        ],
      }));
    },
  );
  const together = grouped(calls, ({ resources, context }) => JSON.stringify([resources, context]));
  return [...together.values()].map((group) => {
    const [{ resources = [], context: ContextEntries = [] } = {}] = group;
    const ActionNames = [...new Set(group.map(({ action }) => action))];
    return {
      ActionNames,
      ContextEntries,
      ...(resources.length === 0 ? {} : { ResourceArns: [...resources] }),
    };
  });
}

const entry = (
  ContextKeyName: string,
  ContextKeyType: ContextEntry["ContextKeyType"],
  value: string,
): ContextEntry => ({
  ContextKeyName,
  ContextKeyType,
  ContextKeyValues: [value],
});

const isNotIn = (context: readonly ContextEntry[]) => (caller: ContextEntry) =>
  context.every(({ ContextKeyName }) => ContextKeyName !== caller.ContextKeyName);

/**
 * Who makes a call, and where. Source: IAM User Guide, "AWS global condition context keys": IAM is
 * called in one Region of the partition.
 */
function callerOf(action: string, user: string, { region }: Environment): readonly ContextEntry[] {
  const requested = action.startsWith("iam:") ? alwaysOnRegion(region) : region;
  return [
    entry("aws:PrincipalArn", "string", user),
    entry("aws:RequestedRegion", "string", requested),
  ];
}

/** The first of the networks; none if there is no restriction. */
function sourceOf(networks: Networks | undefined): readonly ContextEntry[] {
  const { cidrs = [], vpcs = [], vpcEndpoints = [] } = networks ?? {};
  return [
    ...cidrs.map((cidr) => entry("aws:SourceIp", "ip", cidr.replace(/\/.*/, ""))),
    ...vpcs.map((vpc) => entry("aws:SourceVpc", "string", vpc)),
    ...vpcEndpoints.map((endpoint) => entry("aws:SourceVpce", "string", endpoint)),
  ].slice(0, 1);
}

/** A value with which a condition of an Allow holds. */
function contextOf({ test, variable, values: [value = ""] }: PolicyCondition): ContextEntry {
  const types = { BoolIfExists: "boolean", "ForAllValues:StringEquals": "stringList" } as const;
  return entry(variable, types[test as keyof typeof types] ?? "string", value);
}

/** Resources of the types of an action that patterns match: an example, or what a pattern names. */
function resourcesOf(
  action: string,
  patterns: readonly string[],
  environment: Environment,
): readonly string[] {
  const types = CATALOGUE.find((row) => row.action === action)?.resources ?? [];
  const [service = ""] = action.split(":");
  const arns = types.flatMap((type) => {
    const example = exampleArn(service, type, environment);
    if (example !== undefined && patterns.some((pattern) => matchesAction(pattern, example))) {
      return example;
    }
    const ofType = patterns.filter((pattern) =>
      pattern.split(":")[5]?.startsWith(`${type.replace(/\/$/, "")}/`),
    );
    return ofType.map((pattern) => pattern.replaceAll("*", "example"));
  });
  return [...new Set(arns)].sort();
}
