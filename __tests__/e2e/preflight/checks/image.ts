import { RegisterImageCommand } from "@aws-sdk/client-ec2";
import { imageCheck } from "../../../../src/cli/account/preflight/checks/image";
import type { LocalAws } from "../../support/local-aws";
import { AMI, CPU, imageResponse, settings, testChecks } from "../../support/preflight";

const IMAGE = settings(`amis: [${AMI}]`);

async function createFixtures(local: LocalAws) {
  const { ImageId: registered } = await local.ec2().send(new RegisterImageCommand({ Name: "registered" }));
  return { registered };
}

export const image = testChecks([imageCheck], createFixtures, [
  {
    verdict: "ok",
    of: "an image with one EBS disk",
    settings: () => IMAGE,
    answers: imageResponse({ ephemeral: { "/dev/sdb": "ephemeral0" } }),
    expected: () => [
      `${AMI} is available, x86_64, one EBS disk /dev/sda1 of 8 GiB; also maps ephemeral0 at /dev/sdb, which has an effect only on instance types with instance store volumes`,
    ],
  },
  {
    verdict: "failed",
    of: "a second disk",
    settings: () => IMAGE,
    answers: imageResponse({ disks: { "/dev/sda1": 8, "/dev/sdf": 20 } }),
    expected: () => [
      `${AMI} has 2 disks (/dev/sda1, /dev/sdf), and DKP requires exactly one, the root disk /dev/sda1`,
      "create an image with only the root disk: start an instance from it, detach the other disks, create an image",
    ],
  },
  {
    verdict: "failed",
    of: "one disk that is not the root disk",
    settings: () => IMAGE,
    answers: imageResponse({ disks: { "/dev/sdf": 20 } }),
    expected: () => [
      `${AMI} has one disk (/dev/sdf), and DKP requires exactly one, the root disk /dev/sda1`,
      "create an image with only the root disk: start an instance from it, detach the other disks, create an image",
    ],
  },
  {
    verdict: "failed",
    of: "an image that is not available",
    settings: () => IMAGE,
    answers: imageResponse({ state: "pending" }),
    expected: () => [`${AMI} is pending`, "use an image whose state is available"],
  },
  {
    verdict: "failed",
    of: "an image for arm64",
    settings: () => IMAGE,
    answers: imageResponse({ architecture: "arm64" }),
    expected: () => [`${AMI} is for arm64, and ${CPU}`, "use an image for x86_64"],
  },
  {
    verdict: "warning",
    of: "an image without ENA",
    settings: () => IMAGE,
    answers: imageResponse({ ena: false }),
    expected: () => [`${AMI} has no EnaSupport, which every Nitro instance type requires`, "use an image with EnaSupport"],
  },
  {
    verdict: "warning",
    of: "an image that accepts only IMDSv2",
    settings: () => IMAGE,
    answers: imageResponse({ imds: "v2.0" }),
    expected: () => [
      `${AMI} starts instances that accept only IMDSv2 (ImdsSupport v2.0), and DKP expects that only with imdsv2`,
      "set cluster.imdsv2: true here and in DKP, or use an image without ImdsSupport",
    ],
  },
  {
    verdict: "failed",
    of: "a root device that is not EBS",
    settings: ({ registered }) => settings(`amis: [${registered}]`),
    expected: ({ registered }) => [
      `${registered} has a root device of type standard, DKP requires EBS`,
      "use an image with an EBS root disk",
    ],
  },
  {
    verdict: "failed",
    of: "an image that does not exist",
    settings: () => IMAGE,
    expected: () => [
      `${AMI} does not exist in eu-central-1, or is not shared with this account`,
      "use another image; image IDs differ between regions",
    ],
  },
  { verdict: "skipped", of: "no image", expected: () => ["no image is set", "set cluster.amis"] },
]);
