import { findCalls } from "../../../scripts/upstream/go-calls";

const MODULE = "example.com/driver";
const MAIN = `package main

import "example.com/driver/pkg/cloud"

func main() { cloud.Run() }
`;

const V2 = '"github.com/aws/aws-sdk-go-v2/service/ec2"';

/** A file of the only package that the main package imports. */
const go = (imports: string, code: string) => `package cloud\n\nimport (\n\t"context"\n\t${imports}\n)\n\n${code}\n`;

async function callsOf(imports: string, code: string): Promise<readonly string[]> {
  const files = new Map([
    ["cmd/main.go", MAIN],
    ["pkg/cloud/cloud.go", go(imports, code)],
  ]);
  return [...(await findCalls(files, MODULE, "cmd")).keys()];
}

describe("the calls of a Go package", () => {
  it.each([
    [
      "a literal as argument",
      "func (c *Cloud) all() { c.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{}) }",
      "DescribeSubnets",
    ],
    [
      "an input in a variable",
      "func (c *Cloud) all() {\n\trequest := ec2.RunInstancesInput{\n\t\tMinCount: one,\n\t}\n}",
      "RunInstances",
    ],
    ["new", "func (c *Cloud) all() { request := new(ec2.CreateTagsInput) }", "CreateTags"],
    ["var", "func (c *Cloud) all() { var request ec2.DeleteTagsInput }", "DeleteTags"],
    ["a list of inputs", "var requests = []*ec2.CreateRouteInput{{}, {}}", "CreateRoute"],
    ["no input", "func (c *Cloud) all() { c.ec2.DescribeAvailabilityZones(ctx, nil) }", "DescribeAvailabilityZones"],
    [
      "an input from elsewhere",
      "func (c *Cloud) all() { return c.client().DescribeVolumes(ctx, c.request()) }",
      "DescribeVolumes",
    ],
    [
      "a paginator",
      "func (c *Cloud) all(in *Input) { p := ec2.NewDescribeInstanceTopologyPaginator(c.ec2, in) }",
      "DescribeInstanceTopology",
    ],
    ["a waiter", "func (c *Cloud) all() { w := ec2.NewVolumeAvailableWaiter(c.ec2) }", "DescribeVolumes"],
  ])("are found in version 2 of the SDK: %s", async (_, code, operation) => {
    expect(await callsOf(V2, code)).toEqual([`ec2:${operation}`]);
  });

  it.each([
    ["a method", "func all() { svc.DescribeImages(&ec2.DescribeImagesInput{}) }", "DescribeImages"],
    ["WithContext", "func all() { svc.DescribeImagesWithContext(ctx, input()) }", "DescribeImages"],
    ["Request", "func all() { req, out := svc.TerminateInstancesRequest(input()) }", "TerminateInstances"],
    ["Pages", "func all() { svc.DescribeInstancesPages(input(), each) }", "DescribeInstances"],
    ["PagesWithContext", "func all() { svc.DescribeInstancesPagesWithContext(ctx, input(), each) }", "DescribeInstances"],
    ["a waiter", "func all() { svc.WaitUntilInstanceRunning(input()) }", "DescribeInstances"],
    ["a waiter with context", "func all() { svc.WaitUntilVolumeInUseWithContext(ctx, input()) }", "DescribeVolumes"],
  ])("are found in version 1 of the SDK: %s", async (_, code, operation) => {
    expect(await callsOf('"github.com/aws/aws-sdk-go/service/ec2"', code)).toEqual([`ec2:${operation}`]);
  });

  it("have the prefix of IAM actions, whatever the package is called", async () => {
    const imports = [
      'elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"',
      'elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"',
      '"github.com/aws/aws-sdk-go-v2/service/kms"',
      '"github.com/aws/aws-sdk-go/service/autoscaling"',
      '"github.com/aws/aws-sdk-go/service/iam/iamiface"',
    ];
    const code = `func all(role iamiface.IAMAPI) {
	a := &elb.CreateLoadBalancerPolicyInput{}
	b := &elbv2.CreateTargetGroupInput{}
	c := kms.DescribeKeyInput{}
	d := autoscaling.DescribeTagsInput{}
	role.GetRole(input())
}`;
    expect(await callsOf(imports.join("\n\t"), code)).toEqual([
      "autoscaling:DescribeTags",
      "elasticloadbalancing:CreateLoadBalancerPolicy",
      "elasticloadbalancing:CreateTargetGroup",
      "iam:GetRole",
      "kms:DescribeKey",
    ]);
  });

  it("are found in a raw import without parentheses", async () => {
    const files = new Map([
      ["cmd/main.go", "package main\n\nimport `github.com/aws/aws-sdk-go/service/ec2`\n\nvar x = ec2.CreateVpcInput{}\n"],
    ]);
    expect([...(await findCalls(files, MODULE, "cmd")).keys()]).toEqual(["ec2:CreateVpc"]);
  });

  it.each([
    ["a line comment", "// c.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})"],
    ["a block comment", "/*\nc.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})\n*/"],
    ["a string", 'var help = "c.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})"'],
    ["a raw string", "var help = `\nc.ec2.DescribeVpcs(ctx, ec2.DescribeVpcsInput{})`"],
    [
      "an interface",
      "type EC2 interface {\n\tDescribeVpcs(ctx context.Context, input *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error)\n}",
    ],
    [
      "a method that forwards",
      "func (s *sdk) DescribeVpcs(ctx context.Context, in *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error) {\n\treturn s.ec2.DescribeVpcs(ctx, in)\n}",
    ],
    ["a parameter", "func (c *Cloud) find(requests []*ec2.DescribeVpcsInput) {}"],
    ["a result", "func (c *Cloud) request() *ec2.DescribeVpcsInput { return c.input }"],
    ["the input of another package", "var input = other.ec2.DescribeVpcsInput{}"],
    ["a method that is no operation", "func (c *Cloud) find() { c.DescribeEverything(ctx) }"],
  ])("do not include %s", async (_, code) => {
    expect(await callsOf(V2, code)).toEqual([]);
  });

  it("do not include test files, vendored packages and packages that the main package does not use", async () => {
    const call = go(V2, "var input = ec2.DescribeVpcsInput{}");
    const files = new Map([
      ["cmd/main.go", MAIN],
      ["pkg/cloud/cloud.go", "package cloud\n"],
      ["pkg/cloud/cloud_test.go", call],
      ["pkg/cloud/fake/fake.go", call],
      ["tests/e2e/setup.go", call],
      ["vendor/example.com/driver/pkg/cloud/cloud.go", call],
      ["cmd/other/main.go", call],
    ]);
    expect([...(await findCalls(files, MODULE, "cmd")).keys()]).toEqual([]);
  });

  it("name the files that contain them, also those that the main package imports indirectly", async () => {
    const call = go(V2, "var input = ec2.DescribeVpcsInput{}");
    const files = new Map([
      ["cmd/main.go", MAIN],
      ["pkg/cloud/cloud.go", call.replace('"context"', '_ "example.com/driver/pkg/inner"')],
      ["pkg/inner/one.go", call],
      ["pkg/inner/two.go", "package inner\n"],
    ]);
    expect([...(await findCalls(files, MODULE, "cmd"))]).toEqual([
      ["ec2:DescribeVpcs", ["pkg/cloud/cloud.go", "pkg/inner/one.go"]],
    ]);
  });

  it("are not assigned to one of two services that both have the operation", async () => {
    const imports = `${V2}\n\t"github.com/aws/aws-sdk-go-v2/service/autoscaling"`;
    expect(await callsOf(imports, "func all() { c.DescribeTags(ctx, input()) }")).toEqual([]);
    expect(await callsOf(imports, "func all() { c.DescribeTags(ctx, &autoscaling.DescribeTagsInput{}) }")).toEqual([
      "autoscaling:DescribeTags",
    ]);
  });

  it("include those of a service without a data file of its own", async () => {
    const imports = '"github.com/aws/aws-sdk-go-v2/service/unknown"';
    expect(await callsOf(imports, "var input = unknown.ListThingsInput{}")).toEqual(["unknown:ListThings"]);
  });

  it("reject a waiter whose operation is unknown", async () => {
    await expect(callsOf(V2, "var w = ec2.NewMoonFullWaiter(client)")).rejects.toThrow(
      "pkg/cloud/cloud.go: unknown waiter MoonFull of ec2; enter the operation that it polls in waiters.ts",
    );
  });

  it("require the main package", async () => {
    await expect(findCalls(new Map(), MODULE, "cmd")).rejects.toThrow(
      "example.com/driver: the folder cmd has no Go files; enter the folder of the main package in components.ts",
    );
  });
});
