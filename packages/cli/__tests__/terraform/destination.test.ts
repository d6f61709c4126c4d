import { folderForEach } from "../../../../__tests__/helpers/folder";
import {
  configuredDestination,
  destinationDifferences,
  destinationText,
  initializedDestination,
  isMoved,
  locationOf,
  selectedWorkspace,
} from "../../src/terraform/destination";

const CONFIG = {
  bucket: "state",
  key: "x/terraform.tfstate",
  region: "eu-central-1",
  use_lockfile: true,
};
const configured = (backend: object) => configuredDestination({ terraform: { backend } });

describe("the destination of a folder", () => {
  const { at, write } = folderForEach();
  /** As Terraform 1.11.4 writes it, with null for what is not set. */
  const initialized = (type: string, config: object, workspace = "default") => {
    const backend = { type, config: { profile: null, ...config }, hash: 1 };
    write({
      "terraform.tfstate": JSON.stringify({ version: 3, terraform_version: "1.11.4", backend }),
    });
    return initializedDestination(at(), workspace);
  };
  const differences = (backend: object, type: string, config: object) => {
    return destinationDifferences(initialized(type, config), configured(backend));
  };
  const NONE: readonly string[] = [];

  it("is not read from a configuration that another command is writing", () => {
    expect(() => configuredDestination(undefined)).toThrow(
      new Error("cdk.tf.json: another command is writing it; run one command at a time"),
    );
  });

  it("is none before terraform init, and where another kind of store has the state", () => {
    expect(initializedDestination(at(), "default").type).toBe("none");
    write({ "terraform.tfstate": '{"version":3,"state_store":{"type":"aws_s3"}}' });
    expect(initializedDestination(at(), "default").type).toBe("none");
  });

  it.each([
    ["the same arguments", CONFIG, CONFIG, NONE, NONE],
    [
      "a block as a list",
      { ...CONFIG, endpoints: { s3: "https://s3" } },
      { ...CONFIG, endpoints: [{ s3: "https://s3" }] },
      NONE,
      NONE,
    ],
    [
      "a list in another order",
      { ...CONFIG, ids: ["a", "b"] },
      { ...CONFIG, ids: ["b", "a"] },
      NONE,
      NONE,
    ],
    ["an empty list", CONFIG, { ...CONFIG, allowed_account_ids: [] }, NONE, NONE],
    ["another bucket", CONFIG, { ...CONFIG, bucket: "other" }, ["bucket state -> other"], NONE],
    ["no lock", CONFIG, { ...CONFIG, use_lockfile: null }, ["use_lockfile true -> not set"], NONE],
    ["an argument more", CONFIG, { ...CONFIG, acl: "private" }, NONE, ["acl = private"]],
    [
      "another endpoint",
      CONFIG,
      { ...CONFIG, endpoints: { s3: "https://x" } },
      NONE,
      ["endpoints.s3 = https://x"],
    ],
    [
      "a secret more, without its value",
      CONFIG,
      { ...CONFIG, secret_key: "secret" },
      NONE,
      ["secret_key"],
    ],
  ])("has %s", (_, settings, config, different, additional) => {
    expect(differences({ s3: settings }, "s3", config)).toEqual({ different, additional });
  });

  it.each([
    ["the same", CONFIG, CONFIG, false],
    ["in another bucket", CONFIG, { ...CONFIG, bucket: "other" }, true],
    ["at another host", CONFIG, { ...CONFIG, endpoints: { s3: "https://x" } }, true],
    [
      "at a host that comes from elsewhere",
      CONFIG,
      { ...CONFIG, endpoints: { s3: "https://x" } },
      false,
      true,
    ],
    ["the same, read by another role", CONFIG, { ...CONFIG, profile: "admin" }, false],
  ])("has a state that is %s", (_, settings, config, moved, isPartial = false) => {
    expect(isMoved(initialized("s3", config), configured({ s3: settings }), isPartial)).toBe(moved);
  });

  it("has the same state where the settings name a default, and none before terraform init", () => {
    const [given, named] = [{ path: "x" }, { path: "x", address: "", datacenter: "" }];
    expect(isMoved(initialized("consul", given), configured({ consul: named }), false)).toBe(false);
    expect(isMoved(initialized("local", given), configured({ consul: given }), false)).toBe(true);
    expect(
      isMoved(initializedDestination(at("none"), "default"), configured({ consul: given }), false),
    ).toBe(false);
  });

  it("has another backend", () => {
    const { different } = differences({ s3: CONFIG }, "local", { path: "x" });
    expect(different.slice(0, 2)).toEqual(["backend s3 -> local", "bucket state -> not set"]);
  });

  it("is shown with what says which state it is, without what can be a secret", () => {
    const destination = initialized("s3", { ...CONFIG, secret_key: "secret" }, "other");
    expect(destinationText(destination)).toBe(
      "s3 (bucket state, key x/terraform.tfstate), workspace other",
    );
    expect(
      destinationText(configured({ remote: { organization: "a", workspaces: { prefix: "p-" } } })),
    ).toBe("remote (organization a, workspaces.prefix p-)");
  });

  it("counts for the digest by its location, and not by who reads it there", () => {
    const [planner, deployer] = ["planner", "deployer"].map((name) =>
      locationOf(
        initialized("s3", {
          ...CONFIG,
          assume_role: { role_arn: name },
          access_key: name,
          profile: name,
        }),
      ),
    );
    expect(planner).toEqual({
      type: "s3",
      arguments: { ...CONFIG, use_lockfile: "true" },
      workspace: "default",
    });
    expect(deployer).toEqual(planner);
  });

  it.each([
    ["a backend", { backend: { s3: CONFIG } }, "default"],
    [
      "a named workspace of HCP Terraform",
      { cloud: { organization: "x", workspaces: { name: "prod" } } },
      "prod",
    ],
    [
      "tags of HCP Terraform",
      { cloud: { organization: "x", workspaces: { tags: ["a"] } } },
      undefined,
    ],
    [
      "a named remote workspace",
      { backend: { remote: { workspaces: { name: "prod" } } } },
      "default",
    ],
    [
      "a prefix of remote workspaces",
      { backend: { remote: { workspaces: { prefix: "prod-" } } } },
      undefined,
    ],
  ])("has the workspace that settings say with %s", (_, terraform, workspace) => {
    expect(configuredDestination({ terraform }).workspace).toBe(workspace);
  });

  it("has the workspace of TF_WORKSPACE, else that of the data folder, else default", () => {
    expect(selectedWorkspace(at(), {}).workspace).toBe("default");
    write({ environment: "other\n" });
    expect(selectedWorkspace(at(), { TF_WORKSPACE: "" })).toEqual({
      workspace: "other",
      source: at("environment"),
    });
    expect(selectedWorkspace(at(), { TF_WORKSPACE: "third" })).toEqual({
      workspace: "third",
      source: "TF_WORKSPACE",
    });
  });
});
