import { SEVERAL_POLICIES } from "../../helpers/deployment";

export const BUCKET = "fault-state";

const BASE = `region: eu-central-1\nbackend: { s3: { bucket: ${BUCKET}, region: eu-central-1 } }\n`;

export interface Flow {
  readonly name: string;
  /** The flow whose result this one changes; undefined: the account is empty. */
  readonly after?: string;
  readonly settings: string;
  /** Objects are created outside Terraform before. */
  readonly isImport?: true;
  /** @default apply */
  readonly command?: "destroy";
  /** Of a run without faults, in any order: a fault can hit each of them. */
  readonly writes: readonly string[];
}

const STATE = ["DeleteLock", "PutLock", "PutState"];
const ROTATED = `${BASE}accessKeys: { managedBy: rotate }\n`;

/**
 * The changes of a deployment's life. Each starts from a copy of the account that an earlier one
 * left.
 */
export const FLOWS: readonly Flow[] = [
  {
    name: "first apply",
    settings: BASE,
    writes: ["AttachUserPolicy", "CreateAccessKey", "CreatePolicy", "CreateUser", ...STATE],
  },
  {
    name: "to rotate",
    after: "first apply",
    settings: ROTATED,
    writes: STATE,
  },
  {
    name: "back from rotate",
    after: "to rotate",
    settings: BASE,
    writes: ["CreateAccessKey", ...STATE],
  },
  {
    name: "split of the policy",
    after: "first apply",
    settings: `${BASE}${SEVERAL_POLICIES}`,
    writes: ["AttachUserPolicy", "CreatePolicy", "CreatePolicyVersion", ...STATE],
  },
  {
    name: "change of the second policy",
    after: "split of the policy",
    settings: `${BASE}${SEVERAL_POLICIES}  formerIamNodeRoles: [/old]\n`,
    writes: ["CreatePolicyVersion", ...STATE],
  },
  {
    name: "back to one policy",
    after: "split of the policy",
    settings: BASE,
    writes: ["CreatePolicyVersion", ...STATE, "DeletePolicy", "DetachUserPolicy"],
  },
  {
    name: "node role",
    after: "first apply",
    settings: `${BASE}nodeRole: { name: dkp-nodes, path: /dkp/ }\n`,
    writes: ["CreateRole", ...STATE, "PutRolePolicy"],
  },
  {
    name: "import",
    settings: `${ROTATED}import: { user: true, policy: true, attachment: true }\n`,
    isImport: true,
    writes: ["CreatePolicyVersion", ...STATE],
  },
  {
    name: "destroy",
    after: "first apply",
    settings: `${BASE}protect: false\n`,
    command: "destroy",
    writes: ["DeleteAccessKey", ...STATE, "DeletePolicy", "DeleteUser", "DetachUserPolicy"],
  },
];

/** No faults hit it. */
const EVERYTHING: Flow = {
  name: "everything",
  settings: `${BASE}${SEVERAL_POLICIES}nodeRole: { name: dkp-nodes, path: /dkp/ }\n`,
  writes: [],
};

export const flowNamed = (name: string): Flow => {
  const flow = [...FLOWS, EVERYTHING].find((one) => one.name === name);
  if (flow === undefined) {
    throw new Error(`no flow is named ${name}`);
  }
  return flow;
};

/** A person removes `import` after the apply. */
export const withoutImport = ({ settings }: Flow): string => settings.replace(/^import: .*\n/m, "");
