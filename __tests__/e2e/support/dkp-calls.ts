import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "../../../src/iam/cluster";
import { type Layout, measuredActions } from "../../helpers/measured-calls";
import { PROJECT } from "../../helpers/project-root";
import { type ApiCall, withWords, writtenCall } from "./api-calls";

/** A call whose parameters contain IDs from the responses to earlier calls, as `{vpc}`. */
export interface DkpCall extends ApiCall {
  /** Elements of the response, by the name under which later calls use their text. */
  readonly keep?: Readonly<Record<string, string>>;
}

export type LayoutCluster = Cluster & { readonly layout: Layout };

/** What exists before the cluster: `vpc` is the existing VPC, if the cluster uses one. */
export type Existing = Readonly<Record<"image" | "peerVpc" | "peerRouteTable" | "vpc" | "otherGroup", string>>;

const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const ROLE_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "ec2:DescribeTags", Resource: "*" }],
});
const PUBLIC_KEY = Buffer.from(`ssh-ed25519 ${Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0 ".padEnd(51, "k")).toString("base64")}`);

/** The measured calls of a cluster. */
export function dkpCalls(cluster: LayoutCluster, existing: Existing): readonly DkpCall[] {
  const measured = measuredActions(cluster);
  return lifeOf(cluster, existing)
    .filter(({ action, when }) => measured.includes(action) && when)
    .map(({ when: _, ...call }) => call);
}

type Parameters = Readonly<Record<string, string>>;

const numbered = (name: string, tags: Parameters) =>
  Object.entries(tags).map(([key, value], at) => `${name}.${at + 1}.Key=${key} ${name}.${at + 1}.Value=${value}`);

const LINES = readFileSync(join(PROJECT, "__tests__/e2e/support/dkp-calls.txt"), "utf8")
  .split("\n")
  .filter((line) => !/^(?:#|$)/.test(line));

function lifeOf(cluster: LayoutCluster, existing: Existing): readonly (DkpCall & { readonly when: boolean })[] {
  const { layout, tags, iamNodeRole, peeredVPCs, features } = cluster;
  const conditions: Readonly<Record<string, boolean>> = {
    nat: layout !== "WithoutNAT",
    bastion: layout === "WithNAT",
    peering: peeredVPCs.length > 0,
    tags: Object.keys(tags).length > 0,
    "node-role": iamNodeRole !== undefined,
    "instance-type-change": features.includes("instance-type-change"),
  };
  const words = wordsOf(cluster, existing);
  const pairsOf = (text: string) => Object.fromEntries(text.split(",").map((pair) => pair.split("=") as [string, string]));
  const withTags = (text: string) =>
    text
      .replaceAll(/TAGS:([^:]+):(\S*)/g, (_, type: string, own: string) => {
        const all = { ...(own === "" ? {} : pairsOf(own)), ...tags };
        const name = "TagSpecification.1";
        return Object.keys(all).length === 0 ? "" : [`${name}.ResourceType=${type}`, ...numbered(`${name}.Tag`, all)].join(" ");
      })
      .replaceAll(/PAIRS:([^:\s]+):?(\S*)/g, (_, name: string, own: string) =>
        numbered(name, { ...(own === "" ? {} : pairsOf(own)), ...tags }).join(" "),
      );
  return LINES.map((line) => {
    const kept = [...withWords(line, words).matchAll(/>(\w+)=(\w+)/g)].map(
      ([, name = "", element = ""]) => [name, element] as const,
    );
    const { action, parameters, words: more } = writtenCall(withTags(withWords(line.replaceAll(/ >\S+/g, ""), words)));
    const when = more.every((word) => !word.startsWith("if:") || conditions[word.slice(3)] === true);
    return { action, parameters, when, ...(kept.length === 0 ? {} : { keep: Object.fromEntries(kept) }) };
  });
}

/** What words in `dkp-calls.txt` stand for. */
function wordsOf(cluster: LayoutCluster, existing: Existing): Readonly<Record<string, string>> {
  const { prefix = "dev", layout, tags, iamNodeRole, peeredVPCs } = cluster;
  const [hasNat, hasGroups] = [layout !== "WithoutNAT", !cluster.disableDefaultSecurityGroup];
  const tagged = [
    ...(cluster.existingVPCID === undefined ? ["vpc"] : []),
    ...["igw", "subnet", "routeTable"],
    ...(hasGroups ? ["group"] : []),
    ...(hasNat ? ["nat", "natAddress"] : ["address"]),
    ...(peeredVPCs.length > 0 ? ["pcx"] : []),
    ...["keyPair", "master", "etcd", "rootVolume"],
  ];
  return {
    PREFIX: prefix,
    NODE: `${prefix}-node`,
    NODE_ROLE: iamNodeRole ?? "",
    LAST_ROLE: iamNodeRole ?? `${prefix}-node`,
    CLUSTER: `kubernetes.io/cluster/${prefix}=shared,kubernetes.io/cluster/0a1b2c3d=shared`,
    IMAGE: existing.image,
    PEER_VPC: existing.peerVpc,
    PEER_ROUTE_TABLE: existing.peerRouteTable,
    OTHER_GROUP: existing.otherGroup,
    GROUP: hasGroups ? "{group}" : existing.otherGroup,
    FIRST_ADDRESS: hasNat ? "natAddress" : "address",
    ADDRESSED: layout === "WithNAT" ? "{bastion}" : "{master}",
    ASSOCIATION: layout === "Standard" ? "{natAssociation}" : "{addressAssociation}",
    LAUNCH: "ImageId=IMAGE KeyName=PREFIX MinCount=1 MaxCount=1 InstanceType=m5.large",
    PROFILE: "IamInstanceProfile.Name=NODE",
    DISK: "BlockDeviceMapping.1.DeviceName=/dev/sda1 BlockDeviceMapping.1.Ebs.VolumeSize=50 BlockDeviceMapping.1.Ebs.VolumeType=gp3",
    SSH: "IpPermissions.1.IpProtocol=tcp IpPermissions.1.FromPort=22 IpPermissions.1.ToPort=22",
    ALL: tagged.map((id, at) => `ResourceId.${at + 1}={${id}}`).join(" "),
    KEYS: Object.keys(tags)
      .map((key, at) => `TagKeys.member.${at + 1}=${key}`)
      .join(" "),
    TRUST,
    RIGHTS: ROLE_POLICY,
    PUBLIC_KEY: PUBLIC_KEY.toString("base64"),
  };
}
