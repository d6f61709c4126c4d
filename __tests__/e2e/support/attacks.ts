import { CreateLaunchTemplateCommand, CreateVpcCommand, CreateVpcPeeringConnectionCommand } from "@aws-sdk/client-ec2";
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand, CreateRoleCommand } from "@aws-sdk/client-iam";
import { ABUSE_ROWS, ELSEWHERE, OTHER_ACCOUNT, withIds } from "../../helpers/abuses";
import { ENVIRONMENT } from "../../helpers/clusters";
import type { LocalAws } from "./local-aws";
import { CLASSIC, type WireCall, withWords, writtenCall } from "./wire-calls";

// The abuses as requests that an attacker with the key can send.

/** A request of an attacker. */
export interface Attack extends WireCall {
  /** Only of the account in which roles of these names have other paths: IAM has one role of a name. */
  readonly otherPaths?: boolean;
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

const REQUESTS = ABUSE_ROWS.filter(({ call }) => !call.startsWith("- "));

/** The abuses that an attacker can send, by their description. @param victims from `createVictims` */
export function attacks(victims: Victims): Readonly<Record<string, Attack>> {
  return Object.fromEntries(REQUESTS.map(({ what, call }) => [what, attackOf(call, victims)]));
}

function attackOf(line: string, victims: Victims): Attack {
  const { action, parameters: written, words } = writtenCall(withIds(withWords(line, MACROS)));
  const [service = ""] = action.split(":");
  const arn = (account: string) => `arn:aws:${service}:${ENVIRONMENT.region}:${account}:`;
  const { rest, ...parameters } = Object.fromEntries(
    Object.entries(written).map(([name, value]) => {
      const id = /^\{(.+)\}$/.exec(value)?.[1] as GeneratedId | undefined;
      return [name, id ? victims[id] : value.replace(/^OWN:/, arn(ENVIRONMENT.account)).replace(/^THEIRS:/, arn(OTHER_ACCOUNT))];
    }),
  );
  return {
    action,
    parameters,
    ...(words.includes("elsewhere") ? { region: ELSEWHERE } : {}),
    ...(words.includes("classic") ? { version: CLASSIC } : {}),
    ...(words.includes("otherPaths") ? { otherPaths: true } : {}),
    ...(rest === undefined ? {} : { rest: rest.replace("_", " ") }),
  };
}

/** The abuses that no request expresses, with the reason. They are simulated only. */
export const NOT_A_REQUEST: Readonly<Record<string, string>> = Object.fromEntries(
  ABUSE_ROWS.filter((row) => !REQUESTS.includes(row)).map(({ what, call }) => [what, call.slice(2)]),
);

/** What attackers name by an ID that AWS generates; peerings: from a VPC of the other account to an own one, between two of its own. */
type GeneratedId = "launchTemplate" | "requestedPeering" | "externalPeering";

export interface Victims extends Readonly<Record<GeneratedId, string>> {
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
    await client.send(new CreateRoleCommand({ RoleName, Path, AssumeRolePolicyDocument }));
  }
  for (const name of ["Admin", "dev-node", "prod-node"]) {
    await client.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
    await client.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
  }
  const api = aws.ec2();
  const vpcs = [10, 11, 12].map(
    async (block) => (await api.send(new CreateVpcCommand({ CidrBlock: `10.${block}.0.0/16` }))).Vpc?.VpcId ?? "",
  );
  const [own = "", other = "", third = ""] = await Promise.all(vpcs);
  const peer = async (VpcId: string, PeerVpcId: string) => {
    const { VpcPeeringConnection } = await api.send(new CreateVpcPeeringConnectionCommand({ VpcId, PeerVpcId }));
    return VpcPeeringConnection?.VpcPeeringConnectionId ?? "";
  };
  const LaunchTemplateData = { InstanceType: "m5.large" } as const;
  const template = await api.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: "x", LaunchTemplateData }));
  return {
    launchTemplate: template.LaunchTemplate?.LaunchTemplateId ?? "",
    requestedPeering: await peer(other, own),
    externalPeering: await peer(other, third),
    owners: { [other]: OTHER_ACCOUNT, [third]: OTHER_ACCOUNT },
  };
}
