import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Feature } from "../../../src/iam/catalogue";
import type { Cluster } from "../../../src/iam/cluster";
import { grantedRows } from "../../../src/iam/policy-statements";
import { withIds } from "../../helpers/abuses";
import { ENVIRONMENT } from "../../helpers/clusters";
import { PROJECT } from "../../helpers/project-root";
import type { Context } from "../../helpers/simulator";
import { MARKER, UUID } from "../../helpers/tagged-requests";
import { type ApiCall, withWords, writtenCall } from "./api-calls";

const CLUSTER_TAG = `kubernetes.io/cluster/${UUID}`;
const CSI_TAG = "ebs.csi.aws.com/cluster";
const ID = withIds("ID");

/** What words in `component-calls.txt` stand for. */
const WORDS: Readonly<Record<string, string>> = {
  NAME: "a0123456789abcdef0123456789abcde",
  NLB: "ELB:loadbalancer/net/NAME/HASH",
  LISTENER: "ELB:listener/net/NAME/HASH/HASH",
  TARGETS: "ELB:targetgroup/k8s-default/HASH",
  ELB: `arn:aws:elasticloadbalancing:${ENVIRONMENT.region}:${ENVIRONMENT.account}`,
  CLUSTER: CLUSTER_TAG,
  CSI: CSI_TAG,
  TAGS: "Tags.member.1.Key=CLUSTER Tags.member.1.Value=owned Tags.member.2.Key=kubernetes.io/service-name Tags.member.2.Value=default/web",
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
  ).map(({ features: _, ...call }) => ({ ...call, parameters: ofCluster(call, cluster) }));
}

/** The machine controller manager gives `tags` to instances and volumes, and all components use the existing VPC. */
function ofCluster(
  { action, parameters }: Pick<ApiCall, "action" | "parameters">,
  { tags, existingVPCID }: Cluster,
): ApiCall["parameters"] {
  const given = action === "ec2:RunInstances" ? Object.entries(tags) : [];
  const added = given.flatMap(([key, value], at) =>
    [1, 2].flatMap((specification) => [
      [`TagSpecification.${specification}.Tag.${at + 2}.Key`, key],
      [`TagSpecification.${specification}.Tag.${at + 2}.Value`, value],
    ]),
  );
  const vpc = parameters.VpcId === undefined || existingVPCID === undefined ? {} : { VpcId: existingVPCID };
  return { ...parameters, ...Object.fromEntries(added), ...vpc };
}

const tagContext = (tags: Readonly<Record<string, string>>): Context =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));

const OWN = tagContext({ [MARKER.key]: MARKER.value });
const CSI = tagContext({ [CSI_TAG]: "true" });
const BALANCER = tagContext({ [CLUSTER_TAG]: "owned", "kubernetes.io/service-name": "default/web" });

/** Who creates the objects of the calls above, by type of the ARN. Terraform's, and those of the machine controller manager, have the marker. */
const TAGS_BY_TYPE: Readonly<Record<string, Context>> = {
  instance: OWN,
  "route-table": OWN,
  subnet: OWN,
  vpc: OWN,
  volume: CSI,
  snapshot: CSI,
  "security-group": tagContext({ [CLUSTER_TAG]: "owned" }),
};

/** Objects that the components name and that do not exist in the account of the tests. */
export function componentObjects(vpcId: string, action: string, arn: string): Context | undefined {
  const [, , service, region, account, path = ""] = arn.split(":");
  const [type = "", id = ""] = path.split("/");
  if (service === "elasticloadbalancing") {
    return /^elasticloadbalancing:Create(?:LoadBalancer|TargetGroup)$/.test(action) ? {} : BALANCER;
  }
  // An association leads to its instance or route table.
  const isFound =
    id.endsWith(ID) ||
    id === "rtb-*" ||
    (id === "*" && action.endsWith("IamInstanceProfile")) ||
    action.endsWith("ProfileAssociation");
  const vpc = { "ec2:Vpc": `arn:aws:ec2:${region}:${account}:vpc/${vpcId}` };
  // The security groups of a node are Terraform's, the others those of load balancers.
  const tags = action === "ec2:RunInstances" && type === "security-group" ? OWN : TAGS_BY_TYPE[type];
  return service === "ec2" && isFound ? { ...vpc, ...tags } : undefined;
}
