import { trailEvent } from "../../../../src/cli/account/keys/trail-event";
import { trailReport } from "../../../../src/cli/account/keys/trail-report";
import { TRAIL_RULES } from "../../../../src/cli/account/keys/trail-rules";
import { CATALOGUE } from "../../../../src/iam/catalogue";
import { ACCOUNT, inRole, LEAKED, type RecordParts, signedBy, trailRecord, USER } from "../../../helpers/trail-records";

const reportOf = (records: readonly RecordParts[], since?: string) => {
  const events = records.flatMap((parts) => trailEvent(trailRecord(parts)) ?? []);
  return trailReport({ files: 1, events }, { user: USER, keys: [LEAKED], since });
};
const objects = (...records: readonly RecordParts[]) => reportOf(records).findings.map(({ object }) => object);
const commands = (...records: readonly RecordParts[]) => reportOf(records).findings.flatMap(({ undo }) => undo);

const role = (name: string): RecordParts => ({
  action: "iam:CreateRole",
  request: { roleName: name },
  response: { role: { roleName: name, arn: `arn:aws:iam::${ACCOUNT}:role/${name}` } },
});
const group = (name: string, identity: object): RecordParts => ({
  action: "iam:CreateGroup",
  request: { groupName: name },
  identity,
});
const OTHER = signedBy("AKIAOTHER");

describe("what a leaked key created", () => {
  it("is listed with details, risk and the commands that remove it, the newest first", () => {
    const report = reportOf([
      role("evil"),
      {
        action: "ec2:AuthorizeSecurityGroupIngress",
        time: "12:00:01",
        request: {
          groupId: "sg-1",
          ipPermissions: { items: [{ ipProtocol: "tcp", fromPort: 22, ipRanges: { items: [{ cidrIp: "0.0.0.0/0" }] } }] },
        },
        response: { securityGroupRuleSet: { items: [{ securityGroupRuleId: "sgr-1" }, { securityGroupRuleId: "sgr-2" }] } },
      },
    ]);
    expect(report.findings).toMatchObject([
      {
        object: "opening of the security group sg-1",
        details: ["ipProtocol tcp", "fromPort 22", "cidrIp 0.0.0.0/0"],
        undo: [
          "aws ec2 revoke-security-group-ingress --group-id sg-1 --security-group-rule-ids sgr-1 sgr-2 --region eu-central-1",
        ],
        from: "192.0.2.1",
        accessKeyId: LEAKED,
      },
      {
        object: "role evil",
        risk: "whoever its trust policy names can assume it, also from another account",
        undo: ["aws iam delete-role --role-name evil"],
        time: "2026-11-01T12:00:00Z",
      },
    ]);
  });

  it("distinguishes load balancers with and without an ARN", () => {
    const request = { loadBalancerName: "evil" };
    const response = { loadBalancers: [{ loadBalancerArn: "arn:lb" }] };
    const action = "elasticloadbalancing:CreateLoadBalancer";
    expect(commands({ action, request }, { action, request, response })).toEqual([
      "aws elbv2 delete-load-balancer --load-balancer-arn arn:lb --region eu-central-1",
      "aws elb delete-load-balancer --load-balancer-name evil --region eu-central-1",
    ]);
  });

  it("lists a shared snapshot with the accounts, and one that is no longer shared as a change", () => {
    const action = "ec2:ModifySnapshotAttribute";
    const shared = (how: string, item: object) => ({
      action,
      request: { snapshotId: "snap-1", createVolumePermission: { [how]: { items: [item] } } },
    });
    const report = reportOf([
      shared("add", { userId: "210987654321" }),
      shared("add", { group: "all" }),
      shared("remove", { userId: "210987654321" }),
    ]);
    expect(report.findings.map(({ object }) => object)).toEqual([
      "snapshot shared with everybody: snap-1 all",
      "snapshot shared with accounts: snap-1 210987654321",
    ]);
    expect(report.changes).toEqual({ [action]: 1 });
  });

  it("repeats a command for each object", () => {
    const response = { snapshotSet: { items: [{ snapshotId: "snap-1" }, { snapshotId: "snap-2" }] } };
    expect(commands({ action: "ec2:CreateSnapshots", response })).toEqual([
      "aws ec2 delete-snapshot --snapshot-id snap-1 --region eu-central-1",
      "aws ec2 delete-snapshot --snapshot-id snap-2 --region eu-central-1",
    ]);
  });

  it("prints a command once where two calls concern one object", () => {
    const response = { vpcPeeringConnection: { vpcPeeringConnectionId: "pcx-1" } };
    expect(
      commands({ action: "ec2:CreateVpcPeeringConnection", response }, { action: "ec2:AcceptVpcPeeringConnection", response }),
    ).toEqual(["aws ec2 delete-vpc-peering-connection --vpc-peering-connection-id pcx-1 --region eu-central-1"]);
  });

  it("quotes names that a shell would interpret", () => {
    expect(commands(role("a; rm -rf ~ 'b'"))).toEqual(["aws iam delete-role --role-name 'a; rm -rf ~ '\\''b'\\'''"]);
  });

  it("counts what no rule covers, what failed, and the addresses", () => {
    const report = reportOf([
      { action: "ec2:CreateTags" },
      { action: "ec2:CreateTags", from: "198.51.100.1" },
      { ...role("evil"), error: "AccessDenied" },
    ]);
    expect(report).toMatchObject({
      events: 3,
      findings: [],
      changes: { "ec2:CreateTags": 2 },
      failed: { "iam:CreateRole (AccessDenied)": 1 },
      addresses: { "192.0.2.1": 2, "198.51.100.1": 1 },
    });
  });

  it("starts at a time", () => {
    const records = [role("early"), { ...role("late"), time: "12:00:01" }];
    expect(reportOf(records, "2026-11-01T12:00:01Z").findings.map(({ object }) => object)).toEqual(["role late"]);
  });

  it("covers every action of the catalogue that can create, open or share something", () => {
    const KEEPS_NOTHING =
      /^\w+:(Delete|Detach|Disassociate|Revoke|Release|Deregister|Remove|Terminate|Stop|Untag|Pass|Decrypt|ReEncrypt)/;
    const ruled = new Set(TRAIL_RULES.map(({ action }) => action));
    const others = CATALOGUE.filter(({ access }) => !/^(List|Read)$/.test(access))
      .map(({ action }) => action)
      .filter((action) => !KEEPS_NOTHING.test(action) && !ruled.has(action));
    // They change the settings of objects, and are counted.
    expect(others).toEqual([
      "ec2:CreateTags",
      "ec2:EnableFastSnapshotRestores",
      "ec2:ModifyNetworkInterfaceAttribute",
      "ec2:ModifySubnetAttribute",
      "ec2:ModifyVolume",
      "ec2:ModifyVpcAttribute",
      "ec2:StartInstances",
      "elasticloadbalancing:AddTags",
      "elasticloadbalancing:ApplySecurityGroupsToLoadBalancer",
      "elasticloadbalancing:AttachLoadBalancerToSubnets",
      "elasticloadbalancing:ConfigureHealthCheck",
      "elasticloadbalancing:CreateLoadBalancerListeners",
      "elasticloadbalancing:CreateLoadBalancerPolicy",
      "elasticloadbalancing:ModifyLoadBalancerAttributes",
      "elasticloadbalancing:ModifyTargetGroup",
      "elasticloadbalancing:ModifyTargetGroupAttributes",
      "elasticloadbalancing:SetLoadBalancerPoliciesForBackendServer",
      "elasticloadbalancing:SetLoadBalancerPoliciesOfListener",
      "elasticloadbalancing:SetSecurityGroups",
      "iam:CreateServiceLinkedRole",
      "iam:TagRole",
      "kms:GenerateDataKeyWithoutPlaintext",
    ]);
  });
});

describe("what belongs to a leaked key", () => {
  it("leaves out the requests of other keys and roles", () => {
    expect(objects(group("other-key", OTHER), group("role", inRole("ops", "alice")))).toEqual([]);
  });

  it("includes sessions of the user, also if the event that issued them is missing", () => {
    const issued = { action: "sts:GetSessionToken", response: { credentials: { accessKeyId: "ASIAUSER" } } };
    expect(objects(issued, group("known", signedBy("ASIAUSER")))).toEqual(["group known", "session of the user ASIAUSER"]);
    expect(objects(group("unknown", signedBy("ASIAOTHER")))).toEqual(["group unknown"]);
  });

  it("includes roles that it assumed, and the command that stops their sessions", () => {
    const assumed = {
      action: "sts:AssumeRole",
      request: { roleArn: `arn:aws:iam::${ACCOUNT}:role/path/ops` },
      response: { credentials: { accessKeyId: "ASIAROLE" } },
    };
    const report = reportOf([assumed, group("by-role", inRole("ops", "x"))]);
    expect(report.findings.map(({ object }) => object)).toEqual([
      "group by-role",
      `session of the role arn:aws:iam::${ACCOUNT}:role/path/ops`,
    ]);
    expect(report.findings[1]?.undo[0]).toMatch(/^aws iam put-role-policy --role-name ops --policy-name AWSRevokeOlderSessions /);
  });

  it("includes roles that it created or opened, whoever assumes them, and leaves out the same role before", () => {
    const assume = (time: string): RecordParts => ({
      action: "sts:AssumeRole",
      time,
      identity: { type: "AWSAccount", accountId: "210987654321" },
      request: { roleArn: `arn:aws:iam::${ACCOUNT}:role/ops` },
      response: { credentials: { accessKeyId: `ASIA${time}` } },
    });
    const opened = { action: "iam:UpdateAssumeRolePolicy", time: "12:00:01", request: { roleName: "ops" } };
    const events = [
      assume("12:00:00"),
      { ...group("before", inRole("ops", "x", "ASIA12:00:00")), time: "12:00:00" },
      opened,
      assume("12:00:02"),
      { ...group("after", { ...inRole("other", "x", "ASIA12:00:02") }), time: "12:00:03" },
    ];
    expect(objects(...events)).toEqual([
      "group after",
      `session of the role arn:aws:iam::${ACCOUNT}:role/ops`,
      "trust policy of the role ops",
    ]);
    expect(objects(role("evil"), group("by-evil", inRole("evil", "x")))).toEqual(["group by-evil", "role evil"]);
  });

  it("includes access keys that it created, and instances that it launched", () => {
    const key = { action: "iam:CreateAccessKey", response: { accessKey: { userName: "bob", accessKeyId: "AKIABOB" } } };
    const launched = { action: "ec2:RunInstances", response: { instancesSet: { items: [{ instanceId: "i-1" }] } } };
    expect(
      objects(
        key,
        launched,
        group("by-bob", { type: "IAMUser", userName: "bob", accessKeyId: "AKIABOB" }),
        group("by-node", inRole("node", "i-1")),
      ),
    ).toEqual(["group by-node", "group by-bob", "instances i-1", "access key AKIABOB"]);
  });
});
