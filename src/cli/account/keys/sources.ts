import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { policyArn } from "../../../iam/arns";
import { alwaysOnRegion, partitionOf } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES } from "../../../terraform/addresses";
import { readState, type StateContents, serialOf } from "../../terraform/state-file";
import { pullState, type TerraformCli } from "../../terraform/terraform-cli";
import type { Ask } from "../aws/operations";
import { type IamUser, iamUser, type Waiting, withIam } from "../aws/user-keys";
import { existingObject, type ImportField, type OwnObject, ownObjects } from "../own-objects";
import type { KeySituation } from "./situation";

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
  const abort = new AbortController();
  const { signal } = abort;
  const [json, iam] = await Promise.all([
    pullState(terraform, folder, signal).catch((error: Error) => Promise.reject(withUnsent(error, folder))),
    iamUser(deployment, { progress, limit, signal }),
    // When one fails, the other is aborted, so that nothing follows the error.
  ]).finally(() => abort.abort());
  const clock = new Date();
  const state = readState(json);
  const unmanaged = await unmanagedObjects(deployment, state, iam, { progress, limit });
  return { settings: deployment, folder, state, unsent: unsentState(folder, json), iam, unmanagedObjects: unmanaged, clock };
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

/**
 * What `import` can import, IAM has, and neither the state nor the settings have. What cannot be read counts as there: an import of a
 * missing object fails in the plan and changes nothing. Only an attachment does not, because an apply may create one that exists.
 */
async function unmanagedObjects(
  deployment: Deployment,
  { addresses }: StateContents,
  { account = "", exists }: IamUser,
  waiting: Waiting,
): Promise<readonly ImportField[]> {
  const { attachment, policy, user, region, import: imports } = deployment;
  const environment = { partition: partitionOf(region), account };
  const objects: readonly (OwnObject | { readonly imports: "attachment"; readonly address: string })[] = [
    ...ownObjects(deployment),
    ...(attachment === "group" ? [] : [{ imports: "attachment" as const, address: ADDRESSES.userAttachment }]),
  ];
  const lacking = objects.filter((object) => !addresses.includes(object.address) && imports?.[object.imports] !== true);
  const fields = [...new Set(lacking.map((object) => object.imports))];
  if (fields.length === 0) {
    return [];
  }
  const asked = objects.filter((object) => fields.includes(object.imports));
  const found = await withIam(deployment, waiting, (aws) => {
    const iam = alwaysOnRegion(region);
    const isAttached = async () => {
      const pages = await aws.askAll("iam:ListAttachedUserPolicies", { UserName: user.name }, iam);
      const attached = pages.flatMap(({ AttachedPolicies = [] }) => AttachedPolicies.map(({ PolicyArn }) => PolicyArn));
      return attached.includes(policyArn({ ...environment, ...policy }));
    };
    const isThere = async (object: (typeof asked)[number]) => {
      if (!("kind" in object)) {
        return isAttached().catch(() => false);
      }
      if (object.imports === "user") {
        return exists;
      }
      const call: Ask = (action, input) => aws.ask(action, input, iam);
      return existingObject(call, object, environment).then(
        (existing) => existing !== undefined,
        () => true,
      );
    };
    return Promise.all(asked.map(isThere));
  });
  return fields.filter((field) => asked.every((object, index) => object.imports !== field || found[index]));
}
