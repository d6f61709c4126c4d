import "cdktf/lib/testing/adapters/jest";
import { IamAccessKey } from "@cdktf/provider-aws/lib/iam-access-key";
import { Testing } from "cdktf";
import { AccessKeys, type AccessKeysProps } from "../../src/constructs/access-keys";
import { AccessUser } from "../../src/constructs/access-user";
import { ENCRYPTION_KEY } from "../helpers/pgp-keys";

Testing.setupJest();

function synth(props: Omit<AccessKeysProps, "user"> = {}) {
  let keys: AccessKeys | undefined;
  const json = Testing.synthScope((scope) => {
    keys = new AccessKeys(scope, "keys", { user: new AccessUser(scope, "user", { name: "dkp" }), ...props });
  });
  const resources = Object.values<object>(JSON.parse(json).resource.aws_iam_access_key);
  return { json, keys, count: resources.length };
}

describe("AccessKeys", () => {
  it("creates one protected, active key by default", () => {
    const { json, keys, count } = synth();
    expect(count).toBe(1);
    expect(json).toHaveResourceWithProperties(IamAccessKey, {
      user: expect.stringMatching(/^\$\{aws_iam_user\..*\.name\}$/),
      lifecycle: { prevent_destroy: true },
    });
    expect(json).not.toContain('"status"');
    expect(keys).toMatchObject({ hasSecretInState: true, current: { slot: "primary" } });
    expect(keys?.current.secretAccessKey).toBeDefined();
  });

  it("never creates a key before the old one is deleted", () => {
    expect(synth({ protect: false }).json).not.toContain("create_before_destroy");
  });

  it("creates the key of the other slot with its own status", () => {
    const { json, count } = synth({ secondary: { status: "Inactive" } });
    expect(count).toBe(2);
    expect(json).toHaveResourceWithProperties(IamAccessKey, { status: "Inactive" });
  });

  it("exposes only the encrypted secret of a slot with a pgpKey", () => {
    const { keys } = synth({ primary: { status: "Active", pgpKey: ENCRYPTION_KEY } });
    expect(keys?.hasSecretInState).toBe(false);
    expect(Object.keys(keys?.current ?? {})).toEqual(["slot", "accessKeyId", "encryptedSecretAccessKey", "keyFingerprint"]);
  });

  it("exposes no secret of an imported key", () => {
    const { keys } = synth({ primary: { status: "Active", imported: true } });
    expect(keys?.hasSecretInState).toBe(false);
    expect(Object.keys(keys?.current ?? {})).toEqual(["slot", "accessKeyId"]);
  });

  it("fails if the current slot is absent", () => {
    expect(() => synth({ current: "secondary" })).toThrow('current: the slot "secondary" is absent; choose a slot with a key');
  });
});
