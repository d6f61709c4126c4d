import { needsAttention } from "../../../scripts/upstream/compare";
import {
  lastCompared,
  newerLine,
  readShippedVersions,
  shippedVersions,
  unverified,
  verifiedVersions,
} from "../../../scripts/upstream/components";
import { compareTerraform, DKP_RESOURCES } from "../../../scripts/upstream/terraform-model";
import { SUPPORTED_VERSIONS } from "../../../src/iam/dkp-versions";
import { folderForEach } from "../../helpers/folder";

const SERVICE = "github.com/hashicorp/terraform-provider-aws/internal/service";
/** The resources of the golden deployments that are not DKP's. */
const OWN = ["user", "access_key", "policy", "user_policy_attachment"].map(
  (name) => `aws_iam_${name}`,
);
const TYPES = [...DKP_RESOURCES, ...OWN, "aws_iam_role_policy_attachment"];

const { at, write } = folderForEach();

describe("the comparison with the call model of the Terraform provider", () => {
  /** The functions of types, and the calls of functions by module, type and name. */
  const compared = (
    handlers: Readonly<Record<string, object>>,
    patterns: Readonly<Record<string, string>>,
    types = TYPES,
  ) => {
    const map = types.map((resource_type) => ({ resource_type, ...handlers[resource_type] }));
    const call_patterns = Object.entries(patterns).map(([key, call]) => {
      const [module_path, class_name, function_name] = key.split(" ");
      const [service, operation] = call.split(":");
      return {
        module_path,
        class_name: class_name || null,
        function_name,
        sdk_operations: [{ service, operation }],
      };
    });
    const model = JSON.stringify({ version: "v7.0.0", call_patterns });
    write({ "terraform-crud-map.json": JSON.stringify(map), "terraform-model.json": model });
    return compareTerraform("1.77", at());
  };
  const unexplained = (comparisons: Awaited<ReturnType<typeof compared>>) =>
    comparisons.map(({ component, differences }) => [
      component,
      differences.filter(
        ({ only, explanation }) => only === "sources" && explanation === undefined,
      ),
    ]);

  it("reports a call that neither a row nor an explanation has, with the resource", async () => {
    const comparisons = await compared(
      {
        aws_vpc: { delete: `${SERVICE}/ec2.resourceVPCDelete` },
        aws_iam_user: { read: `${SERVICE}/iam.resourceUserRead` },
      },
      { "ec2  resourceVPCDelete": "ec2:DeleteEverything", "iam  resourceUserRead": "iam:ReadMind" },
    );
    expect(unexplained(comparisons)).toEqual([
      [
        "terraform",
        [
          {
            action: "ec2:DeleteEverything",
            only: "sources",
            files: ["aws_vpc"],
            explanation: undefined,
          },
        ],
      ],
      [
        "deployer",
        [
          {
            action: "iam:ReadMind",
            only: "sources",
            files: ["aws_iam_user"],
            explanation: undefined,
          },
        ],
      ],
    ]);
    expect(comparisons.map(({ version }) => version)).toEqual(["7.0.0", "7.0.0"]);
    expect(comparisons.map(needsAttention)).toEqual([true, true]);
  });

  it("follows the functions of tags, which are methods, and accepts calls that rows have", async () => {
    const tags = { update_tags_symbol: `${SERVICE}/ec2.(*servicePackage).UpdateTags` };
    const comparisons = await compared(
      { aws_subnet: { create: `${SERVICE}/ec2.resourceSubnetCreate`, tags } },
      {
        "ec2 servicePackage UpdateTags": "ec2:TagThemAll",
        "ec2  resourceSubnetCreate": "ec2:CreateSubnet",
      },
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
  const TREE = (...terraform: readonly string[]) => {
    const versions = (id: string, ...all: readonly string[]) =>
      `- id: ${id}\n  versions:\n${all.map((each) => `    - version: ${each}\n`).join("")}`;
    const components = [
      versions("ccm-aws", "v1.32.8", "v1.33.4"),
      versions("csi-aws", "v1.54.0", "v1.54.0"),
      ...terraform,
    ];
    write({ "modules/030-cloud-provider-aws/oss.yaml": components.join("") });
    return readShippedVersions(at());
  };

  it("are those of its oss.yaml, without repetitions; the verified ones of components that it does not have", () => {
    const shipped = TREE();
    expect(shippedVersions("cloud-controller-manager", shipped)).toEqual(["1.32.8", "1.33.4"]);
    expect(shippedVersions("ebs-csi", shipped)).toEqual(["1.54.0"]);
    expect(shippedVersions("machine-controller-manager", shipped)).toEqual(
      verifiedVersions("machine-controller-manager"),
    );
  });

  it("are named where the catalogue was not compared with them, and a newer release line is an error", () => {
    const shipped = TREE('- id: terraform-provider-aws\n  version: "6.1.0"\n');
    expect(unverified(shipped)).toEqual([
      "cloud-controller-manager: DKP ships 1.32.8; once compared, add them to VERIFIED_COMPONENTS",
      "terraform: DKP ships 6.1.0; once compared, add them to VERIFIED_COMPONENTS",
    ]);
    expect(unverified(new Map())).toEqual([]);
    expect(newerLine("1.99")).toBe(
      `DKP 1.99 is newer than ${SUPPORTED_VERSIONS.last}; once compared, write it into SUPPORTED_VERSIONS`,
    );
    expect(newerLine("1.77")).toBeUndefined();
  });

  it("have an age where they cannot be read", () => {
    expect(lastCompared("ebs-csi", 24, new Date("2026-12-05T00:00:00Z"))).toBe(
      "its 24 rows were last compared on 2026-11-25, 10 days ago, with 1.54.0",
    );
  });
});
