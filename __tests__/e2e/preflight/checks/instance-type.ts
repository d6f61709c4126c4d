import { instanceTypeCheck } from "../../../../src/cli/account/preflight/checks/instance-type";
import { CPU, master, noFixtures, settings, testChecks } from "../../support/preflight";

export const instanceType = testChecks([instanceTypeCheck], noFixtures, [
  {
    verdict: "ok",
    of: "a type for x86_64",
    by: "local AWS",
    settings: () => settings("withNAT: { bastionInstance: { instanceClass: { instanceType: t3.small } } }"),
    expected: () => ["withNAT.bastionInstance: t3.small is available in eu-central-1, x86_64"],
  },
  {
    verdict: "failed",
    of: "a type for arm64",
    by: "local AWS",
    settings: () => settings(master("instanceType: m6g.large")),
    expected: () => [
      `masterNodeGroup: m6g.large is arm64, and ${CPU}`,
      "set cluster.masterNodeGroup.instanceClass.instanceType to a type for x86_64",
    ],
  },
  {
    verdict: "failed",
    of: "a type that the region does not have",
    by: "local AWS",
    settings: () => settings("nodeGroups: [{ name: front, replicas: 1, instanceClass: { instanceType: m5.huge } }]"),
    expected: () => [
      "nodeGroups.front: eu-central-1 has no instance type m5.huge",
      "correct cluster.nodeGroups.front.instanceClass.instanceType",
    ],
  },
]);
