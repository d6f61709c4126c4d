import { ACCOUNT_ID } from "../../../iam/arns";
import type { SecretForm } from "../../../settings/key-secrets";
import { MAX_CONTROL_POLICY_CHARACTERS } from "../../iam/service-control-policy";
import { exposuresOf, SAMPLE_ACCOUNT } from "../../iam/strict-exposure";
import { code, codes, joined, list, type Markdown, md, plain, sentence, table, trusted } from "../../text/markdown";
import type { TemplateData } from "../../text/template";
import type { Reviewed } from "../reviewed";

/** What an attacker with the key can do, with the actions that allow it. */
export function riskList({ risks }: Reviewed): Markdown {
  return list(risks.map(({ what, actions }) => md`${sentence(what)} (${codes(actions)})`));
}

/** What each statement of the service control policy denies. */
export function controlPolicyTable({ controlPolicy }: Reviewed): Markdown {
  return table(
    ["statement", "principal", "denied actions", "except on"],
    controlPolicy.Statement.map(({ Sid, Condition, Action, NotAction = [], NotResource = [] }) => [
      code(Sid),
      code(Condition.ArnEquals["aws:PrincipalArn"]),
      Action === undefined ? md`all except ${codes(NotAction)}` : codes(Action),
      codes(NotResource),
    ]),
  );
}

/** How to attach the service control policy, and what it does not limit: the data of the template's list. */
export function controlPolicyNotes({ deployment, partition, controlPolicy }: Reviewed): TemplateData {
  const { user, accountId, cluster, additionalRolePolicies, attachment, group } = deployment;
  const excess = JSON.stringify(controlPolicy).length - MAX_CONTROL_POLICY_CHARACTERS;
  // Source: AWS Security Blog, "full IAM language", 2025.
  const acceptsNotResource = ["aws", "aws-us-gov"].includes(partition);
  const withNotResource = controlPolicy.Statement.filter(({ NotResource }) => NotResource !== undefined && !acceptsNotResource);
  return {
    excess: code(excess > 0 ? String(excess) : ""),
    notResource: codes(withNotResource.map(({ Sid }) => Sid)),
    prefixUnknown: cluster.prefix === undefined,
    unknownAccount: code(accountId === undefined ? ACCOUNT_ID : ""),
    userName: code(user.name),
    unlimitedGroup: code(deployment.policy.mode === "documented" && attachment !== "user" ? group.name : ""),
    additionalRolePolicies: codes(additionalRolePolicies),
  };
}

/** Mode `strict` for a reviewer: what limits the key, what stays open, what the mode costs. Nothing in other modes. */
export function strictLimits({ options: { mode, cluster }, marker }: Reviewed): TemplateData {
  const exposures = marker === undefined ? [] : exposuresOf(cluster);
  return {
    strict: marker !== undefined,
    wide: mode === "scoped" || mode === "minimal",
    marker: code(marker === undefined ? "" : `${marker.key}=${marker.value}`),
    strictExposures: table(
      ["what stays open", "measured", "the key can", "reason"],
      exposures.map(({ kind, open, of, what, why }) => [plain(kind), trusted(`${open} of ${of}`), plain(what), plain(why)]),
    ),
    sampleResources: trusted(String(SAMPLE_ACCOUNT.resources)),
    openInMinimal: trusted(String(SAMPLE_ACCOUNT.openInMinimal)),
    openInStrict: trusted(String(exposures.reduce((sum, { open }) => sum + open, 0))),
    uuidUnknown: cluster.uuid === undefined,
    vpcUnknown: (cluster.existingVPCID ?? cluster.vpcId) === undefined,
  };
}

/** What else whoever reads the state reads. */
const PLAN_READS: Readonly<Record<SecretForm, string>> = {
  none: "",
  "unknown to Terraform": "",
  encrypted: ", in which the secret is encrypted",
  plaintext: ", and the secret in it",
};

/** Who can read the secret: the data of the template's section. */
export function secretExposure({ secret: { form, count, readers }, terraform: { output = {} } }: Reviewed): TemplateData {
  return {
    secretNotInState: form === "none",
    secretUnknownToTerraform: form === "unknown to Terraform",
    secretEncrypted: form === "encrypted",
    secretInPlaintext: form === "plaintext",
    secrets: trusted(count === 1 ? "the secret" : "the secrets of both keys"),
    secretInOutputs: "secret_access_key" in output,
    pgpKeys: joined(readers.map(code), " or "),
    planReads: trusted(PLAN_READS[form]),
  };
}
