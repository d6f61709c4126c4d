import { partitionOf } from "../../iam/partitions";

/** Per partition, a Region that no account can be without. IAM has its endpoint there. Source: "Regions and Zones", partitions.json. */
const ALWAYS_ON: Readonly<Record<string, string>> = {
  aws: "us-east-1",
  "aws-cn": "cn-north-1",
  "aws-us-gov": "us-gov-west-1",
  "aws-iso": "us-iso-east-1",
  "aws-iso-b": "us-isob-east-1",
  "aws-iso-e": "eu-isoe-west-1",
  "aws-iso-f": "us-isof-south-1",
  "aws-eusc": "eusc-de-east-1",
};

/** A Region of the same partition which every account has, to ask about other Regions. */
export function alwaysOnRegion(region: string): string {
  return ALWAYS_ON[partitionOf(region)] ?? region;
}

/** The suffix of service principals such as `ec2.amazonaws.com`. Values of `kms:ViaService` have another rule. */
export function dnsSuffix(partition: string): string {
  return partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
}
