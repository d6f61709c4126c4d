import { CHECKS } from "../../../src/cli/account/preflight/all-checks";
import { regionCheck } from "../../../src/cli/account/preflight/checks/region";
import { testAws } from "../support/preflight";
import { account } from "./checks/account";
import { image } from "./checks/image";
import { marker } from "./checks/marker";
import { nameCollisions } from "./checks/name-collisions";
import { ownNames } from "./checks/own-names";
import { region } from "./checks/region";
import { samePrefix } from "./checks/same-prefix";
import { sourceAddresses } from "./checks/source-addresses";
import { userPermissions } from "./checks/user-permissions";

const TESTS = [account, region, image, ownNames, nameCollisions, samePrefix, marker, sourceAddresses, userPermissions];

describe("the preflight", () => {
  // One local AWS for all: each start takes longer than all cases of a check.
  const aws = testAws();

  it("has cases of each check that calls AWS", () => {
    const checks = [regionCheck, ...CHECKS].filter(({ calls }) => calls.length > 0);
    expect(TESTS.flatMap(({ names }) => names)).toEqual(["account", ...checks.map(({ name }) => name)]);
  });

  describe.each(TESTS.map((tests) => ({ ...tests, title: tests.names.join(", ") })))("check $title", ({ register }) =>
    register(aws),
  );
});
