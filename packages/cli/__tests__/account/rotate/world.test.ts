import { type Answers, callsOf } from "../../../../../__tests__/helpers/aws-answers";
import { deployment } from "../../../../../__tests__/helpers/deployment";
import { folderForEach } from "../../../../../__tests__/helpers/folder";
import { Account } from "../../../../../__tests__/helpers/rotation-account";
import { accessTo, CONFIGURATION } from "../../../../../__tests__/helpers/stand-in-cluster";
import type { Aws } from "../../../src/account/aws/client";
import { rotationWorld, userWorld } from "../../../src/account/rotate/world";
import { runningCluster } from "../../../src/cluster/running-cluster";

const ownerOf = (answers: Answers) => {
  const aws = { call: callsOf(answers, "error NoSuchEntity") };
  return userWorld(aws as unknown as Aws, deployment()).ownerOf("AKIAIOSFODNN7EXAMPLE");
};

describe("the owner of a leaked key", () => {
  it("is the user that IAM names, and none where IAM denies the call for this key", async () => {
    expect(await ownerOf({ GetAccessKeyLastUsed: { UserName: "bob" } })).toBe("bob");
    expect(await ownerOf({})).toBeUndefined();
    expect(await ownerOf({ GetAccessKeyLastUsed: "error AccessDenied" })).toBeUndefined();
  });

  it("is not unknown because of another error", async () => {
    await expect(ownerOf({ GetAccessKeyLastUsed: "error timed out" })).rejects.toThrow("why");
  });
});

describe("a new key", () => {
  const { at } = folderForEach();

  it("is refused by a configuration in which nothing can replace the key", async () => {
    const text = CONFIGURATION.replace("AccessKeyId: ", "AccessKeyId: &id ");
    const access = await accessTo(at(), { "provider-cluster-configuration": text });
    const cluster = await runningCluster(access);
    const world = rotationWorld(new Account(new Date()).world(), access, cluster, async () => true);
    expect(await world.give({ id: "AKIAI44QH8DHBEXAMPLE", secret: "secret" })).toMatchObject({
      failure: "refused",
    });
  });
});
