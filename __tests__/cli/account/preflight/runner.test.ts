import { AwsError } from "../../../../src/cli/account/aws/operations";
import { judgeError, runPreflight } from "../../../../src/cli/account/preflight/runner";
import { deployment } from "../../../helpers/deployment";

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

it("rejects once where several checks have a defect, without an unhandled rejection", async () => {
  const rejections: unknown[] = [];
  const note = (error: unknown) => rejections.push(error);
  process.on("unhandledRejection", note);
  const defect = async (action: string) => {
    if (action === "sts:GetCallerIdentity") {
      return { Account: "123456789012", Arn: "arn:aws:iam::123456789012:user/admin" };
    }
    // The Region's answer is the last one.
    await new Promise((resolve) => setTimeout(resolve, action === "ec2:DescribeRegions" ? 20 : 0));
    throw new TypeError(`defect in ${action}`);
  };
  const aws = { ask: defect, askAll: defect, dryRun: defect } as unknown as Parameters<typeof runPreflight>[1];
  const options = {
    asKey: false,
    existingCluster: false,
    state: async () => ({ unread: "no state" }),
    timeout: 5,
    signal: new AbortController().signal,
    progress: () => undefined,
  };
  await expect(runPreflight(deployment("cluster: { prefix: dev }"), aws, options)).rejects.toThrow(/^defect in /);
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.off("unhandledRejection", note);
  expect(rejections).toEqual([]);
});
