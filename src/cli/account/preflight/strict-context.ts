import { strictMarker } from "../../../iam/cluster-marker";
import type { PolicyOptions } from "../../../iam/policy-statements";

interface ContextKey {
  readonly key: string;
  readonly type: "string";
  readonly value: string;
}

/**
 * Tags and VPC of the objects of a cluster in mode `strict`, for all requests alike: the marker, what the EBS CSI driver and the cloud
 * controller manager set, on the object and in the request. None in other modes, whose policies do not evaluate them.
 */
export function strictContext({
  mode,
  marker: name,
  cluster,
  environment: { partition, region, account },
}: Pick<PolicyOptions, "mode" | "marker" | "cluster" | "environment">): readonly ContextKey[] {
  const marker = strictMarker({ mode, marker: name }, cluster);
  if (marker === undefined) {
    return [];
  }
  const { uuid, existingVPCID, vpcId = existingVPCID } = cluster;
  const tags = {
    [marker.key]: marker.value,
    "ebs.csi.aws.com/cluster": "true",
    "kubernetes.io/service-name": "default/web",
    ...(uuid === undefined ? {} : { [`kubernetes.io/cluster/${uuid}`]: "owned" }),
  };
  const text = (key: string, value: string) => ({ key, type: "string" as const, value });
  return [
    ...Object.entries(tags).flatMap(([key, value]) =>
      ["aws:ResourceTag", "aws:RequestTag"].map((kind) => text(`${kind}/${key}`, value)),
    ),
    ...(vpcId === undefined ? [] : [text("ec2:Vpc", `arn:${partition}:ec2:${region}:${account}:vpc/${vpcId}`)]),
  ];
}
