import type { Image } from "@aws-sdk/client-ec2";
import type { EvaluationResult } from "@aws-sdk/client-iam";
import { Aws } from "../../../../src/cli/account/aws/client";
import { AwsError } from "../../../../src/cli/account/aws/operations";
import { type ExistingObject, managedObjects } from "../../../../src/cli/account/managed-objects";
import { ADMIN_ACTIONS, adminPolicy, CHECKS } from "../../../../src/cli/account/preflight/all-checks";
import type { Subject, Tools } from "../../../../src/cli/account/preflight/check";
import { judgeIdentity, judgeRefusal } from "../../../../src/cli/account/preflight/checks/account";
import { judgeName, judgeTraces } from "../../../../src/cli/account/preflight/checks/dkp-names";
import { judgeImage } from "../../../../src/cli/account/preflight/checks/image";
import { judgeMarker } from "../../../../src/cli/account/preflight/checks/marker";
import { openPgpKeysCheck } from "../../../../src/cli/account/preflight/checks/openpgp-keys";
import { judgeOwnNames, type OwnNames } from "../../../../src/cli/account/preflight/checks/own-names";
import { includesAddress, judgeSources, type Sources } from "../../../../src/cli/account/preflight/checks/source-addresses";
import { answerOf, judgePermissions } from "../../../../src/cli/account/preflight/checks/user-permissions";
import { deployment } from "../../../helpers/deployment";
import { ENCRYPTION_KEY, EXPIRED_KEY } from "../../../helpers/pgp-keys";

const ARN = "arn:aws:iam::123456789012:user/admin";
const IDENTITY = { account: "123456789012", arn: ARN };

describe("the account", () => {
  it.each([
    ["is the one of the settings", 'accountId: "123456789012"', "ok", `account 123456789012, as ${ARN}`],
    ["is any if the settings have none", "", "ok", `account 123456789012, as ${ARN}; accountId is not set`],
    [
      "is another than the one of the settings",
      'accountId: "111111111111"',
      "failed",
      `the credentials belong to account 123456789012 (${ARN}), and accountId is 111111111111`,
    ],
  ])("%s", (_, settings, verdict, found) => {
    expect(judgeIdentity(IDENTITY, deployment(settings), false)).toMatchObject([{ verdict, found }]);
  });

  it.each([
    ["ExpiredToken", "AWS rejects the credentials (ExpiredToken: why)"],
    ["CredentialsProviderError", "AWS rejects the credentials (CredentialsProviderError: why)"],
    ["AccessDenied", undefined],
    ["unreachable", undefined],
  ])("fails only where AWS rejects the credentials themselves: %s", (code, found) => {
    expect(judgeRefusal(new AwsError("sts:GetCallerIdentity", code, "why"))?.found).toBe(found);
  });

  it("fails where the role cannot be assumed, whatever the reason", () => {
    expect(judgeRefusal(new AwsError("sts:AssumeRole", "AccessDenied", "why"))).toEqual({
      verdict: "failed",
      found: "provider.assumeRoleArn cannot be assumed (AccessDenied: why)",
      remedy: "allow these credentials in the trust policy of the role, or correct provider.assumeRoleArn",
    });
  });
});

describe("the key", () => {
  it("belongs to the deployment's user, or fails", () => {
    const key = (name: string) => judgeIdentity(IDENTITY, deployment(`user: { name: ${name} }`), true)[1];
    expect(key("admin")).toEqual({ verdict: "ok", found: `the key belongs to ${ARN}` });
    expect(key("deckhouse")).toEqual({
      verdict: "failed",
      found: `--as-key requires the key of DKP, and these credentials belong to ${ARN}`,
      remedy: "use the key of arn:aws:iam::123456789012:user/deckhouse; npx dkp-access hand-over deckhouse prints it",
    });
  });
});

describe("a result of the simulator", () => {
  const result = (more: Partial<EvaluationResult>): EvaluationResult => ({
    EvalActionName: "ec2:CreateVpc",
    EvalDecision: "implicitDeny",
    ...more,
  });

  it.each<[string, string, Partial<EvaluationResult>]>([
    ["allowed", "the policy", { EvalDecision: "allowed" }],
    ["denied by policy", "no Allow", {}],
    ["denied by policy", "a Deny", { EvalDecision: "explicitDeny" }],
    ["denied by SCP", "the organization", { OrganizationsDecisionDetail: { AllowedByOrganizations: false } }],
    [
      "denied by SCP",
      "the organization, whatever the boundary says",
      {
        EvalDecision: "explicitDeny",
        OrganizationsDecisionDetail: { AllowedByOrganizations: false },
        PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false },
      },
    ],
    ["denied by boundary", "the boundary", { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false } }],
    [
      "denied by boundary",
      "the boundary, on one resource",
      {
        ResourceSpecificResults: [
          {
            EvalResourceName: "arn:aws:ec2:eu-central-1:123456789012:vpc/*",
            EvalResourceDecision: "implicitDeny",
            PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false },
          },
        ],
      },
    ],
    [
      "denied by policy",
      "a policy within organization and boundary",
      {
        OrganizationsDecisionDetail: { AllowedByOrganizations: true },
        PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: true },
      },
    ],
    ["unknown", "a condition on a context key without a value", { MissingContextValues: ["aws:PrincipalTag/team"] }],
    ["unknown", "nothing", { EvalDecision: undefined }],
  ])("%s: %s", (answer, _, more) => {
    expect(answerOf(result(more))).toBe(answer);
  });
});

describe("permissions", () => {
  it("fail for what the cluster calls, and are a warning for other actions", () => {
    const answers = new Map([
      ["a:One", "denied by policy"],
      ["a:Two", "denied by policy"],
      ["a:Three", "denied by SCP"],
      ["a:Four", "unknown"],
      ["a:Five", "allowed"],
    ] as const);
    const needed = new Set(["a:One", "a:Three"]);
    const findings = judgePermissions({ stack: "dev", user: "dkp", simulated: "policy", answers, needed });
    expect(findings.map(({ verdict, found }) => `${verdict}: ${found}`)).toEqual([
      "failed: the policy that an apply creates: no policy allows, or one denies, a:One",
      "warning: the policy that an apply creates: no policy allows, or one denies, a:Two, which this cluster is not known to call",
      "failed: the policy that an apply creates: an SCP of the organization denies a:Three",
      "unknown: the policy that an apply creates: the simulator returns no decision for a:Four, which this cluster is not known to call",
    ]);
  });
});

const NAT = { address: "203.0.113.7", of: "NAT gateway nat-1", bastion: false };
const MASTER = { address: "198.51.100.3", of: "dev-master-0", bastion: false };
const BASTION = { address: "198.51.100.9", of: "dev-bastion", bastion: true };
const ENDPOINT = { id: "vpce-1", vpc: "vpc-1", service: "ec2" };
const NONE: Sources = { addresses: [], endpoints: [] };

const allowed = (networks: Partial<NonNullable<Parameters<typeof judgeSources>[1]>>) => ({
  cidrs: [],
  vpcs: [],
  vpcEndpoints: [],
  ...networks,
});

describe("the addresses that the cluster's calls come from", () => {
  it("are listed for user.allowedNetworks if it is not set, without the bastion", () => {
    expect(judgeSources({ addresses: [NAT, MASTER, BASTION], endpoints: [ENDPOINT] }, undefined, true)).toEqual([
      {
        verdict: "skipped",
        found:
          "user.allowedNetworks is not set: a leaked key works in every network; the calls of the cluster come from 203.0.113.7 (NAT gateway nat-1), 198.51.100.3 (dev-master-0), vpce-1 (ec2)",
        remedy: "set user.allowedNetworks to their sources once the cluster exists, and to the address of whoever runs dhctl",
      },
    ]);
  });

  it("are not known before the cluster exists", () => {
    expect(judgeSources(NONE, undefined, false)).toEqual([
      {
        verdict: "skipped",
        found:
          "user.allowedNetworks is not set: a leaked key works in every network; the calls of the cluster have no known source yet",
        remedy: "set user.allowedNetworks to their sources once the cluster exists, and to the address of whoever runs dhctl",
      },
    ]);
    expect(judgeSources(NONE, allowed({ cidrs: ["203.0.113.0/24"] }), false)).toMatchObject([{ verdict: "warning" }]);
    expect(judgeSources(NONE, allowed({ cidrs: ["203.0.113.0/24"] }), true)).toMatchObject([{ verdict: "unknown" }]);
  });

  it("pass inside, and fail outside with the block to add", () => {
    expect(judgeSources({ addresses: [NAT, MASTER], endpoints: [] }, allowed({ cidrs: ["203.0.113.0/24"] }), true)).toEqual([
      {
        verdict: "ok",
        found:
          "user.allowedNetworks includes 203.0.113.7 (NAT gateway nat-1); the address of whoever runs dhctl is not known here",
      },
      {
        verdict: "failed",
        found:
          "user.allowedNetworks does not include 198.51.100.3 (dev-master-0): calls of ec2, elasticloadbalancing, iam, sts from there are denied",
        remedy: "add 198.51.100.3/32 to user.allowedNetworks.cidrs",
      },
    ]);
  });

  it("do not matter where each service has an allowed endpoint", () => {
    const endpoints = ["ec2", "elasticloadbalancing", "iam", "sts"].map((service) => ({ ...ENDPOINT, service }));
    const findings = judgeSources({ addresses: [NAT], endpoints }, allowed({ vpcs: ["vpc-1"] }), true);
    expect(findings.map(({ verdict }) => verdict)).toEqual(["ok", "ok", "ok", "ok"]);
  });

  it("warn of a bastion outside, because only dhctl makes calls there", () => {
    const [, bastion] = judgeSources({ addresses: [NAT, BASTION], endpoints: [] }, allowed({ cidrs: ["203.0.113.0/24"] }), true);
    expect(bastion).toEqual({
      verdict: "warning",
      found: "user.allowedNetworks does not include 198.51.100.9 (dev-bastion), from which DKP itself makes no calls",
      remedy: "if dhctl runs there, add 198.51.100.9/32 to user.allowedNetworks.cidrs",
    });
  });

  it.each([
    [{ vpcEndpoints: ["vpce-1"] }, "ok"],
    [{ vpcs: ["vpc-1"] }, "ok"],
    [{ cidrs: ["203.0.113.0/24"] }, "failed"],
  ])("are a VPC endpoint's, with %j: %s", (networks, verdict) => {
    const findings = judgeSources({ addresses: [NAT], endpoints: [ENDPOINT] }, allowed(networks), true);
    expect(findings.at(-1)).toMatchObject({ verdict, found: expect.stringContaining("go through the VPC endpoint vpce-1") });
  });
});

describe("CIDR blocks", () => {
  const blocks = ["203.0.113.0/24", "198.51.100.7/32", "2001:db8::/32"];

  it.each(["203.0.113.0", "203.0.113.255", "198.51.100.7", "2001:db8::1"])("include %s", (address) => {
    expect(includesAddress(blocks, address)).toBe(true);
  });

  it.each(["203.0.114.0", "198.51.100.8", "2001:db9::1"])("do not include %s", (address) => {
    expect(includesAddress(blocks, address)).toBe(false);
  });

  it("include no address if there are none", () => {
    expect(includesAddress([], "203.0.113.1")).toBe(false);
  });
});

const SETTINGS = `region: eu-central-1
backend: { local: {} }
user: { name: dkp }
policy: { name: dkp }
`;
const arn = (resource: string) => `arn:aws:iam::123456789012:${resource}`;
const USER: ExistingObject = { Arn: arn("user/dkp"), Path: "/", CreateDate: new Date("2025-02-03T04:05:06Z") };
const POLICY: ExistingObject = { Arn: arn("policy/dkp"), Path: "/" };

/** The findings for objects by kind and name; an object that is not in the list does not exist. */
const findings = (
  existing: Readonly<Record<string, ExistingObject>>,
  { more = "", state = { value: [] } }: { readonly more?: string; readonly state?: OwnNames["state"] } = {},
) => {
  const settings = deployment(`${SETTINGS}${more}`);
  const objects = managedObjects(settings).map((object) => ({ ...object, existing: existing[`${object.kind} ${object.name}`] }));
  return judgeOwnNames({ stack: "dev", objects, state, imports: settings.import });
};

const WITH_SECOND_POLICY = ["dkp", "dkp-2"].map((name) => ({
  kind: "policy" as const,
  name,
  path: "/",
  setting: "policy" as const,
  imports: name === "dkp" ? ("policy" as const) : ("additionalPolicies" as const),
  address: name === "dkp" ? "aws_iam_policy.policy" : "aws_iam_policy.policy-2",
}));

describe("the deployment's own names", () => {
  it("are free", () => {
    expect(findings({})).toEqual([{ verdict: "ok", found: "user dkp, policy dkp: do not exist yet" }]);
  });

  it("fail with whose they are, and the command that says how to import them", () => {
    const otherwise = (setting: string) => `; otherwise choose another ${setting}.name`;
    const block = "if it is to be this deployment's, import it with the steps of npx dkp-access keys dev";
    expect(findings({ "user dkp": USER, "policy dkp": POLICY })).toEqual([
      {
        verdict: "failed",
        found: `user dkp exists (${USER.Arn}, created 2025-02-03), and the state does not manage it: the apply would fail with EntityAlreadyExists (docs/how-to/recover.md#half-made)`,
        remedy: `${block}${otherwise("user")}`,
      },
      {
        verdict: "failed",
        found: `policy dkp exists (${POLICY.Arn}), and the state does not manage it: the apply would fail with EntityAlreadyExists (docs/how-to/recover.md#half-made)`,
        remedy: `${block}${otherwise("policy")}`,
      },
    ]);
  });

  it("pass where import names them", () => {
    const [, user] = findings({ "user dkp": USER }, { more: "import: { user: true }\n" });
    expect(user).toEqual({ verdict: "ok", found: expect.stringMatching(/, and the next apply imports it \(import\.user\)$/) });
  });

  it("fail where import names a policy under another path", () => {
    const policy = { ...POLICY, Arn: arn("policy/team/dkp"), Path: "/team/" };
    const [, finding] = findings({ "policy dkp": policy }, { more: "import: { policy: true }\n" });
    expect(finding).toEqual({
      verdict: "failed",
      found: expect.stringMatching(/, and import\.policy is set with policy\.path: \/, where it does not exist$/),
      remedy: "set policy.path: /team/; otherwise choose another policy.name",
    });
  });

  it("fail where import names an object that does not exist", () => {
    expect(findings({}, { more: "import: { policy: true }\n" })).toEqual([
      { verdict: "ok", found: "user dkp: does not exist yet" },
      {
        verdict: "failed",
        found: "policy dkp does not exist, and import.policy is set: the plan would fail",
        remedy: "remove import.policy, or correct policy.name and policy.path",
      },
    ]);
  });

  it("pass where the state manages them", () => {
    const state = { value: [{ address: "aws_iam_user.user", tainted: false, attributes: { name: "dkp", arn: USER.Arn } }] };
    expect(findings({ "user dkp": USER }, { state })).toContainEqual({
      verdict: "ok",
      found: "user dkp exists, and the state manages it",
    });
  });

  it("fail without an import where the state has another object at the address", () => {
    const state = {
      value: [{ address: "aws_iam_user.user", tainted: false, attributes: { name: "old", arn: arn("user/old") } }],
    };
    expect(findings({ "user dkp": USER }, { state })).toContainEqual({
      verdict: "failed",
      found: expect.stringMatching(/, and the state does not manage it: aws_iam_user\.user is old$/),
      remedy: "choose another user.name; an object cannot be imported where the state has one",
    });
  });

  it("are unknown without a readable state", () => {
    expect(findings({ "user dkp": USER }, { state: { unread: "why" } })).toContainEqual({
      verdict: "unknown",
      found: expect.stringMatching(/is unknown, because no state is readable: why$/),
      remedy: expect.stringContaining("import it with the steps of npx dkp-access keys dev"),
    });
  });

  it("are not imported where only some of the further policies exist", () => {
    const third = { ...WITH_SECOND_POLICY[1], name: "dkp-3", address: "aws_iam_policy.policy-3" };
    const objects = [...WITH_SECOND_POLICY, third].map((object) => ({
      ...(object as (typeof WITH_SECOND_POLICY)[number]),
      existing: object.name === "dkp-3" ? undefined : POLICY,
    }));
    const [, first, second] = judgeOwnNames({ stack: "dev", objects, state: { value: [] }, imports: undefined });
    expect(first?.remedy).toBe(
      "if it is to be this deployment's, import it with the steps of npx dkp-access keys dev; otherwise choose another policy.name",
    );
    expect(second?.remedy).toBe(
      "delete it if it is left over: import.additionalPolicies imports all or none, and policy dkp-3 does not exist; otherwise choose another policy.name",
    );
  });
});

describe("the marker", () => {
  it("must be free before the cluster exists", () => {
    expect(judgeMarker({ cluster: [], marked: [] }, "dkp-cluster=dev", false)).toEqual({
      verdict: "ok",
      found: "no object has the tag dkp-cluster=dev",
    });
    expect(judgeMarker({ cluster: [], marked: ["i-1"] }, "dkp-cluster=dev", false)).toEqual({
      verdict: "failed",
      found: "objects have the tag dkp-cluster=dev before the cluster exists: i-1; the key could change them",
      remedy: "choose another pair for the cluster, or add --existing-cluster if they are the cluster's",
    });
  });

  it("must be on every object of an existing cluster", () => {
    const ids = Array.from({ length: 13 }, (_, at) => `vol-${at}`);
    expect(judgeMarker({ cluster: ["i-1", "vol-1"], marked: ["i-1", "i-2", "vol-1"] }, "a=b", true)).toEqual({
      verdict: "ok",
      found: "all 2 objects of the cluster that were found have the tag a=b",
    });
    expect(judgeMarker({ cluster: ["i-1", ...ids], marked: ["i-1"] }, "a=b", true)).toMatchObject({
      verdict: "failed",
      found: `13 of 14 objects of the cluster lack the tag a=b, so that mode strict would deny every change of them: ${ids.slice(0, 10).join(", ")} and 3 more`,
    });
    expect(judgeMarker({ cluster: [], marked: [] }, "a=b", true).verdict).toBe("warning");
  });
});

it.each([
  [false, "warning"],
  [true, "ok"],
])("an image of IMDSv2 only, with imdsv2: %s: %s", (imdsv2, verdict) => {
  const image: Image = {
    State: "available",
    Architecture: "x86_64",
    RootDeviceType: "ebs",
    RootDeviceName: "/dev/sda1",
    BlockDeviceMappings: [{ DeviceName: "/dev/sda1", Ebs: { VolumeSize: 8 } }],
    EnaSupport: true,
    ImdsSupport: "v2.0",
  };
  expect(judgeImage(image, { ami: "ami-1", region: "eu-central-1", imdsv2 })[0]?.verdict).toBe(verdict);
});

describe("a name that DKP uses", () => {
  const name = (id: string | undefined) => ({ what: "key pair dev", id, code: "InvalidKeyPair.Duplicate" });

  it.each([
    ["unused before the cluster exists", undefined, false, "ok", "the key pair dev does not exist yet"],
    [
      "in use before the cluster exists",
      "key-1",
      false,
      "failed",
      "the key pair dev exists (key-1), and DKP creates it itself: the bootstrap would fail with InvalidKeyPair.Duplicate",
    ],
    ["in use by the cluster", "key-1", true, "ok", "the key pair dev exists (key-1), as --existing-cluster expects"],
    [
      "unused although the cluster exists",
      undefined,
      true,
      "warning",
      "the key pair dev does not exist, and --existing-cluster expects the cluster",
    ],
  ])("%s", (_, id, existingCluster, verdict, found) => {
    expect(judgeName(name(id), existingCluster)).toMatchObject({ verdict, found });
  });
});

describe("another cluster of the same prefix", () => {
  const NONE = { instances: [], securityGroups: [], subnets: [], vpcs: [] };

  it.each([
    ["instances", "i-1"],
    ["securityGroups", "sg-1 (dev-node)"],
    ["subnets", "subnet-1"],
  ])("is detected by its %s", (kind, id) => {
    expect(judgeTraces({ ...NONE, [kind]: [id] }, "dev", false)).toMatchObject({
      verdict: "failed",
      found: expect.stringContaining(id),
    });
  });

  it("is only a warning for a VPC alone, which may belong to anything", () => {
    expect(judgeTraces({ ...NONE, vpcs: ["vpc-1"] }, "dev", false)).toEqual({
      verdict: "warning",
      found: "the name that DKP gives to its VPC is in use: VPCs vpc-1; another cluster may have the prefix dev",
      remedy: "verify that there is none, or choose another cluster.prefix",
    });
  });

  it("is reported with at most three objects of a kind", () => {
    const instances = ["i-1", "i-2", "i-3", "i-4", "i-5"];
    expect(judgeTraces({ ...NONE, instances }, "dev", true).found).toBe(
      "a cluster with the prefix dev exists (instances i-1, i-2, i-3 and 2 more), as --existing-cluster expects",
    );
  });

  it("is expected only with --existing-cluster", () => {
    expect(judgeTraces(NONE, "dev", true).verdict).toBe("warning");
    expect(judgeTraces(NONE, "dev", false).verdict).toBe("ok");
  });
});

// The check calls nothing and reads nothing but the settings.
const verdicts = async (settings: string) =>
  (await openPgpKeysCheck.run({} as Tools, { deployment: deployment(settings) } as Subject)).map(({ verdict }) => verdict);

it.each([
  [
    "fails for each expired key",
    `{ primary: { pgpKey: ${EXPIRED_KEY} }, secondary: { pgpKey: ${EXPIRED_KEY} } }`,
    ["failed", "failed"],
  ],
  ["passes for valid keys", `{ primary: { pgpKey: ${ENCRYPTION_KEY} } }`, ["ok"]],
  ["is skipped without pgpKey", "{ secondary: { status: Active } }", ["skipped"]],
  ["is skipped without keys", "none", ["skipped"]],
])("the check of OpenPGP keys %s", async (_, accessKeys, expected) => {
  expect(await verdicts(`accessKeys: ${accessKeys}`)).toEqual(expected);
});

describe("the preflight", () => {
  it("cannot make a call that changes anything", async () => {
    const aws = new Aws({ alwaysOnRegion: "us-east-1", signal: new AbortController().signal });
    await expect(aws.call("ec2:CreateVpc" as never, {} as never, "eu-central-1")).rejects.toThrow(
      "ec2:CreateVpc is not a call that only reads",
    );
  });

  it("lists only actions that read", () => {
    expect(ADMIN_ACTIONS.filter((action) => !/:(Describe|Get|List|Simulate)/.test(action))).toEqual([]);
  });

  it("requires a policy with the calls that its checks list", () => {
    expect(adminPolicy()).toEqual({
      Version: "2012-10-17",
      Statement: [{ Sid: "DkpPreflight", Effect: "Allow", Action: ADMIN_ACTIONS, Resource: "*" }],
    });
    expect(CHECKS.flatMap(({ calls }) => calls).filter((call) => !ADMIN_ACTIONS.includes(call))).toEqual([]);
  });
});
