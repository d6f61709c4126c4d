import { isAbsolute, relative } from "node:path";
import { ACCESS_KEY_RULES } from "./access-key-rules";
import { ADOPT_RULES } from "./adopt-rules";
import { accountProblem, partitionProblem } from "./arn-problems";
import { NODE_ROLE_RULES } from "./node-role-rules";
import type { Problem } from "./problems";
import type { Settings } from "./schema";
import { show } from "./words";

/** What the rules know besides the settings. */
export interface Surroundings {
  /** CDKTF's output folder, relative to the project's root. */
  readonly outputFolder: string;
}

/** A rule between fields of one deployment. It runs only when the fields it needs have no problem of their own. */
export interface Rule {
  readonly needs: readonly (readonly string[])[];
  readonly problem: (settings: Settings, surroundings: Surroundings) => Problem | readonly Problem[] | undefined;
}

const ARN_FIELDS = [
  { path: ["user", "permissionsBoundary"], arnOf: (settings: Settings) => settings.user.permissionsBoundary },
  { path: ["provider", "assumeRoleArn"], arnOf: (settings: Settings) => settings.provider.assumeRoleArn },
  { path: ["nodeRole", "permissionsBoundary"], arnOf: (settings: Settings) => settings.nodeRole?.permissionsBoundary },
] as const;

const EXAMPLE = "backend: { s3: { bucket: my-state, region: eu-central-1 } }";

const RULES: readonly Rule[] = [
  {
    needs: [["backend"], ["cloud"]],
    problem: ({ backend, cloud }) => {
      if (backend === undefined && cloud === undefined) {
        return {
          path: ["backend"],
          message: `missing: the place of the Terraform state is always stated; write for example ${EXAMPLE}`,
        };
      }
      return backend !== undefined && cloud !== undefined
        ? { path: ["cloud"], message: "stands beside backend, a state lives in one place; keep one of them" }
        : undefined;
    },
  },
  ...["path", "workspace_dir"].map(
    (argument): Rule => ({
      needs: [["backend"]],
      problem: ({ backend }, { outputFolder }) => {
        const path = (backend?.local as Readonly<Record<string, unknown>> | undefined)?.[argument];
        return typeof path !== "string" ? undefined : localPathProblem(["backend", "local", argument], path, outputFolder);
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
  ...ACCESS_KEY_RULES,
  ...NODE_ROLE_RULES,
  ...ADOPT_RULES,
];

function localPathProblem(field: readonly string[], path: string, outputFolder: string): Problem | undefined {
  if (isAbsolute(path)) {
    return {
      path: field,
      message: `${show(path)} is absolute; write it relative to the project's root, so that it holds on any machine`,
    };
  }
  return relative(outputFolder, path).startsWith("..")
    ? undefined
    : {
        path: field,
        message: `${show(path)} lies in ${outputFolder}, which is rewritten and deleted freely; choose a place outside`,
      };
}

/** Problems between the fields of one deployment. `faulty` tells whether a field already has a problem. */
export function ruleProblems(
  settings: Settings,
  surroundings: Surroundings,
  faulty: (path: readonly string[]) => boolean,
): readonly Problem[] {
  return RULES.filter((rule) => !rule.needs.some(faulty)).flatMap((rule) => rule.problem(settings, surroundings) ?? []);
}
