import { judgeName } from "../../../../../src/cli/account/preflight/checks/name-collisions";

describe("a name that DKP uses", () => {
  const name = (id: string | undefined) => ({ what: "key pair dev", id, code: "InvalidKeyPair.Duplicate" });

  it.each([
    ["unused before the cluster exists", undefined, false, "ok", "the key pair dev does not exist yet"],
    [
      "in use before the cluster exists",
      "key-1",
      false,
      "failed",
      "the key pair dev exists (key-1), and DKP creates it itself: the bootstrap would fail with InvalidKeyPair.Duplicate",
    ],
    ["in use by the cluster", "key-1", true, "ok", "the key pair dev exists (key-1), as --existing-cluster expects"],
    [
      "unused although the cluster exists",
      undefined,
      true,
      "warning",
      "the key pair dev does not exist, and --existing-cluster expects the cluster",
    ],
  ])("%s", (_, id, existingCluster, verdict, found) => {
    expect(judgeName(name(id), existingCluster)).toMatchObject({ verdict, found });
  });
});
