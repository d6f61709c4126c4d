import { ENCRYPTION_KEY } from "../helpers/pgp-keys";
import { deploymentsOf, deploymentWith, MINIMAL } from "../helpers/settings-files";

describe("a settings file", () => {
  it("needs no more than a region and a backend", () => {
    expect(deploymentsOf({ "dev.yaml": MINIMAL })).toEqual([
      {
        stack: "dev",
        stated: new Set(["region", "backend", "backend.s3"]),
        additionalRolePolicies: [],
        policies: [{ number: 1, name: "D8CloudProviderAWS", statements: expect.anything() }],
        settings: expect.objectContaining({ region: "eu-central-1" }),
        region: "eu-central-1",
        state: { type: "s3", arguments: { bucket: "states", key: "dev/terraform.tfstate", encrypt: true, use_lockfile: true } },
        provider: { version: ">= 5.100.0, < 7.0.0" },
        user: { name: "deckhouse", path: "/", forceDestroy: false },
        policy: {
          name: "D8CloudProviderAWS",
          path: "/",
          description: "Deckhouse policy",
          mode: "documented",
          supplement: true,
        },
        attachment: "user",
        group: { name: "deckhouse", path: "/" },
        accessKeys: { primary: { status: "Active" }, secondary: { status: "absent" }, current: "primary" },
        outputs: { secret: true },
        cluster: {
          peeredVPCs: [],
          peerAccountIds: [],
          iamNodeRolePath: "/",
          formerIamNodeRoles: [],
          tags: {},
          disableDefaultSecurityGroup: false,
          bastion: false,
          kmsKeyArns: [],
          features: [],
        },
        amis: [],
        protect: true,
      },
    ]);
  });

  it("may break a pgpKey into lines, as base64 does", () => {
    const lines = ENCRYPTION_KEY.replaceAll(/(.{76})/g, "$1\n      ");
    expect(deploymentWith(`accessKeys:\n  primary:\n    pgpKey: |\n      ${lines}\n`).accessKeys).toMatchObject({
      primary: { pgpKey: ENCRYPTION_KEY },
    });
  });
});
