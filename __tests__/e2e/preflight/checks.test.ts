import { CHECKS } from "../../../src/cli/account/preflight/all-checks";
import { regionCheck } from "../../../src/cli/account/preflight/checks/region";
import { testAws } from "../support/preflight";
import { account } from "./checks/account";
import { elasticIps } from "./checks/elastic-ips";
import { existingVpc } from "./checks/existing-vpc";
import { iamNodeRole } from "./checks/iam-node-role";
import { image } from "./checks/image";
import { instanceType } from "./checks/instance-type";
import { marker } from "./checks/marker";
import { nameCollisions } from "./checks/name-collisions";
import { ownNames } from "./checks/own-names";
import { region } from "./checks/region";
import { samePrefix } from "./checks/same-prefix";
import { sourceAddresses } from "./checks/source-addresses";
import { userPermissions } from "./checks/user-permissions";

const TESTS = [
  account,
  region,
  image,
  instanceType,
  existingVpc,
  iamNodeRole,
  ownNames,
  nameCollisions,
  samePrefix,
  marker,
  elasticIps,
  sourceAddresses,
  userPermissions,
];

describe("the preflight", () => {
  // One local AWS for all: each start takes longer than all cases of a check.
  const aws = testAws();

  it("has cases of each check", () => {
    expect(TESTS.flatMap(({ names }) => names)).toEqual(["account", regionCheck.name, ...CHECKS.map(({ name }) => name)]);
  });

  describe.each(TESTS.map((tests) => ({ ...tests, title: tests.names.join(", ") })))("check $title", ({ register }) =>
    register(aws),
  );
});
