import { TerraformStack } from "cdktf";
import { Construct } from "constructs";

export interface CheckBlocksProps {
  /** The Region that DKP will run in. */
  readonly region: string;
  /** The image of the masters, which nodes without an image of their own use too. @default no check of an image */
  readonly ami?: string | undefined;
}

/** A `check` block of Terraform: a data source that is read at every apply, and conditions on it. */
interface CheckBlock {
  readonly data: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly assert: readonly { readonly condition: string; readonly error_message: string }[];
}

/**
 * Checks Region and image in Terraform: `check` blocks, which warn and never stop an apply. The data source is inside the
 * block, so that Terraform turns its errors into warnings too. CDKTF has no class for the block.
 */
export class CheckBlocks extends Construct {
  constructor(scope: Construct, id: string, { region, ami }: CheckBlocksProps) {
    super(scope, id);
    const checks = { region: regionCheck(region), ...(ami === undefined ? {} : { image: imageCheck(region, ami) }) };
    TerraformStack.of(this).addOverride("check", checks);
  }
}

function regionCheck(region: string): CheckBlock {
  return {
    data: {
      aws_regions: {
        region: { all_regions: true, filter: [{ name: "opt-in-status", values: ["opt-in-not-required", "opted-in"] }] },
      },
    },
    assert: [
      {
        condition: `\${contains(data.aws_regions.region.names, "${region}")}`,
        error_message: `${region} is not enabled in this account; enable it under "AWS Regions" of the account's page`,
      },
    ],
  };
}

function imageCheck(region: string, ami: string): CheckBlock {
  const image = "data.aws_ami.image";
  const disks = `[for disk in ${image}.block_device_mappings : disk.device_name if length(disk.ebs) > 0]`;
  return {
    data: {
      aws_ami: {
        image: { include_deprecated: true, filter: [{ name: "image-id", values: [ami] }] },
      },
    },
    assert: [
      {
        condition: `\${${image}.state == "available"}`,
        error_message: `${ami} is not available in ${region}`,
      },
      {
        condition: `\${${image}.root_device_type == "ebs"}`,
        error_message: `${ami} has no EBS root disk, which DKP needs`,
      },
      {
        condition: `\${${disks} == [${image}.root_device_name]}`,
        error_message: `${ami} has other disks than its root disk, and DKP takes exactly one`,
      },
      {
        condition: `\${${image}.architecture == "x86_64"}`,
        error_message: `${ami} is not for x86_64, which DKP's node software needs`,
      },
    ],
  };
}
