import { type AccountObject, type DeploymentFacts, ownershipOf } from "../../../src/cli/account/ownership";
import type { StateResource } from "../../../src/cli/terraform/state-file";
import { deployment } from "../../helpers/deployment";

const SETTINGS = deployment(`nodeRole: { name: nodes }
cluster: { prefix: dev }
`);
const POLICY: AccountObject = { kind: "policy", name: "D8CloudProviderAWS" };
const USER: AccountObject = { kind: "user", name: "deckhouse" };
const ROLE: AccountObject = { kind: "role", name: "nodes" };

const resource = (address: string, attributes: StateResource["attributes"]) => ({ address, attributes });
const stateOf = (current: readonly StateResource[], outputs = {}) => ({
  resources: { current, tainted: [], deposed: [] },
  outputs,
});
const STATE = {
  user: resource("aws_iam_user.user", { name: "former" }),
  policy: resource("aws_iam_policy.policy", { name: "d8cloudprovideraws" }),
  attachment: resource("aws_iam_user_policy_attachment.policy-attachment", {
    user: "deckhouse",
    policy_arn: "arn:aws:iam::123456789012:policy/path/D8CloudProviderAWS",
  }),
};

interface Case extends Partial<Pick<DeploymentFacts, "settings">> {
  /** The resources of the state; undefined: it is not readable. */
  readonly state?: readonly StateResource[] | undefined;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly object: AccountObject;
  /** Undefined: not readable. */
  readonly uses?: readonly string[];
}

const ownership = ({ object, uses, settings = SETTINGS, outputs, ...rest }: Case) =>
  ownershipOf(object, uses === undefined ? { unread: "iam:...: AccessDenied" } : { value: uses }, {
    settings,
    state: "state" in rest && rest.state === undefined ? undefined : stateOf(rest.state ?? [], outputs),
  });

const DECKHOUSE = deployment("user: { name: Deckhouse }");
const UNUSED: Case = { object: POLICY, uses: [] };

describe("an object of the account is", () => {
  it.each<readonly [what: string, given: Case]>([
    ["in the state, by name without case", { object: POLICY, uses: [], state: [STATE.policy] }],
    ["in the state, whoever else uses it", { object: POLICY, uses: ["user second"], state: [STATE.policy] }],
    ["in the state, and its uses cannot be read", { object: POLICY, state: [STATE.policy] }],
  ])("ours: %s", (_, given) => {
    expect(ownership(given).owner).toBe("ours");
  });

  it.each(["tainted", "deposed"] as const)("ours: in the state, which has it as %s", (condition) => {
    const resources = { current: [], tainted: [], deposed: [], [condition]: [STATE.policy] };
    const facts = { settings: SETTINGS, state: { resources, outputs: {} } };
    expect(ownershipOf(POLICY, { value: [] }, facts).owner).toBe("ours");
  });

  it.each<readonly [what: string, given: Case]>([
    ["a policy that the user of the state uses", { object: POLICY, uses: ["user former"], state: [STATE.user] }],
    ["a policy that the user of the state uses, in another case", { object: POLICY, uses: ["user FORMER"], state: [STATE.user] }],
    ["a policy that an attachment of the state names", { ...UNUSED, state: [STATE.attachment] }],
    [
      "a policy that an attachment of the state names in another case",
      { object: { kind: "policy", name: "d8cloudprovideraws" }, uses: [], state: [STATE.attachment] },
    ],
    ["a policy that an output names", { ...UNUSED, outputs: { a: "arn:aws:iam::123456789012:policy/D8CloudProviderAWS" } }],
    ["a user that a resource of the state refers to", { object: USER, uses: [], state: [STATE.attachment] }],
  ])("ours and unmanaged: %s", (_, given) => {
    expect(ownership(given)).toEqual({ owner: "ours-unmanaged", by: [] });
  });

  it.each<readonly [what: string, given: Case, by: string]>([
    ["a policy of another user", { object: POLICY, uses: ["user deckhouse", "user second"] }, "user second"],
    ["a role of another cluster's profile", { object: ROLE, uses: ["instance profile b-node"] }, "instance profile b-node"],
  ])("another's: %s", (_, given, by) => {
    expect(ownership(given)).toEqual({ owner: "another", by: [by] });
  });

  it.each<readonly [what: string, given: Case]>([
    ["the user, where the state never had it: another deployment can have its default name", { object: USER, uses: [] }],
    ["a policy that nobody uses, and that no former state shows", { ...UNUSED, state: [STATE.user] }],
    ["a policy of a user that the state does not have", { object: POLICY, uses: ["user deckhouse"] }],
    ["a policy of such a user in another case", { object: POLICY, uses: ["user deckhouse"], settings: DECKHOUSE }],
    ["a role that no profile has", { object: ROLE, uses: [], state: [STATE.user] }],
    ["a role that the cluster's instance profile uses", { object: ROLE, uses: ["instance profile dev-node"] }],
    ["a role with the instance profile of the AWS console", { object: ROLE, uses: ["instance profile nodes"] }],
    ["a policy of which the uses cannot be read", { object: POLICY }],
    ["a policy that the state once had, of which the uses cannot be read", { object: POLICY, state: [STATE.attachment] }],
    ["a policy, without a readable state", { object: POLICY, uses: [], state: undefined }],
    [
      "a policy of no name of the settings",
      { object: { kind: "policy", name: "D8" }, uses: ["user former"], state: [STATE.user] },
    ],
  ])("unknown: %s", (_, given) => {
    expect(ownership(given).owner).toBe("unknown");
  });
});
