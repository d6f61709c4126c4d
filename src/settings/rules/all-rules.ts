import { isAbsolute, relative } from "node:path";
import { LAYOUTS, maxPrefix } from "../../iam/cluster";
import { POLICY_NAME } from "../../iam/names";
import { partitionOf } from "../../iam/partitions";
import { MAX_ATTACHED_POLICIES, MAX_POLICY_CHARACTERS, policySize } from "../../iam/policy-document";
import type { PolicyStatement } from "../../iam/policy-statements";
import { deploymentPolicies, policyName } from "../../iam/split-policy";
import type { CheckedSettings } from "../checked-settings";
import { toCluster } from "../deployment";
import type { FieldError } from "../errors";
import { isObject } from "../is-object";
import { show } from "../messages";
import { BACKEND_EXAMPLE } from "../schema/backend-schema";
import { ACCESS_KEY_RULES } from "./access-key-rules";
import { ARN_RULES } from "./arn-rules";
import { IMPORT_RULES } from "./import-rules";
import { NODE_ROLE_RULES } from "./node-role-rules";
import { type Rule, type RuleContext, rule } from "./rule";

/** A placeholder with the length of an account id. */
const ANY_ACCOUNT = "000000000000";

const RULES: readonly Rule[] = [
  rule(["backend", "cloud"], ({ backend, cloud }) => {
    if (backend === undefined && cloud === undefined) {
      return {
        path: ["backend"],
        message: `missing: the location of the Terraform state must be stated; write for example ${BACKEND_EXAMPLE}`,
      };
    }
    return backend !== undefined && cloud !== undefined
      ? { path: ["cloud"], message: "is set together with backend, a state has one location; keep one of them" }
      : undefined;
  }),
  rule(["policy", "cluster"], ({ policy, cluster }) =>
    policy.mode === "documented" || cluster.prefix !== undefined
      ? undefined
      : {
          path: ["cluster", "prefix"],
          message: `missing: policy.mode ${show(policy.mode)} limits the key to the role <prefix>-node; write the cloud.prefix of the cluster`,
        },
  ),
  rule(["policy", "cluster"], ({ policy, cluster }) =>
    policy.mode !== "minimal" || cluster.layout !== undefined
      ? undefined
      : {
          path: ["cluster", "layout"],
          message: `missing: policy.mode "minimal" grants what the layout needs; write one of ${LAYOUTS.join(", ")}`,
        },
  ),
  rule(["policy", "cluster", "features", "region", "accountId", "nodeRole", "user.allowedNetworks"], (settings) => {
    const { mode, supplement } = settings.policy;
    const allowedNetworks = settings["user.allowedNetworks"];
    const cluster = toCluster(settings);
    if (mode !== "documented" && cluster.prefix === undefined) {
      return undefined;
    }
    const environment = {
      partition: partitionOf(settings.region),
      region: settings.region,
      account: settings.accountId ?? ANY_ACCOUNT,
    };
    return policiesError(settings.policy.name, deploymentPolicies({ mode, supplement, cluster, environment, allowedNetworks }));
  }),
  rule(["cluster"], ({ cluster: { prefix, dkpVersion } }) => {
    const max = maxPrefix(dkpVersion);
    return prefix === undefined || prefix.length <= max
      ? undefined
      : {
          path: ["cluster", "prefix"],
          message: `${show(prefix)} has ${prefix.length} characters, DKP ${dkpVersion} allows ${max}; choose a shorter one`,
        };
  }),
  rule(["cluster", "features"], ({ cluster, features }) =>
    cluster.kmsKeyArns.length === 0 || features.includes("encrypted-volumes")
      ? undefined
      : {
          path: ["cluster", "kmsKeyArns"],
          message:
            'has no effect without the feature encrypted-volumes; add "encrypted-volumes" to features, or remove kmsKeyArns',
        },
  ),
  rule(["cluster", "region"], ({ cluster, region }) => {
    // EBS only uses keys of its own Region. Source: EBS User Guide, "How Amazon EBS encryption works".
    const expected = `arn:${partitionOf(region)}:kms:${region}:`;
    const at = cluster.kmsKeyArns.findIndex((arn) => !arn.startsWith(expected));
    return at === -1
      ? undefined
      : {
          path: ["cluster", "kmsKeyArns", String(at)],
          message: `${show(cluster.kmsKeyArns[at])} is a key of another Region than ${region}; write an ARN that begins with ${expected}`,
        };
  }),
  ...["path", "workspace_dir"].map((argument) =>
    rule(["backend"], ({ backend }, context) => {
      const path = isObject(backend?.local) ? backend.local[argument] : undefined;
      return path === undefined ? undefined : localPathError(["backend", "local", argument], path, context);
    }),
  ),
  ...ARN_RULES,
  ...ACCESS_KEY_RULES,
  ...NODE_ROLE_RULES,
  ...IMPORT_RULES,
];

/** Several policies must have valid names, fit into the quota of IAM, and each into the size of a policy. */
function policiesError(name: string, policies: readonly (readonly PolicyStatement[])[]): FieldError | undefined {
  const count = policies.length;
  const remedy = "shorten the lists of roles, accounts, keys and tags in cluster";
  const tooLarge = policies.flat().find((statement) => policySize([statement]) > MAX_POLICY_CHARACTERS);
  if (tooLarge?.effect === "Deny") {
    return {
      path: ["user", "allowedNetworks"],
      message: `requires a statement of ${policySize([tooLarge])} characters, IAM allows ${MAX_POLICY_CHARACTERS}; combine its networks`,
    };
  }
  if (tooLarge !== undefined) {
    return {
      path: ["policy", "mode"],
      message: `requires a statement ${tooLarge.sid} of ${policySize([tooLarge])} characters, IAM allows ${MAX_POLICY_CHARACTERS}; ${remedy}`,
    };
  }
  if (count > MAX_ATTACHED_POLICIES) {
    return {
      path: ["policy", "mode"],
      message: `requires ${count} policies, IAM attaches at most ${MAX_ATTACHED_POLICIES} to a user or group; ${remedy}`,
    };
  }
  const last = policyName(name, count);
  return POLICY_NAME.pattern.test(last)
    ? undefined
    : {
        path: ["policy", "name"],
        message: `${show(name)} is too long for the ${count} policies that the permissions require, the last one is ${show(last)}; shorten it to ${128 - last.length + name.length} characters`,
      };
}

function localPathError(
  field: readonly string[],
  path: unknown,
  { outputFolder, settingsFolder }: RuleContext,
): FieldError | undefined {
  if (typeof path !== "string") {
    return { path: field, message: `${show(path)} is not a path; write it in quotes` };
  }
  if (isAbsolute(path)) {
    return {
      path: field,
      message: `${show(path)} is absolute; write it relative to the project's root, so that it is valid on any computer`,
    };
  }
  if (isInside(path, outputFolder)) {
    return {
      path: field,
      message: `${show(path)} lies in ${outputFolder}, which is rewritten and deleted freely; choose a path outside it`,
    };
  }
  // A state is a file; workspaces have a folder.
  const folders = field.at(-1) === "path" ? [settingsFolder, outputFolder] : [];
  const folder = folders.find((known) => known !== undefined && isInside(known, path));
  return folder === undefined
    ? undefined
    : { path: field, message: `${show(path)} is the folder ${folder} or one above it; write the path of a file` };
}

/** Whether a path is a folder, or lies in it. */
function isInside(path: string, folder: string): boolean {
  return !/^\.\.(?:[/\\]|$)/.test(relative(folder, path));
}

/** Errors between the fields of one deployment. */
export function ruleErrors(settings: CheckedSettings, context: RuleContext): readonly FieldError[] {
  return RULES.flatMap((check) => check(settings, context));
}
