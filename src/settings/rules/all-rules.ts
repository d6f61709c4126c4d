import { isAbsolute, relative } from "node:path";
import { fittingStatements } from "../../iam/action-patterns";
import { LAYOUTS, maxPrefix } from "../../iam/cluster";
import { partitionOf } from "../../iam/partitions";
import { MAX_POLICY_CHARACTERS, policySize } from "../../iam/policy-document";
import { toCluster } from "../deployment";
import type { Problem } from "../errors";
import { show } from "../messages";
import { BACKEND_EXAMPLE } from "../schema/backend-schema";
import type { Settings } from "../schema/deployment-schema";
import { ACCESS_KEY_RULES } from "./access-key-rules";
import { accountProblem, partitionProblem } from "./arn-rules";
import { BOUNDARY_RULES } from "./boundary-rules";
import { IMPORT_RULES } from "./import-rules";
import { NODE_ROLE_RULES } from "./node-role-rules";
import type { Rule, Surroundings } from "./rule";

const ARN_FIELDS = [
  { path: ["user", "permissionsBoundary"], arnOf: (settings: Settings) => settings.user.permissionsBoundary },
  { path: ["provider", "assumeRoleArn"], arnOf: (settings: Settings) => settings.provider.assumeRoleArn },
  { path: ["nodeRole", "permissionsBoundary"], arnOf: (settings: Settings) => settings.nodeRole?.permissionsBoundary },
] as const;

/** A place holder with the length of an account id. */
const ANY_ACCOUNT = "000000000000";

const RULES: readonly Rule[] = [
  {
    needs: [["backend"], ["cloud"]],
    problem: ({ backend, cloud }) => {
      if (backend === undefined && cloud === undefined) {
        return {
          path: ["backend"],
          message: `missing: the place of the Terraform state is always stated; write for example ${BACKEND_EXAMPLE}`,
        };
      }
      return backend !== undefined && cloud !== undefined
        ? { path: ["cloud"], message: "stands beside backend, a state lives in one place; keep one of them" }
        : undefined;
    },
  },
  {
    needs: [["policy"], ["cluster"]],
    problem: ({ policy, cluster }) =>
      policy.mode === "documented" || cluster.prefix !== undefined
        ? undefined
        : {
            path: ["cluster", "prefix"],
            message: `missing: policy.mode ${show(policy.mode)} limits the key to the role <prefix>-node; write the cloud.prefix of the cluster`,
          },
  },
  {
    needs: [["policy"], ["cluster"]],
    problem: ({ policy, cluster }) =>
      policy.mode !== "minimal" || cluster.layout !== undefined
        ? undefined
        : {
            path: ["cluster", "layout"],
            message: `missing: policy.mode "minimal" grants what the layout needs; write one of ${LAYOUTS.join(", ")}`,
          },
  },
  {
    needs: [["policy"], ["cluster"], ["features"], ["region"], ["accountId"], ["nodeRole"]],
    problem: (settings) => {
      const { mode, supplement } = settings.policy;
      const cluster = toCluster(settings);
      if (mode !== "documented" && cluster.prefix === undefined) {
        return undefined;
      }
      const environment = {
        partition: partitionOf(settings.region),
        region: settings.region,
        account: settings.accountId ?? ANY_ACCOUNT,
      };
      const size = policySize(fittingStatements({ mode, supplement, cluster, environment }));
      return size <= MAX_POLICY_CHARACTERS
        ? undefined
        : {
            path: ["policy", "mode"],
            message: `${show(mode)} makes a policy of ${size} characters, IAM allows ${MAX_POLICY_CHARACTERS}; ${mode === "minimal" ? "shorten the lists of roles and accounts, or take features away" : 'shorten the lists of roles and accounts, take features away, or use "minimal"'}`,
          };
    },
  },
  {
    needs: [["cluster"]],
    problem: ({ cluster: { prefix, dkpVersion } }) => {
      const max = maxPrefix(dkpVersion);
      return prefix === undefined || prefix.length <= max
        ? undefined
        : {
            path: ["cluster", "prefix"],
            message: `${show(prefix)} has ${prefix.length} characters, DKP ${dkpVersion} allows ${max}; choose a shorter one`,
          };
    },
  },
  {
    needs: [["cluster"], ["features"]],
    problem: ({ cluster, features }) =>
      cluster.kmsKeyArns.length === 0 || features.includes("encrypted-volumes")
        ? undefined
        : {
            path: ["cluster", "kmsKeyArns"],
            message:
              'has no effect without the feature encrypted-volumes; add "encrypted-volumes" to features, or remove kmsKeyArns',
          },
  },
  {
    needs: [["cluster"], ["region"]],
    problem: ({ cluster, region }) => {
      // EBS only uses keys of its own Region. Source: EBS User Guide, "How Amazon EBS encryption works".
      const expected = `arn:${partitionOf(region)}:kms:${region}:`;
      const at = cluster.kmsKeyArns.findIndex((arn) => !arn.startsWith(expected));
      return at === -1
        ? undefined
        : {
            path: ["cluster", "kmsKeyArns", String(at)],
            message: `${show(cluster.kmsKeyArns[at])} is a key of another Region than ${region}; write an ARN that begins with ${expected}`,
          };
    },
  },
  ...["path", "workspace_dir"].map(
    (argument): Rule => ({
      needs: [["backend"]],
      problem: ({ backend }, surroundings) => {
        const path = (backend?.local as Readonly<Record<string, unknown>> | undefined)?.[argument];
        return path === undefined ? undefined : localPathProblem(["backend", "local", argument], path, surroundings);
      },
    }),
  ),
  ...ARN_FIELDS.map(
    ({ path, arnOf }): Rule => ({
      needs: [["region"], path],
      problem: (settings) => partitionProblem(settings, path, arnOf(settings)),
    }),
  ),
  ...ARN_FIELDS.map(
    ({ path, arnOf }): Rule => ({
      needs: [["accountId"], path],
      problem: (settings) => accountProblem(settings, path, arnOf(settings)),
    }),
  ),
  ...BOUNDARY_RULES,
  ...ACCESS_KEY_RULES,
  ...NODE_ROLE_RULES,
  ...IMPORT_RULES,
];

function localPathProblem(
  field: readonly string[],
  path: unknown,
  { outputFolder, settingsFolder }: Surroundings,
): Problem | undefined {
  if (typeof path !== "string") {
    return { path: field, message: `${show(path)} is not a path; write it in quotes` };
  }
  if (isAbsolute(path)) {
    return {
      path: field,
      message: `${show(path)} is absolute; write it relative to the project's root, so that it holds on any machine`,
    };
  }
  if (isInside(path, outputFolder)) {
    return {
      path: field,
      message: `${show(path)} lies in ${outputFolder}, which is rewritten and deleted freely; choose a place outside`,
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

/** Problems between the fields of one deployment. `faulty` tells whether a field already has a problem. */
export function ruleProblems(
  settings: Settings,
  surroundings: Surroundings,
  faulty: (path: readonly string[]) => boolean,
): readonly Problem[] {
  return RULES.filter((rule) => !rule.needs.some(faulty)).flatMap((rule) => rule.problem(settings, surroundings) ?? []);
}
