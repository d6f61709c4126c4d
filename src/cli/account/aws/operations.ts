import type * as Ec2 from "@aws-sdk/client-ec2";
import type * as Iam from "@aws-sdk/client-iam";
import type * as Sts from "@aws-sdk/client-sts";

export type { Image } from "@aws-sdk/client-ec2";
export type { EvaluationResult, SimulatePolicyResponse } from "@aws-sdk/client-iam";

interface Operation<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

/** Every AWS operation that commands may call, under the name of the IAM action that allows it. All are read-only. */
export interface Operations {
  "ec2:DescribeAddresses": Operation<Ec2.DescribeAddressesCommandInput, Ec2.DescribeAddressesCommandOutput>;
  "ec2:DescribeImages": Operation<Ec2.DescribeImagesCommandInput, Ec2.DescribeImagesCommandOutput>;
  "ec2:DescribeInstances": Operation<Ec2.DescribeInstancesCommandInput, Ec2.DescribeInstancesCommandOutput>;
  "ec2:DescribeKeyPairs": Operation<Ec2.DescribeKeyPairsCommandInput, Ec2.DescribeKeyPairsCommandOutput>;
  "ec2:DescribeNatGateways": Operation<Ec2.DescribeNatGatewaysCommandInput, Ec2.DescribeNatGatewaysCommandOutput>;
  "ec2:DescribeRegions": Operation<Ec2.DescribeRegionsCommandInput, Ec2.DescribeRegionsCommandOutput>;
  "ec2:DescribeSecurityGroups": Operation<Ec2.DescribeSecurityGroupsCommandInput, Ec2.DescribeSecurityGroupsCommandOutput>;
  "ec2:DescribeSubnets": Operation<Ec2.DescribeSubnetsCommandInput, Ec2.DescribeSubnetsCommandOutput>;
  "ec2:DescribeTags": Operation<Ec2.DescribeTagsCommandInput, Ec2.DescribeTagsCommandOutput>;
  "ec2:DescribeVpcEndpoints": Operation<Ec2.DescribeVpcEndpointsCommandInput, Ec2.DescribeVpcEndpointsCommandOutput>;
  "ec2:DescribeVpcs": Operation<Ec2.DescribeVpcsCommandInput, Ec2.DescribeVpcsCommandOutput>;
  "iam:GetAccessKeyLastUsed": Operation<Iam.GetAccessKeyLastUsedCommandInput, Iam.GetAccessKeyLastUsedCommandOutput>;
  "iam:GetGroup": Operation<Iam.GetGroupCommandInput, Iam.GetGroupCommandOutput>;
  "iam:GetInstanceProfile": Operation<Iam.GetInstanceProfileCommandInput, Iam.GetInstanceProfileCommandOutput>;
  "iam:GetLoginProfile": Operation<Iam.GetLoginProfileCommandInput, Iam.GetLoginProfileCommandOutput>;
  "iam:GetPolicy": Operation<Iam.GetPolicyCommandInput, Iam.GetPolicyCommandOutput>;
  "iam:GetPolicyVersion": Operation<Iam.GetPolicyVersionCommandInput, Iam.GetPolicyVersionCommandOutput>;
  "iam:GetRole": Operation<Iam.GetRoleCommandInput, Iam.GetRoleCommandOutput>;
  "iam:GetRolePolicy": Operation<Iam.GetRolePolicyCommandInput, Iam.GetRolePolicyCommandOutput>;
  "iam:GetUser": Operation<Iam.GetUserCommandInput, Iam.GetUserCommandOutput>;
  "iam:ListAccessKeys": Operation<Iam.ListAccessKeysCommandInput, Iam.ListAccessKeysCommandOutput>;
  "iam:ListAttachedGroupPolicies": Operation<
    Iam.ListAttachedGroupPoliciesCommandInput,
    Iam.ListAttachedGroupPoliciesCommandOutput
  >;
  "iam:ListAttachedRolePolicies": Operation<Iam.ListAttachedRolePoliciesCommandInput, Iam.ListAttachedRolePoliciesCommandOutput>;
  "iam:ListAttachedUserPolicies": Operation<Iam.ListAttachedUserPoliciesCommandInput, Iam.ListAttachedUserPoliciesCommandOutput>;
  "iam:ListEntitiesForPolicy": Operation<Iam.ListEntitiesForPolicyCommandInput, Iam.ListEntitiesForPolicyCommandOutput>;
  "iam:ListGroupPolicies": Operation<Iam.ListGroupPoliciesCommandInput, Iam.ListGroupPoliciesCommandOutput>;
  "iam:ListGroupsForUser": Operation<Iam.ListGroupsForUserCommandInput, Iam.ListGroupsForUserCommandOutput>;
  "iam:ListMFADevices": Operation<Iam.ListMFADevicesCommandInput, Iam.ListMFADevicesCommandOutput>;
  "iam:ListPolicies": Operation<Iam.ListPoliciesCommandInput, Iam.ListPoliciesCommandOutput>;
  "iam:ListRolePolicies": Operation<Iam.ListRolePoliciesCommandInput, Iam.ListRolePoliciesCommandOutput>;
  "iam:ListServiceSpecificCredentials": Operation<
    Iam.ListServiceSpecificCredentialsCommandInput,
    Iam.ListServiceSpecificCredentialsCommandOutput
  >;
  "iam:ListSigningCertificates": Operation<Iam.ListSigningCertificatesCommandInput, Iam.ListSigningCertificatesCommandOutput>;
  "iam:ListSSHPublicKeys": Operation<Iam.ListSSHPublicKeysCommandInput, Iam.ListSSHPublicKeysCommandOutput>;
  "iam:ListUserPolicies": Operation<Iam.ListUserPoliciesCommandInput, Iam.ListUserPoliciesCommandOutput>;
  "iam:SimulateCustomPolicy": Operation<Iam.SimulateCustomPolicyCommandInput, Iam.SimulateCustomPolicyCommandOutput>;
  "iam:SimulatePrincipalPolicy": Operation<Iam.SimulatePrincipalPolicyCommandInput, Iam.SimulatePrincipalPolicyCommandOutput>;
  "sts:GetCallerIdentity": Operation<Sts.GetCallerIdentityCommandInput, Sts.GetCallerIdentityCommandOutput>;
}

export type Action = keyof Operations;

/** Operations with paginated responses. */
export type PagedAction = Extract<
  Action,
  | "iam:GetGroup"
  | "iam:ListAccessKeys"
  | "iam:ListAttachedGroupPolicies"
  | "iam:ListAttachedRolePolicies"
  | "iam:ListAttachedUserPolicies"
  | "iam:ListEntitiesForPolicy"
  | "iam:ListGroupPolicies"
  | "iam:ListGroupsForUser"
  | "iam:ListMFADevices"
  | "iam:ListPolicies"
  | "iam:ListRolePolicies"
  | "iam:ListSigningCertificates"
  | "iam:ListSSHPublicKeys"
  | "iam:ListUserPolicies"
  | "iam:SimulateCustomPolicy"
  | "iam:SimulatePrincipalPolicy"
>;

/** Calls AWS. Errors are thrown as `AwsError`. */
export type Ask<A extends Action = Action> = <B extends A>(
  action: B,
  input: Operations[B]["input"],
) => Promise<Operations[B]["output"]>;

/** Calls AWS for all pages of a list. Errors are thrown as `AwsError`. */
export type AskAll<A extends Action = Action> = <B extends A & PagedAction>(
  action: B,
  input: Operations[B]["input"],
) => Promise<readonly Operations[B]["output"][]>;

/** Sends a dry run of an EC2 operation. Returns the code of the response: `DryRunOperation` if AWS would execute it. */
export type DryRun = (operation: string, input: object) => Promise<{ readonly code: string; readonly message: string }>;

/** Code of the error for a call without a response. */
export const UNREACHABLE = "unreachable";

/** Code of the error for a response that something else than AWS sent, such as a captive portal or a proxy. */
export const NOT_AWS = "not a response of AWS";

/** The error that AWS, or the network, returned. */
export class AwsError extends Error {
  constructor(
    readonly action: string,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "AwsError";
  }
}

/** The answer, or undefined where AWS says with one of these codes that there is no such thing. */
export async function unlessMissing<T>(answer: Promise<T>, ...codes: readonly string[]): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AwsError && codes.includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}

/** All answers. Where several fail, the error is that of the first in the list, whichever came first: a report must not change with the weather. */
export async function inOrder<T extends readonly unknown[]>(answers: readonly [...{ [K in keyof T]: Promise<T[K]> }]) {
  await Promise.allSettled(answers);
  return Promise.all(answers);
}
