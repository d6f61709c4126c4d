import { AttachUserPolicyCommand, CreatePolicyCommand, CreateUserCommand } from "@aws-sdk/client-iam";
import { policyDocument } from "../../../src/iam/policy-document";
import { policyStatements } from "../../../src/iam/policy-statements";
import { deployment } from "../../helpers/deployment";
import { ACCOUNT, ADMIN, AMI, enforced, keyOf, resultsOf, settings, summary, testAws } from "../support/preflight";
import { ec2Error } from "../support/stub-aws";

describe("preflight --as-key", () => {
  const aws = testAws();

  it("checks the key with dry runs, and changes nothing", async () => {
    const { region, policy, cluster } = deployment("");
    const environment = { partition: "aws", region, account: ACCOUNT };
    const document = policyDocument(policyStatements({ mode: policy.mode, supplement: false, cluster, environment }));
    const iam = aws().local.iam();
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName: "D8CloudProviderAWS", PolicyDocument: JSON.stringify(document) }),
    );
    await iam.send(new CreateUserCommand({ UserName: "deckhouse" }));
    await iam.send(new AttachUserPolicyCommand({ UserName: "deckhouse", PolicyArn: Policy?.Arn }));
    const key = await keyOf(aws().local, "deckhouse");
    const vpcs = await aws().local.query(ADMIN, "ec2", "DescribeVpcs");
    const user = `arn:aws:iam::${ACCOUNT}:user/deckhouse`;
    const image = settings("amis: [ami-03cf127a]");
    const results = await enforced(aws().local, () => resultsOf(image, aws().local.url, { asKey: true }, key));
    expect(results.map(({ verdict, found, source }) => [verdict, found, source])).toEqual([
      ["ok", `account ${ACCOUNT}, as ${user}; accountId is not set`, "sts:GetCallerIdentity"],
      ["ok", `the key belongs to ${user}`, "sts:GetCallerIdentity"],
      ["failed", "the key may not call ec2:DescribeAddressesAttribute", "dry runs of EC2 in eu-central-1"],
      ...[
        "DescribeInstanceTopology",
        "DescribeInstances",
        "AllocateAddress",
        "CreateVpc",
        "CreateInternetGateway",
        "RunInstances",
      ].map((operation) => ["ok", `the key may call ec2:${operation}`, "dry runs of EC2 in eu-central-1"]),
    ]);
    expect(await aws().local.query(ADMIN, "ec2", "DescribeVpcs")).toBe(vpcs);
  });

  it.each([
    [
      "DryRunOperation",
      "Request would have succeeded, but DryRun flag is set.",
      ["ok", "the key may call ec2:DescribeInstanceTopology"],
    ],
    [
      "UnauthorizedOperation",
      "You are not authorized to perform this operation.",
      ["failed", "the key may not call ec2:DescribeInstanceTopology", "apply if the settings have not been applied yet"],
    ],
    [
      "UnauthorizedOperation",
      "You are not authorized to perform: ec2:DescribeInstanceTopology with an explicit deny in a service control policy",
      ["failed", "an SCP denies ec2:DescribeInstanceTopology to the key", "have the administrator of the organization allow it"],
    ],
    [
      "UnauthorizedOperation",
      "You are not authorized to perform: ec2:DescribeInstanceTopology with an explicit deny in an identity-based policy",
      [
        "failed",
        "a policy of the user denies ec2:DescribeInstanceTopology to the key",
        "if user.allowedNetworks is set, run the check from one of these networks; otherwise remove the Deny",
      ],
    ],
    [
      "UnauthorizedOperation",
      "You are not authorized to perform: ec2:DescribeInstanceTopology because no permissions boundary allows the action",
      [
        "failed",
        "the permissions boundary denies ec2:DescribeInstanceTopology to the key",
        "allow it in the boundary, or set another user.permissionsBoundary",
      ],
    ],
    [
      "UnsupportedOperation",
      "The functionality you requested is not available in this region.",
      ["skipped", "the region does not have ec2:DescribeInstanceTopology, and DKP does not require it there"],
    ],
    [
      "InvalidParameterValue",
      "That is no value",
      [
        "unknown",
        "ec2:DescribeInstanceTopology returned InvalidParameterValue: That is no value",
        "read the error above; it is about the call, not about the key",
      ],
    ],
  ])("reports the response of EC2 to a dry run: %s: %s", async (code, message, [verdict, found, remedy]) => {
    const dryRuns: string[] = [];
    const answer = (parameters: URLSearchParams) => {
      dryRuns.push(`${parameters.get("Action")} ${parameters.get("DryRun")}`);
      return ec2Error(code === "DryRunOperation" ? 412 : 403, code, message);
    };
    const operations = [
      "DescribeAddressesAttribute",
      "DescribeInstanceTopology",
      "DescribeInstances",
      "AllocateAddress",
      "CreateVpc",
      "CreateInternetGateway",
      "RunInstances",
    ];
    aws().stub.say({
      GetCallerIdentity: () => ({
        status: 200,
        body: `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::${ACCOUNT}:user/deckhouse</Arn><UserId>AIDA</UserId><Account>${ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
      }),
      ...Object.fromEntries(operations.map((operation) => [operation, answer])),
    });
    const results = await resultsOf(settings(`amis: [${AMI}]`), aws().stub.url, { asKey: true });
    expect(results.map(summary)).toContainEqual({ verdict, found, remedy });
    expect(dryRuns.sort()).toEqual(operations.map((operation) => `${operation} true`).sort());
  });
});
