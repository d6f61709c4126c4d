import { SLOTS } from "../../../iam/key-slots";
import { MAX_POLICY_CHARACTERS } from "../../../iam/limits";
import type { Networks } from "../../../iam/networks";
import { policySize } from "../../../iam/policy-document";
import type { Deployment } from "../../../settings/deployment";
import { dkpAccess } from "../../../text/command";
import { code, codes, joined, type Markdown, md, prose, trusted } from "../../../text/markdown";
import type { TemplateData } from "../../../text/template";
import { stateLocated } from "./state-description";

/** The deployment in a table of a few rows. */
export function settingFacts(deployment: Deployment): TemplateData {
  const { accountId, region, user, attachment, group } = deployment;
  const throughGroup = md`to the group ${code(group.name)}, which contains the user`;
  const attachedTo = {
    user: trusted("to the user"),
    "user-and-group": md`to the user, and ${throughGroup}`,
    group: throughGroup,
  };
  return {
    account: accountId === undefined ? trusted("not stated: the account of the credentials that apply") : prose(accountId),
    region: prose(region),
    allowedNetworks: networkFact(user.allowedNetworks),
    userFact: md`${code(`${user.path}${user.name}`)}, ${boundary(user.permissionsBoundary)}`,
    policyFact: policyFact(deployment),
    attachedTo: attachedTo[attachment],
    accessKeys: accessKeyFact(deployment),
    state: stateLocated(deployment.state),
  };
}

function policyFact({ policy: { path, mode, supplement }, policies }: Deployment): Markdown {
  const additional = supplement
    ? ""
    : ", without the additional permissions: DKP can neither create nor destroy a cluster with it";
  const sizes = policies.map(
    ({ name, statements }) =>
      md`${code(`${path}${name}`)} with ${trusted(`${policySize(statements)} of ${MAX_POLICY_CHARACTERS}`)} characters`,
  );
  return md`mode ${code(mode)}${trusted(additional)}; ${joined(sizes, ", ")}`;
}

function boundary(arn: string | undefined): Markdown {
  return arn === undefined
    ? trusted("no permissions boundary")
    : md`permissions boundary ${code(arn)}; it does not limit roles that the user creates`;
}

function networkFact(networks: Networks | undefined): Markdown {
  if (networks === undefined) {
    return trusted("from every network");
  }
  const { cidrs, vpcs, vpcEndpoints } = networks;
  const kinds: readonly (readonly [what: string, values: readonly string[]])[] = [
    ["addresses", cidrs],
    ["VPCs", vpcs],
    ["VPC endpoints", vpcEndpoints],
  ];
  const stated = kinds.filter(([, values]) => values.length > 0);
  return md`only from ${joined(
    stated.map(([what, values]) => md`${trusted(what)} ${codes(values)}`),
    ", ",
  )}`;
}

function accessKeyFact({ stack, accessKeys }: Deployment): Markdown {
  if (accessKeys === "none") {
    return trusted("none: created outside Terraform");
  }
  const slots = SLOTS.filter((slot) => accessKeys[slot].status !== "absent");
  return joined(
    [
      ...slots.map((slot) => trusted(`${slot}: ${accessKeys[slot].status}, ${slot === accessKeys.current ? CURRENT : SPARE}`)),
      md`a key never expires: ${code(dkpAccess("keys", stack))} shows its age and the steps of a rotation`,
    ],
    "; ",
  );
}

const CURRENT = "the current key, which the outputs expose";

const SPARE = "not exposed: set it to `absent` unless you are rotating the key";
