import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { REGION } from "../../src/iam/partitions";
import { REGIONS } from "../../src/iam/regions";

describe("REGIONS", () => {
  it("holds every region of the AWS SDK that is installed, and no other", () => {
    const core = dirname(require.resolve("@aws-sdk/core/package.json"));
    const source = readFileSync(join(core, "dist-es/submodules/client/util-endpoints/lib/aws/partitions.js"), "utf8");
    const known = [...source.matchAll(/"([a-z-]+-\d+)": \{/g)].map(([, region]) => region);
    expect([...REGIONS].sort()).toEqual([...known].sort());
    expect(known.length).toBeGreaterThan(40);
  });

  it("holds only names that a settings file may have", () => {
    expect(REGIONS.filter((region) => !REGION.test(region))).toEqual([]);
  });
});
