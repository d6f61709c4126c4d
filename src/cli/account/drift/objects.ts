import { nodeRoleName } from "../../../iam/cluster";
import { NODE_ACTIONS, NODE_TRUST } from "../../../iam/node-role-permissions";
import type { Deployment } from "../../../settings/deployment";
import { dkpAccess } from "../../text/command";
import { recovery } from "../../text/recovery";
import { attachedArns, type IamReader, inlineNames, mapped, type Reading, type StoredDocument } from "../aws/iam-reader";
import { actionsBeyond, actionsOf, sameDocument } from "./document";
import { APPLY, awsIam, driftOf, type Found, type ObjectDrift, others, type Part, part, set } from "./finding";
import type { ManagedAccess, ManagedGroup, ManagedPolicy, ManagedRole } from "./managed";

const KEY_HAS_THEM = "the access key has its permissions too";

/** What each object of a deployment has beside what Terraform manages, the user first. */
export async function objectsDrift(settings: Deployment, access: ManagedAccess, iam: IamReader): Promise<readonly ObjectDrift[]> {
  const { user, group, policies, nodeRole } = access;
  const { prefix } = settings.cluster;
  const dkpRole = prefix === undefined ? undefined : nodeRoleName(prefix);
  const own = [`user ${user.name}`, `group ${group?.name}`, `role ${nodeRole?.name}`, `role ${dkpRole}`];
  const drifts = await Promise.all([
    userDrift(iam, access, settings),
    group && groupDrift(iam, group, access, settings.stack),
    ...policies.map((policy) => policyDrift(iam, policy, own, settings.stack)),
    nodeRole && nodeRoleDrift(iam, nodeRole, settings),
    dkpRole === undefined ? undefined : dkpRoleDrift(iam, dkpRole, settings),
  ]);
  return drifts.filter((drift) => drift !== undefined);
}

/** Kinds of credentials beside access keys, of which Terraform manages none: how they are listed and removed. */
const CREDENTIALS: readonly {
  readonly kind: string;
  readonly list: (iam: IamReader, user: { readonly UserName: string }) => Promise<Reading<readonly string[]>>;
  readonly risk: string;
  /** The command of the AWS CLI, and its option for the ID. */
  readonly remove: readonly [command: string, option: string];
}[] = [
  {
    kind: "MFA device",
    list: (iam, user) =>
      iam.list("iam:ListMFADevices", user, (page) => page.MFADevices?.map(({ SerialNumber = "" }) => SerialNumber)),
    risk: "DKP never uses MFA: somebody signs in as the user, and the device meets conditions that require MFA",
    remove: ["deactivate-mfa-device", "serial-number"],
  },
  {
    kind: "SSH key",
    list: (iam, user) =>
      iam.list("iam:ListSSHPublicKeys", user, (page) => page.SSHPublicKeys?.map(({ SSHPublicKeyId = "" }) => SSHPublicKeyId)),
    risk: "its owner accesses AWS CodeCommit as the user",
    remove: ["delete-ssh-public-key", "ssh-public-key-id"],
  },
  {
    kind: "service-specific credential",
    list: async (iam, user) =>
      mapped(await iam.get("iam:ListServiceSpecificCredentials", user), (read) =>
        (read?.ServiceSpecificCredentials ?? []).map(({ ServiceSpecificCredentialId = "" }) => ServiceSpecificCredentialId),
      ),
    risk: "its owner accesses the service of the credential as the user, without an access key",
    remove: ["delete-service-specific-credential", "service-specific-credential-id"],
  },
  {
    kind: "signing certificate",
    list: (iam, user) =>
      iam.list("iam:ListSigningCertificates", user, (page) => page.Certificates?.map(({ CertificateId = "" }) => CertificateId)),
    risk: "its owner signs SOAP requests as the user, without an access key",
    remove: ["delete-signing-certificate", "certificate-id"],
  },
];

function userDrift(iam: IamReader, { user, policies }: ManagedAccess, settings: Deployment): Promise<ObjectDrift> {
  const { stack, attachment, group } = settings;
  const name = { UserName: user.name };
  const of = { "user-name": user.name };
  const attached = (arn: string): Found => {
    const own = policies.find((policy) => policy.arn === arn);
    if (own === undefined) {
      return [`the policy ${arn} is attached`, KEY_HAS_THEM, detach("user", user.name, arn)];
    }
    // The group may lack the policy, so that the user has it only here.
    if (attachment === "group") {
      const through = "attachment: user-and-group and import.attachment: true";
      return [
        `the policy ${arn} is attached, and the settings attach it to the group`,
        "the access key keeps its permissions outside the group",
        `${set(stack, through)}; then set attachment: group again`,
      ];
    }
    return [
      `the policy ${arn} is attached, and the state does not have the attachment`,
      "Terraform does not detach the policy when the deployment is destroyed",
      own.number === 1 ? set(stack, "import.attachment: true") : "apply: Terraform creates the attachment, which exists already",
    ];
  };
  const membership = (groupName: string): Found =>
    attachment !== "user" && groupName === group.name
      ? [
          `it is a member of the group ${groupName}, and the state does not have the membership`,
          "Terraform does not remove the user from the group when the deployment is destroyed",
          "apply: Terraform creates the membership, which exists already",
        ]
      : [
          `it is a member of the group ${groupName}`,
          "the access key has all permissions of the group, now and later",
          awsIam("remove-user-from-group", { ...of, "group-name": groupName }),
        ];
  const groups = iam.list("iam:ListGroupsForUser", name, ({ Groups }) => Groups?.map(({ GroupName = "" }) => GroupName));
  const keys = iam.list("iam:ListAccessKeys", name, ({ AccessKeyMetadata }) => AccessKeyMetadata);
  const profile: Found = [
    "it has a login profile",
    "whoever has the password acts in the AWS console with the permissions of DKP, and deleting keys does not stop that",
    awsIam("delete-login-profile", of),
  ];
  return driftOf(`user ${user.name}`, [
    part("the user", iam.get("iam:GetUser", name), (found) =>
      found === undefined
        ? "missing"
        : [
            ...unmanaged(user, "user", ", and whoever created the user may have its keys", stack, "user"),
            ...boundaryFindings(user.boundary, found.User, settings.user.permissionsBoundary),
          ],
    ),
    others("its attached policies", iam.list("iam:ListAttachedUserPolicies", name, attachedArns), user.attached, attached),
    inlinePolicies("user", user.name, iam.list("iam:ListUserPolicies", name, inlineNames), KEY_HAS_THEM),
    others("its groups", groups, user.groups, membership),
    part("its access keys", keys, (found) => keyFindings(user.keys, found, stack)),
    part("its login profile", iam.get("iam:GetLoginProfile", name), (found) => (found === undefined ? [] : [profile])),
    ...CREDENTIALS.map(({ kind, list, risk, remove: [command, option] }) =>
      others(`its ${kind}s`, list(iam, name), [], (id) => [
        `it has the ${kind} ${id}`,
        risk,
        awsIam(command, { ...of, [option]: id }),
      ]),
    ),
  ]);
}

function keyFindings(
  managed: ManagedAccess["user"]["keys"],
  keys: readonly { readonly AccessKeyId?: string | undefined; readonly Status?: string | undefined }[],
  stack: string,
): readonly Found[] {
  const risk = "whoever has it acts with all permissions of DKP, and a rotation does not end that";
  const status = dkpAccess("keys", stack);
  if (typeof managed === "number") {
    const ids = keys.map(({ AccessKeyId }) => AccessKeyId).join(", ");
    return keys.length > managed
      ? [[`it has ${keys.length} access keys (${ids}), and the settings have ${managed}`, risk, status]]
      : [];
  }
  return keys
    .filter(({ AccessKeyId = "" }) => managed?.includes(AccessKeyId) === false)
    .map(({ AccessKeyId, Status }) => [
      `it has the access key ${AccessKeyId} (${Status}), and the state does not have it`,
      risk,
      `${status} prints the next step; see ${recovery("unmanaged-key")}`,
    ]);
}

function groupDrift(iam: IamReader, group: ManagedGroup, { policies, user }: ManagedAccess, stack: string): Promise<ObjectDrift> {
  const name = { GroupName: group.name };
  const pages = iam.list("iam:GetGroup", name, (page) => [page]);
  const members = pages.then((read) =>
    mapped(read, (all) => all.flatMap(({ Users = [] }) => Users.map(({ UserName = "" }) => UserName))),
  );
  const attached = iam.list("iam:ListAttachedGroupPolicies", name, attachedArns);
  return driftOf(`group ${group.name}`, [
    part("the group", pages, ({ length }) => {
      const risk = ", and its members get the permissions of DKP once it is imported";
      return length === 0 ? "missing" : unmanaged(group, "group", risk, stack, "group");
    }),
    others("its members", members, [user.name], (member) => [
      `the user ${member} is a member`,
      `${member} has all permissions of DKP`,
      awsIam("remove-user-from-group", { "group-name": group.name, "user-name": member }),
    ]),
    others(
      "its attached policies",
      attached,
      [...group.attached, ...(group.managed ? [] : policies.map(({ arn }) => arn))],
      (arn) => [`the policy ${arn} is attached`, KEY_HAS_THEM, detach("group", group.name, arn)],
    ),
    inlinePolicies("group", group.name, iam.list("iam:ListGroupPolicies", name, inlineNames), KEY_HAS_THEM),
  ]);
}

/**
 * What a managed policy has beside what Terraform manages. Former versions are Terraform's own and grant nothing.
 * @param own the principals of the deployment, `user deckhouse`: an attachment to them is a finding of that principal
 */
function policyDrift(iam: IamReader, policy: ManagedPolicy, own: readonly string[], stack: string): Promise<ObjectDrift> {
  const { name, arn, number, document: generated } = policy;
  const principals = iam.list("iam:ListEntitiesForPolicy", { PolicyArn: arn }, (page) => [
    ...(page.PolicyUsers ?? []).map(({ UserName }) => `user ${UserName}`),
    ...(page.PolicyGroups ?? []).map(({ GroupName }) => `group ${GroupName}`),
    ...(page.PolicyRoles ?? []).map(({ RoleName }) => `role ${RoleName}`),
  ]);
  return driftOf(`policy ${name}`, [
    part("its default version", iam.managedPolicy(arn), (version) => {
      if (version === undefined) {
        return "missing";
      }
      const { id, document } = version;
      const findings = unmanaged(policy, "policy", "", stack, number === 1 ? "policy" : "additionalPolicies");
      if (sameDocument(document, generated)) {
        return findings;
      }
      const more = actionsBeyond(document, actionsOf(generated));
      const changed: Found = [
        `its default version ${id} is not the generated document`,
        more.length === 0
          ? "the access key has other permissions than the reviewed ones"
          : `the access key has actions that were not reviewed: ${more.join(", ")}`,
        `${APPLY}; then ${awsIam("delete-policy-version", { "policy-arn": arn, "version-id": id })}`,
      ];
      return [...findings, changed];
    }),
    others("its principals", principals, own, (principal) => {
      const [kind = "", user = ""] = principal.split(" ");
      return [
        `the ${principal} uses it`,
        `${user} has all permissions of DKP, or the next change of the policy changes what ${user} can do`,
        detach(kind, user, arn),
      ];
    }),
  ]);
}

const NODES = "every node, and whoever can launch an instance with the role";
const NODES_HAVE_THEM = `${NODES}, has its permissions`;

/** What of a role is as it should be, and what is found otherwise. */
interface ExpectedRole {
  readonly object: string;
  readonly name: string;
  /** The remedy for another trust policy. */
  readonly trust: string;
  /** Findings about the role itself. */
  readonly judge: (role: { readonly PermissionsBoundary?: Boundary }) => readonly Found[];
  readonly attached: readonly string[];
  readonly attachment: (arn: string) => readonly [found: string, ...remedies: readonly string[]];
  /** Name of its inline policy. */
  readonly inline: string;
  readonly document: (document: StoredDocument) => readonly Found[];
}

function roleDrift(iam: IamReader, expected: ExpectedRole): Promise<ObjectDrift> {
  const { object, inline, name } = expected;
  const RoleName = { RoleName: name };
  const inlineList = iam.list("iam:ListRolePolicies", RoleName, inlineNames);
  return driftOf(object, [
    part("the role", iam.role(name), (found) => {
      if (found === undefined) {
        return "missing";
      }
      const trust: Found = [
        `its trust policy is not the one for EC2: ${JSON.stringify(found.trust.Statement)}`,
        "others than instances assume the role, also from another account and after all keys are deleted",
        expected.trust,
      ];
      return [...(sameDocument(found.trust, NODE_TRUST) ? [] : [trust]), ...expected.judge(found.role)];
    }),
    others(
      "its attached policies",
      iam.list("iam:ListAttachedRolePolicies", RoleName, attachedArns),
      expected.attached,
      (arn) => {
        const [found, ...remedies] = expected.attachment(arn);
        return [found, NODES_HAVE_THEM, ...remedies];
      },
    ),
    inlinePolicies("role", name, inlineList, `${NODES_HAVE_THEM}: an attacker with the access key can write them`, inline),
    part(`its inline policy ${inline}`, iam.rolePolicy(name, inline), (document) =>
      document === undefined ? [] : expected.document(document),
    ),
  ]);
}

function nodeRoleDrift(iam: IamReader, role: ManagedRole, { stack, nodeRole }: Deployment): Promise<ObjectDrift> {
  const { name, inline } = role;
  return roleDrift(iam, {
    object: `node role ${name}`,
    name,
    trust: APPLY,
    judge: (found) => [
      ...unmanaged(role, "role", ", and others may use the role", stack, "nodeRole"),
      ...boundaryFindings(role.boundary, found, nodeRole?.permissionsBoundary),
    ],
    attached: role.attached,
    attachment: (arn) => [
      `the policy ${arn} is attached`,
      ...(nodeRole?.managedPolicyArns.includes(arn) === true
        ? ["apply: Terraform creates the attachment, which exists already"]
        : [
            detach("role", name, arn),
            `if it is intended: add ${arn} to nodeRole.managedPolicyArns in the settings of ${stack}, and apply`,
          ]),
    ],
    inline,
    document: (document) =>
      sameDocument(document, role.document)
        ? []
        : [[`its inline policy ${inline} is not the managed document`, NODES_HAVE_THEM, APPLY]],
  });
}

/**
 * What DKP's own role `<prefix>-node` has beside what DKP creates: the known way from the access key to any permission, because
 * the key can write inline policies of the role and launch instances with it.
 */
function dkpRoleDrift(iam: IamReader, name: string, { stack, additionalRolePolicies }: Deployment): Promise<ObjectDrift> {
  return roleDrift(iam, {
    object: `role ${name} of DKP`,
    name,
    trust: awsIam("update-assume-role-policy", { "role-name": name, "policy-document": JSON.stringify(NODE_TRUST) }),
    judge: () => [],
    attached: [],
    attachment: (arn) => [`the policy ${arn} is attached, and DKP attaches none`, detach("role", name, arn)],
    inline: name,
    document: (document) => {
      const more = actionsBeyond(document, [...NODE_ACTIONS, ...additionalRolePolicies]);
      const found: Found = [
        `its inline policy ${name} allows more than DKP writes: ${more.join(", ")}`,
        `${NODES}, has these permissions: an attacker with the access key can write them`,
        "converge the base infrastructure (dhctl converge): DKP writes its own document",
        `if they are in additionalRolePolicies of the cluster: state them in cluster.additionalRolePolicies in the settings of ${stack}`,
      ];
      return more.length === 0 ? [] : [found];
    },
  });
}

/** The finding about an object that the state does not have. @param risk beside the name that is in use */
function unmanaged(
  { managed }: { readonly managed: boolean },
  kind: string,
  risk: string,
  stack: string,
  field: string,
): readonly Found[] {
  const found = `the ${kind} exists, and the state does not have it`;
  return managed ? [] : [[found, `the next apply fails because the name is in use${risk}`, set(stack, `import.${field}: true`)]];
}

type Boundary = { readonly PermissionsBoundaryArn?: string | undefined } | undefined;

/** A boundary that is not the managed one. @param stated the boundary of the settings */
function boundaryFindings(
  managed: string | undefined,
  { PermissionsBoundary }: { readonly PermissionsBoundary?: Boundary } = {},
  stated: string | undefined,
): readonly Found[] {
  const boundary = PermissionsBoundary?.PermissionsBoundaryArn;
  if (boundary === managed || boundary === stated) {
    return [];
  }
  const found = boundary === undefined ? "its permissions boundary is removed" : `its permissions boundary is ${boundary}`;
  const risk =
    managed === undefined
      ? "the boundary may deny calls that DKP requires, and the next apply removes it"
      : `${managed} no longer limits what it can do`;
  return [[`${found}, and Terraform manages ${managed ?? "none"}`, risk, APPLY]];
}

/** Inline policies of a user, group or role. @param own name of the managed one */
function inlinePolicies(kind: string, name: string, names: Promise<Reading<readonly string[]>>, risk: string, own = ""): Part {
  return others("its inline policies", names, [own], (inline) => [
    `it has the inline policy ${inline}`,
    risk,
    awsIam(`delete-${kind}-policy`, { [`${kind}-name`]: name, "policy-name": inline }),
  ]);
}

/** The command that detaches a policy from a user, group or role. */
const detach = (kind: string, name: string, arn: string) =>
  awsIam(`detach-${kind}-policy`, { [`${kind}-name`]: name, "policy-arn": arn });
