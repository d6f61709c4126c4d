import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { exampleOf } from "../src";
import { cpuSeconds } from "./helpers/cpu";
import { sideOf } from "./helpers/pairs";
import { isNew } from "./helpers/simulation";

const VPC = "arn:aws:ec2:eu-central-1:111122223333:vpc";

describe("the example", () => {
  it.each<[string, before: string, after: string, action: string | undefined]>([
    [
      "Permissions management",
      "allow",
      "allow; ec2:DescribeVpcs ec2:DeleteVpc iam:PutRolePolicy ec2:CreateTags",
      "iam:PutRolePolicy",
    ],
    ["Write", "allow", "allow; ec2:DescribeVpcs ec2:CreateTags ec2:DeleteVpc", "ec2:DeleteVpc"],
    ["Tagging", "allow", "allow; ec2:DescribeVpcs ec2:CreateTags", "ec2:CreateTags"],
    [
      "an action that no reference lists before Read",
      "allow",
      "allow; s3:GetObject s3:Nothing",
      "s3:nothing",
    ],
    [
      "a verb that reads after one that writes",
      "allow",
      "allow; none:DescribeX none:Start",
      "none:start",
    ],
    ["Read before List", "allow", "allow; ec2:DescribeVpcs s3:GetObject", "s3:GetObject"],
    [
      "every service",
      "allow",
      "allow; lambda:ListTags lambda:UpdateFunctionCode",
      "lambda:UpdateFunctionCode",
    ],
    [
      "an action that a pattern matches",
      "allow",
      "allow; ec2:DescribeVpcs kms:*",
      "kms:CreateGrant",
    ],
    ["everything", "allow", "*", "iam:PutRolePolicy"],
    ["all but some", "allow", "allow; !iam:* sts:*", undefined],
    [
      "what a Deny no longer covers",
      "*; deny ec2:DescribeVpcs ec2:DeleteVpc",
      "*",
      "ec2:DeleteVpc",
    ],
    [
      "what is new only on other resources",
      `ec2:DeleteVpc on ${VPC}/a; iam:PassRole`,
      `ec2:DeleteVpc on ${VPC}/*; iam:PassRole`,
      "ec2:DeleteVpc",
    ],
    ["nothing of what everybody may do", "allow", "allow; sts:GetCallerIdentity", undefined],
    ["nothing where nothing is new", "*", "allow", undefined],
  ])("has an existing action of the highest access level: %s", (name, before, after, action) => {
    const [has, had] = [sideOf(after), sideOf(before)];
    const example = exampleOf(has, had);
    if (name === "all but some") {
      expect(example).toMatchObject({ level: "Permissions management", isWorst: true });
      return;
    }
    expect(example?.request.action).toBe(action);
    if (example !== undefined) {
      expect(example.isWorst).toBe(true);
      expect(isNew(has, had, example.request)).toBe(true);
    }
  });

  it.each<[string, before: string, after: string, resource: string]>([
    [
      "any resource",
      "allow",
      "ec2:DeleteVolume",
      "arn:aws:ec2:us-east-1:123456789012:volume/example",
    ],
    [
      "those of a Region and an account",
      "allow",
      `ec2:DeleteVpc on ${VPC}/* ${VPC}-x/*`,
      `${VPC}/example`,
    ],
    [
      "a name with a wildcard",
      "allow",
      "iam:GetRole on arn:aws:iam::123456789012:role/dev-*",
      "arn:aws:iam::123456789012:role/dev-example",
    ],
    [
      "another partition",
      "allow",
      "s3:GetObject on arn:aws-cn:s3:::b/*",
      "arn:aws-cn:s3:::b/example",
    ],
    [
      "a pattern that divides the ARN otherwise",
      "allow",
      "autoscaling:ResumeProcesses on arn:aws:autoscaling:*:*:*:autoScalingGroupName/eks-*",
      "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:a:autoScalingGroupName/eks-",
    ],
    ["no resource", "allow", "ec2:DescribeVpcs", "*"],
  ])("has a whole ARN of a type of its action: %s", (_, before, after, resource) => {
    expect(exampleOf(sideOf(after), sideOf(before))?.request.resource).toBe(resource);
  });

  it("ends within two seconds of CPU, however long an ARN is", () => {
    const after = sideOf(`ec2:* on arn:aws${":ec2:a".repeat(200)}`);
    const seconds = cpuSeconds(() => {
      expect(exampleOf(after, sideOf("-"))).toBeUndefined();
    });
    expect(seconds).toBeLessThan(2);
  });

  it("has what a condition demands", () => {
    const after = sideOf("iam:PassRole if StringEquals iam:PassedToService a b");
    const before = sideOf("iam:PassRole if StringEquals iam:PassedToService a");
    expect(exampleOf(after, before)?.request.context).toEqual({ "iam:PassedToService": "b" });
  });

  it("does not call itself the worst one where a more serious action is not comparable", () => {
    const after = sideOf(
      `iam:PutRolePolicy if StringEquals aws:username \${aws:userid}; s3:GetObject`,
    );
    expect(exampleOf(after, sideOf("-"))).toMatchObject({
      request: { action: "s3:GetObject" },
      isWorst: false,
    });
  });

  it("is missing where only resources that the action does not have are new", () => {
    expect(exampleOf(sideOf(`ec2:DeleteVolume on ${VPC}/*`), sideOf("-"))).toBeUndefined();
  });
});

it("data/actions.json is that of the installed Service Authorization Reference", () => {
  execFileSync(process.execPath, [join(__dirname, "../scripts/actions.mjs"), "--check"]);
});
