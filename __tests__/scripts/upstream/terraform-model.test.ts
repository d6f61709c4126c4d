import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needsAttention } from "../../../scripts/upstream/compare";
import { COMPONENTS, type Component, shippedVersions, verifiedVersions } from "../../../scripts/upstream/components";
import { compareTerraform, DKP_RESOURCES } from "../../../scripts/upstream/terraform-model";

const SERVICE = "github.com/hashicorp/terraform-provider-aws/internal/service";
/** The resources of the golden deployments that are not DKP's. */
const OWN = ["user", "access_key", "policy", "user_policy_attachment", "group", "user_group_membership"].map(
  (name) => `aws_iam_${name}`,
);
const TYPES = [...DKP_RESOURCES, ...OWN, "aws_iam_group_policy_attachment", "aws_iam_role_policy_attachment"];

describe("the comparison with the call model of the Terraform provider", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "model-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  /** The functions of types, and the calls of functions by module, type and name. */
  const compared = (handlers: Readonly<Record<string, object>>, patterns: Readonly<Record<string, string>>, types = TYPES) => {
    const map = types.map((resource_type) => ({ resource_type, ...handlers[resource_type] }));
    const call_patterns = Object.entries(patterns).map(([key, call]) => {
      const [module_path, class_name, function_name] = key.split(" ");
      const [service, operation] = call.split(":");
      return { module_path, class_name: class_name || null, function_name, sdk_operations: [{ service, operation }] };
    });
    writeFileSync(join(folder, "terraform-crud-map.json"), JSON.stringify(map));
    writeFileSync(join(folder, "terraform-model.json"), JSON.stringify({ version: "v7.0.0", call_patterns }));
    return compareTerraform("1.77", folder);
  };
  const unexplained = (comparisons: Awaited<ReturnType<typeof compared>>) =>
    comparisons.map(({ component, differences }) => [
      component,
      differences.filter(({ only, explanation }) => only === "sources" && explanation === undefined),
    ]);

  it("reports a call that neither a row nor an explanation has, with the resource", async () => {
    const comparisons = await compared(
      { aws_vpc: { delete: `${SERVICE}/ec2.resourceVPCDelete` }, aws_iam_user: { read: `${SERVICE}/iam.resourceUserRead` } },
      { "ec2  resourceVPCDelete": "ec2:DeleteEverything", "iam  resourceUserRead": "iam:ReadMind" },
    );
    expect(unexplained(comparisons)).toEqual([
      ["terraform", [{ action: "ec2:DeleteEverything", only: "sources", files: ["aws_vpc"], explanation: undefined }]],
      ["deployer", [{ action: "iam:ReadMind", only: "sources", files: ["aws_iam_user"], explanation: undefined }]],
    ]);
    expect(comparisons.map(({ version }) => version)).toEqual(["7.0.0", "7.0.0"]);
    expect(comparisons.map(needsAttention)).toEqual([true, true]);
  });

  it("follows the functions of tags, which are methods, and accepts calls that rows have", async () => {
    const tags = { update_tags_symbol: `${SERVICE}/ec2.(*servicePackage).UpdateTags` };
    const comparisons = await compared(
      { aws_subnet: { create: `${SERVICE}/ec2.resourceSubnetCreate`, tags } },
      { "ec2 servicePackage UpdateTags": "ec2:TagThemAll", "ec2  resourceSubnetCreate": "ec2:CreateSubnet" },
    );
    expect(unexplained(comparisons)).toMatchObject([
      ["terraform", [{ action: "ec2:TagThemAll", files: ["aws_subnet"] }]],
      ["deployer", []],
    ]);
  });

  it("names a resource type that the model lacks", async () => {
    await expect(compared({}, {}, TYPES.slice(1))).rejects.toThrow(
      "the model of the Terraform provider has no aws_ebs_volume; correct DKP_RESOURCES in terraform-model.ts",
    );
  });
});

describe("the versions of a source tree of DKP", () => {
  const component = (name: string) => COMPONENTS.find((each) => each.name === name) as Component;

  it("are those of its oss.yaml, without repetitions; the verified ones of components that it does not have", () => {
    const tree = mkdtempSync(join(tmpdir(), "dkp-"));
    mkdirSync(join(tree, "modules/030-cloud-provider-aws"), { recursive: true });
    const version = (id: string, ...versions: readonly string[]) =>
      `- id: ${id}\n  versions:\n${versions.map((each) => `    - version: ${each}\n`).join("")}`;
    writeFileSync(
      join(tree, "modules/030-cloud-provider-aws/oss.yaml"),
      `${version("ccm-aws", "v1.32.8", "v1.33.4")}${version("csi-aws", "v1.54.0", "v1.54.0")}`,
    );
    expect(shippedVersions(component("cloud-controller-manager"), tree)).toEqual(["1.32.8", "1.33.4"]);
    expect(shippedVersions(component("ebs-csi"), tree)).toEqual(["1.54.0"]);
    const mcm = component("machine-controller-manager");
    expect(shippedVersions(mcm, tree)).toEqual(verifiedVersions(mcm));
    rmSync(tree, { recursive: true });
  });
});
