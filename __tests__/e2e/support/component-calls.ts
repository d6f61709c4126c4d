import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Feature } from "../../../src/iam/catalogue";
import type { Cluster } from "../../../src/iam/cluster";
import { grantedRows } from "../../../src/iam/policy-statements";
import { withIds } from "../../helpers/abuses";
import { ENVIRONMENT } from "../../helpers/clusters";
import { PROJECT } from "../../helpers/project-root";
import { type ApiCall, withWords, writtenCall } from "./api-calls";

/** What words in `component-calls.txt` stand for. */
const WORDS: Readonly<Record<string, string>> = {
  NAME: "a0123456789abcdef0123456789abcde",
  NLB: "ELB:loadbalancer/net/NAME/HASH",
  LISTENER: "ELB:listener/net/NAME/HASH/HASH",
  TARGETS: "ELB:targetgroup/k8s-default/HASH",
  ELB: `arn:aws:elasticloadbalancing:${ENVIRONMENT.region}:${ENVIRONMENT.account}`,
  CLUSTER: "kubernetes.io/cluster/0a1b2c3d",
  CSI: "ebs.csi.aws.com/cluster",
  TAGS: "Tags.member.1.Key=CLUSTER Tags.member.1.Value=owned",
  LAUNCH:
    "ImageId=ami-ID SubnetId=subnet-ID SecurityGroupId.1=sg-ID KeyName=dev MinCount=1 MaxCount=1 IamInstanceProfile.Name=dev-node TAG:1:instance:CLUSTER:owned TAG:2:volume:CLUSTER:owned",
  DISK: "AvailabilityZone=eu-central-1a Size=1 TAG:1:volume:CSI:true",
};

/** `TAG:1:volume:KEY:VALUE` stands for a specification of one tag. */
const withTags = (text: string) =>
  text.replaceAll(/TAG:(\d):([^:]+):([^:]+):(\w+)/g, (_, at: string, type: string, key: string, value: string) => {
    const name = `TagSpecification.${at}`;
    return `${name}.ResourceType=${type} ${name}.Tag.1.Key=${key} ${name}.Tag.1.Value=${value}`;
  });

const CALLS = readFileSync(join(PROJECT, "__tests__/e2e/support/component-calls.txt"), "utf8")
  .split("\n")
  .filter((line) => !/^(?:#|$)/.test(line))
  .map((line) => {
    const { words, ...call } = writtenCall(withTags(withIds(withWords(line, WORDS))));
    const features = words.flatMap((word) => /^feature:(.*)$/.exec(word)?.[1] ?? []) as Feature[];
    return { ...call, classic: words.includes("classic"), features };
  });

/** Authorizations that a cluster requires and no call causes, with the reason. They are simulated only. */
export const NOT_CAUSED: Readonly<Record<string, string>> = Object.fromEntries([
  ...[
    "ec2:DeleteNetworkInterface network-interface",
    "ec2:DetachNetworkInterface instance",
    "ec2:DetachNetworkInterface network-interface",
  ].map((pair) => [pair, "no run had an interface that AWS Lambda left behind"]),
  ...[
    "ec2:AssociateAddress network-interface",
    "ec2:AssociateRouteTable internet-gateway",
    "ec2:AuthorizeSecurityGroupEgress security-group-rule",
    "ec2:AuthorizeSecurityGroupIngress security-group-rule",
    "ec2:CreateNatGateway vpc",
    "ec2:DisassociateAddress network-interface",
    "ec2:DisassociateRouteTable internet-gateway",
    "ec2:ModifyInstanceAttribute security-group",
    "ec2:ModifyInstanceAttribute volume",
    "ec2:ModifyNetworkInterfaceAttribute instance",
    "ec2:ModifyNetworkInterfaceAttribute subnet",
    "ec2:ReplaceRouteTableAssociation internet-gateway",
    "ec2:ReplaceRouteTableAssociation subnet",
  ].map((pair) => [pair, "no parameter of the request names the object; AWS may find it from another one"]),
]);

/** The calls of the components that a cluster requires. */
export function componentCalls(cluster: Cluster): readonly ApiCall[] {
  const required = grantedRows({ mode: "minimal", supplement: true, cluster }).map(({ action }) => action);
  return CALLS.filter(
    ({ action, features }) => required.includes(action) && features.every((feature) => cluster.features.includes(feature)),
  );
}
