import { ABUSE_ROWS, ELSEWHERE, OTHER_ACCOUNT, withIds } from "../../helpers/abuses";
import { ENVIRONMENT } from "../../helpers/clusters";
import { type ApiCall, withWords, writtenCall } from "./api-calls";
import type { LocalAws } from "./local-aws";

// The abuses as requests that an attacker with the key can send.

/** A request of an attacker. */
interface Attack extends ApiCall {
  /** Only of the account in which roles of these names have other paths: IAM has one role of a name. */
  readonly otherPaths: boolean;
}

/** The owners of the objects of the other account. */
export const OWNERS: Readonly<Record<string, string>> = Object.fromEntries(
  ["i", "subnet", "sg", "rtb", "vol", "vpc"].map((type) => [withIds(`${type}-SHARED`), OTHER_ACCOUNT]),
);

/** Parameters that several calls have. */
const MACROS: Readonly<Record<string, string>> = {
  LAUNCH: "ImageId=ami-ID SubnetId=subnet-ID SecurityGroupId.1=sg-ID KeyName=dev MinCount=1 MaxCount=1",
  OPEN: "IpPermissions.1.IpProtocol=-1 IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0",
};

/** The abuses that an attacker can send, by their description. @param victims from `createVictims` */
export function attacks(victims: Victims): Readonly<Record<string, Attack>> {
  const requests = ABUSE_ROWS.filter(({ call }) => !call.startsWith("- "));
  return Object.fromEntries(requests.map(({ what, call }) => [what, attackOf(call, victims)]));
}

function attackOf(line: string, victims: Victims): Attack {
  const { action, parameters: written, words } = writtenCall(withIds(withWords(line, MACROS)));
  const [service = ""] = action.split(":");
  const arn = (account: string) => `arn:aws:${service}:${ENVIRONMENT.region}:${account}:`;
  const parameters = Object.fromEntries(
    Object.entries(written).map(([name, value]) => {
      const id = /^\{(.+)\}$/.exec(value)?.[1] as GeneratedId | undefined;
      return [name, id ? victims[id] : value.replace(/^OWN:/, arn(ENVIRONMENT.account)).replace(/^THEIRS:/, arn(OTHER_ACCOUNT))];
    }),
  );
  return {
    action,
    parameters,
    region: words.includes("elsewhere") ? ELSEWHERE : undefined,
    classic: words.includes("classic"),
    otherPaths: words.includes("otherPaths"),
  };
}

/** What attackers name by an ID that AWS generates; peerings: from a VPC of the other account to an own one, between two of its own. */
type GeneratedId = "launchTemplate" | "requestedPeering" | "externalPeering";

interface Victims extends Readonly<Record<GeneratedId, string>> {
  /** The owners of objects of the other account, by ID. */
  readonly owners: Readonly<Record<string, string>>;
}

/** Creates the roles, profiles and peering connections that attackers name. */
export async function createVictims(aws: LocalAws, otherPaths: boolean): Promise<Victims> {
  const client = aws.iam();
  const roles = {
    Admin: "/",
    "dev-node": otherPaths ? "/evil/" : "/",
    "dev-node2": "/",
    "dkp-node": otherPaths ? "/" : "/apps/",
    "prod-node": "/",
    "xdev-node": "/",
  };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
  for (const [RoleName, Path] of Object.entries(roles)) {
    await client.createRole({ RoleName, Path, AssumeRolePolicyDocument });
  }
  for (const name of ["Admin", "dev-node", "prod-node"]) {
    await client.createInstanceProfile({ InstanceProfileName: name });
    await client.addRoleToInstanceProfile({ InstanceProfileName: name, RoleName: name });
  }
  const api = aws.ec2();
  const vpcs = [10, 11, 12].map(async (block) => (await api.createVpc({ CidrBlock: `10.${block}.0.0/16` })).Vpc?.VpcId ?? "");
  const [own = "", other = "", third = ""] = await Promise.all(vpcs);
  const peer = async (VpcId: string, PeerVpcId: string) => {
    const { VpcPeeringConnection } = await api.createVpcPeeringConnection({ VpcId, PeerVpcId });
    return VpcPeeringConnection?.VpcPeeringConnectionId ?? "";
  };
  const LaunchTemplateData = { InstanceType: "m5.large" } as const;
  const template = await api.createLaunchTemplate({ LaunchTemplateName: "x", LaunchTemplateData });
  return {
    launchTemplate: template.LaunchTemplate?.LaunchTemplateId ?? "",
    requestedPeering: await peer(other, own),
    externalPeering: await peer(other, third),
    owners: { [other]: OTHER_ACCOUNT, [third]: OTHER_ACCOUNT },
  };
}
