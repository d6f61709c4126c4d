import { CATALOGUE, type CatalogueRow } from "../../../../iam/catalogue";
import { conditionsOf, reasons } from "../../../../iam/cluster";
import { policyOptionsOf } from "../../../../settings/deployment";
import { grouped } from "../../../../text/grouped";
import { requiredOf } from "../../aws/iam-reader";
import { type EvaluationResult, someAtATime } from "../../aws/operations";
import { type Check, type PreflightFound, when } from "../check";
import { simulatedCalls } from "../simulated-requests";

/** The rules of actions that are not allowed. The worst decision of several resources counts. */
const WORST_FIRST = [
  "permission-denied-by-scp",
  "permission-denied-by-boundary",
  "permission-denied-by-policy",
  "permission-undecided",
] as const;

/** The simulator reports the SCP and the boundary next to its decision. */
function decisionOf(result: EvaluationResult): (typeof WORST_FIRST)[number] | "allowed" {
  const { EvalDecision, OrganizationsDecisionDetail, ResourceSpecificResults = [] } = result;
  if (EvalDecision === "allowed") {
    return "allowed";
  }
  if (OrganizationsDecisionDetail?.AllowedByOrganizations === false) {
    return "permission-denied-by-scp";
  }
  const all = [result, ...ResourceSpecificResults];
  if (
    all.some(
      ({ PermissionsBoundaryDecisionDetail: detail }) =>
        detail?.AllowedByPermissionsBoundary === false,
    )
  ) {
    return "permission-denied-by-boundary";
  }
  const isUndecided =
    EvalDecision === undefined ||
    all.some(({ MissingContextValues = [] }) => MissingContextValues.length > 0);
  return isUndecided ? "permission-undecided" : "permission-denied-by-policy";
}

/** Concurrent calls: IAM throttles at a low rate. */
const AT_ONCE = 3;

/** The actions that the cluster requires, by the simulator of IAM: no call of DKP is made. */
export const permissionsCheck: Check = {
  id: "permissions",
  field: "policy",
  async run({ iam, list, deployment, account }) {
    const { name } = deployment.user;
    const user = requiredOf(await iam.object("user", name));
    if (user === undefined) {
      return [{ rule: "permissions-not-yet", values: { name } }];
    }
    const { Arn: PolicySourceArn = "" } = user;
    const policy = policyOptionsOf(deployment);
    const options = { ...policy, environment: { ...policy.environment, account } };
    const conditions = conditionsOf(options.cluster);
    const isNeeded = (row: CatalogueRow) => reasons(row, conditions).length > 0;
    const needed = CATALOGUE.filter(isNeeded).map(({ action }) => action);
    const results: EvaluationResult[] = [];
    await someAtATime(
      AT_ONCE,
      simulatedCalls(options, needed, PolicySourceArn),
      async (request) => {
        const input = { PolicySourceArn, ...request };
        results.push(
          ...(await list(
            "iam:SimulatePrincipalPolicy",
            input,
            ({ EvaluationResults }) => EvaluationResults,
          )),
        );
      },
    );
    return denials(needed, results, `the user ${name}`);
  },
};

/** An action without a result is undecided. */
function denials(
  actions: readonly string[],
  results: readonly EvaluationResult[],
  simulated: string,
): readonly PreflightFound[] {
  const byAction = grouped(results, ({ EvalActionName = "" }) => EvalActionName);
  const worst = (action: string) => {
    const decisions = byAction.get(action)?.map(decisionOf) ?? ["permission-undecided"];
    return WORST_FIRST.find((rule) => decisions.includes(rule));
  };
  return WORST_FIRST.flatMap((rule) => {
    const denied = actions.filter((action) => worst(action) === rule);
    return when(denied.length > 0, { rule, values: { simulated, actions: denied } });
  });
}
