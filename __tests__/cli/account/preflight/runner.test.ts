import { AwsError } from "../../../../src/cli/account/aws/operations";
import { judgeError } from "../../../../src/cli/account/preflight/runner";

describe("an error of a call", () => {
  it.each([
    [
      "UnauthorizedOperation",
      "ec2:DescribeVpcs is denied to these credentials",
      "allow ec2:DescribeVpcs; npx dkp-access preflight --permissions prints the whole policy",
    ],
    [
      "RequestLimitExceeded",
      "ec2:DescribeVpcs is throttled (RequestLimitExceeded), after several attempts",
      "try again when fewer calls are made in the account",
    ],
    [
      "not a response of AWS",
      "ec2:DescribeVpcs: why",
      "sign in to the network if it asks for that, or set HTTPS_PROXY and NO_PROXY as it requires, and try again",
    ],
    [
      "unreachable",
      "ec2:DescribeVpcs: AWS cannot be reached (why)",
      "check the network, the proxy, and whether the region exists",
    ],
    [
      "InternalError",
      "ec2:DescribeVpcs returned InternalError: why",
      "try again; if the error persists, its message names the cause",
    ],
  ])("%s is an unknown result", (code, found, remedy) => {
    expect(judgeError(new AwsError("ec2:DescribeVpcs", code, "why"), "existing VPC")).toEqual({
      verdict: "unknown",
      found,
      remedy,
    });
  });
});
