import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { policyArn } from "../../../iam/arns";
import { alwaysOnRegion, partitionOf } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES, policyAddress } from "../../../terraform/addresses";
import { bothOrAbort } from "../../../terraform/progress";
import { readState, type StateContents, serialOf } from "../../../terraform/state-file";
import { pullState, type TerraformCli } from "../../../terraform/terraform-cli";
import { IamReader } from "../aws/iam-reader";
import { type IamUser, iamUser, withIam } from "../aws/user-keys";
import type { ImportField, KeySituation } from "./situation";

/**
 * Settings, state and IAM of a deployment.
 * @param folder the stack's folder
 * @param limit how long the calls to AWS may take, in seconds
 * @throws Error if the state or the keys cannot be read
 */
export async function keySituation(
  terraform: TerraformCli,
  folder: string,
  deployment: Deployment,
  limit: number,
): Promise<KeySituation> {
  const { progress } = terraform;
  const [json, iam] = await bothOrAbort(
    (signal) => pullState(terraform, folder, signal).catch((error: Error) => Promise.reject(withUnsent(error, folder))),
    (signal) => iamUser(deployment, { progress, limit, signal }),
  );
  const clock = new Date();
  const state = readState(json);
  const lacking = lackingObjects(deployment, state);
  const unmanagedObjects =
    lacking.length === 0
      ? []
      : await withIam(deployment, { progress, limit }, (aws, signal) => {
          const reader = new IamReader(aws, alwaysOnRegion(deployment.region), { signal, limit });
          return existing(reader, deployment, iam, lacking);
        });
  return { settings: deployment, folder, state, unsent: unsentState(folder, json), iam, unmanagedObjects, clock };
}

/**
 * The situation as far as IAM shows it, where the state cannot be read.
 * @throws Error if IAM does not list the keys either
 */
export async function situationWithoutState(
  { progress }: TerraformCli,
  folder: string,
  deployment: Deployment,
  limit: number,
  unreachable: string,
): Promise<KeySituation> {
  const iam = await iamUser(deployment, { progress, limit });
  return { settings: deployment, folder, state: readState(""), unreachable, iam, unmanagedObjects: [], clock: new Date() };
}

/** The file in which Terraform leaves a state that it cannot write into the backend. Source: Terraform, "Backends: Manual State Pull/Push". */
const UNSENT = "errored.tfstate";

function unsentState(folder: string, state: string): KeySituation["unsent"] {
  const file = join(folder, UNSENT);
  if (!existsSync(file)) {
    return undefined;
  }
  return serialOf(readFileSync(file, "utf8")) > serialOf(state) ? "newer" : "older";
}

function withUnsent(error: Error, folder: string): Error {
  const file = join(folder, UNSENT);
  return existsSync(file) ? new Error(`${error.message}; ${file} has the state of the last apply: keep it`) : error;
}

/** What `import` can import, the settings do not import yet, and the state does not have. */
function lackingObjects(deployment: Deployment, { addresses }: StateContents): readonly ImportField[] {
  const { attachment, nodeRole, import: imports } = deployment;
  const further = deployment.policies.slice(1).map(({ number }) => policyAddress("policy", number));
  const required: Readonly<Record<ImportField, readonly string[]>> = {
    user: [ADDRESSES.user],
    policy: [ADDRESSES.policy],
    additionalPolicies: further,
    attachment: attachment === "group" ? [] : [ADDRESSES.userAttachment],
    group: attachment === "user" ? [] : [ADDRESSES.group],
    nodeRole: nodeRole === undefined ? [] : [ADDRESSES.nodeRole],
  };
  const fields = Object.keys(required) as readonly ImportField[];
  return fields.filter((field) => imports?.[field] !== true && required[field].some((address) => !addresses.includes(address)));
}

/** Those that IAM has. What cannot be read counts as there: an import of a missing object fails in the plan and changes nothing. */
async function existing(
  iam: IamReader,
  { user, policy, policies, group, nodeRole, region }: Deployment,
  { account = "", exists }: IamUser,
  lacking: readonly ImportField[],
): Promise<readonly ImportField[]> {
  const arnOf = (name = "") => policyArn({ partition: partitionOf(region), account, path: policy.path, name });
  const has = async (reading: Promise<{ readonly value: unknown } | { readonly unread: string }>) => {
    const answer = await reading;
    return "unread" in answer || answer.value !== undefined;
  };
  const hasPolicy = (name: string) => has(iam.get("iam:GetPolicy", { PolicyArn: arnOf(name) }));
  const questions: Readonly<Record<ImportField, () => Promise<boolean>>> = {
    user: async () => exists,
    policy: () => hasPolicy(policy.name),
    additionalPolicies: async () =>
      (await Promise.all(policies.slice(1).map(({ name }) => hasPolicy(name)))).every((found) => found),
    attachment: async () => {
      const attached = await iam.list("iam:ListAttachedUserPolicies", { UserName: user.name }, (page) => page.AttachedPolicies);
      return "value" in attached && attached.value.some(({ PolicyArn }) => PolicyArn === arnOf(policy.name));
    },
    group: () => has(iam.get("iam:GetGroup", { GroupName: group.name })),
    nodeRole: () => has(iam.get("iam:GetRole", { RoleName: nodeRole?.name ?? "" })),
  };
  const found = await Promise.all(lacking.map((field) => questions[field]()));
  return lacking.filter((_, index) => found[index]);
}
