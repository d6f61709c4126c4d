import { ACCOUNT, type Answers, accountWith } from "../../../../__tests__/helpers/aws-answers";
import { deployment } from "../../../../__tests__/helpers/deployment";
import {
  CONFIGURATION,
  OLD_KEY,
  runningClusterWith,
} from "../../../../__tests__/helpers/stand-in-cluster";
import { accountIn } from "../../src/account/dkp-key";
import {
  isUnknownKey,
  leakRefusal,
  replacementOf,
  replacementText,
} from "../../src/account/hand-over/replacement";
import type { RunningCluster } from "../../src/cluster/running-cluster";

const NEW_KEY = "AKIAI44QH8DHBEXAMPLE";
const SETTINGS = `accountId: "${ACCOUNT}"\ncluster: { prefix: dev }`;
const ANSWERS = {
  GetCallerIdentity: { Account: ACCOUNT },
  GetAccessKeyInfo: { Account: ACCOUNT },
  ListAccessKeys: { [OLD_KEY]: "Active", [NEW_KEY]: "Active" },
};
const WITHOUT_OLD = { ListAccessKeys: { [NEW_KEY]: "Active" } };
const NO_ANSWER = { ...WITHOUT_OLD, GetAccessKeyInfo: "error timed out" };

interface Given {
  readonly settings?: string;
  readonly cluster?: Partial<RunningCluster>;
  readonly answers?: Answers;
  readonly current?: string;
}

const replacement = ({
  settings = SETTINGS,
  cluster = {},
  answers = {},
  current = NEW_KEY,
}: Given) =>
  replacementOf(
    deployment(settings),
    { ...runningClusterWith(CONFIGURATION), ...cluster },
    current,
    accountWith({ ...ANSWERS, ...answers }),
    0,
  );

const refusalOf = ({
  settings = SETTINGS,
  cluster = {},
  answers = {},
  leaked = [NEW_KEY],
}: Omit<Given, "current"> & { readonly leaked?: readonly string[] }) =>
  leakRefusal(
    deployment(settings),
    { ...runningClusterWith(CONFIGURATION), ...cluster },
    leaked,
    accountWith({ ...ANSWERS, ...answers }),
  );

describe("replacementOf", () => {
  it("replaces a key of the deployment's user, whatever its status", async () => {
    const answers = { ListAccessKeys: { [OLD_KEY]: "Inactive", [NEW_KEY]: "Active" } };
    expect(await replacement({ answers })).toEqual({
      from: OLD_KEY,
      to: NEW_KEY,
      isUnknown: false,
    });
  });

  it("knows the current key in the cluster", async () => {
    expect(await replacement({ current: OLD_KEY })).toEqual({
      from: OLD_KEY,
      to: OLD_KEY,
      isUnknown: false,
    });
  });

  it("says of a key that nobody has that it was deleted", async () => {
    expect(await replacement({ answers: WITHOUT_OLD })).toEqual({
      from: OLD_KEY,
      to: NEW_KEY,
      isUnknown: true,
    });
  });

  it("takes a key for unknown for which IAM denies the question", async () => {
    const answers = { ...WITHOUT_OLD, GetAccessKeyLastUsed: "error AccessDenied" };
    expect(await replacement({ answers })).toMatchObject({ isUnknown: true });
  });

  it("does not say of a key that IAM lists late that it was deleted", async () => {
    const lists = [WITHOUT_OLD.ListAccessKeys, ANSWERS.ListAccessKeys];
    const iam = accountWith({
      ...ANSWERS,
      get ListAccessKeys() {
        return lists.shift();
      },
    });
    expect(
      await isUnknownKey(deployment(SETTINGS), runningClusterWith(CONFIGURATION), iam, 0),
    ).toBe(false);
    expect(lists).toEqual([]);
  });

  it("takes the account from the ID of a deleted key that STS does not know", async () => {
    const answers = { ...WITHOUT_OLD, GetAccessKeyInfo: "error ValidationError" };
    await expect(replacement({ answers })).rejects.toThrow(
      `and the cluster of dev has 581039954779, as its key ${OLD_KEY} shows; `,
    );
    expect(["AKIAY34FZKBOKMUTVV7A", "AKIAQNZGKIQY56JQ7WML"].map(accountIn)).toEqual([
      "609629065308",
      "029608264753",
    ]);
  });

  it.each([
    [
      "accountId: is not in the settings of deckhouse, and shows ",
      { settings: "cluster: { prefix: dev }" },
    ],
    [
      "cluster.prefix: is not in the settings of deckhouse, and shows ",
      { settings: `accountId: "${ACCOUNT}"` },
    ],
    [
      "cluster.prefix: the settings have dev, and the cluster of dev has prod; this is another cluster: name another ",
      { cluster: { prefix: "prod" } },
    ],
    [
      "cluster.prefix: the settings have dev, and the cluster of dev has none; this is another cluster: name another ",
      { cluster: { prefix: undefined } },
    ],
    [
      "region: the settings have eu-central-1, and the cluster of dev has us-east-1; this is another cluster: name another --context or stack",
      {
        cluster: runningClusterWith(CONFIGURATION.replace("eu-central-1", "us-east-1")),
      },
    ],
    [
      "dev: Commander manages the cluster, and writes its own configuration back; ",
      { cluster: { isOfCommander: true } },
    ],
    [
      "accountId: the settings have 123456789012, and the credentials are of 210987654321; use credentials of 123456789012, or check the backend",
      { answers: { GetCallerIdentity: { Account: "210987654321" } } },
    ],
    [
      `the current key ${NEW_KEY} is Inactive in IAM; npx dkp-access keys deckhouse shows what to do`,
      { answers: { ListAccessKeys: { [OLD_KEY]: "Active", [NEW_KEY]: "Inactive" } } },
    ],
    [
      `the current key ${NEW_KEY} is no key of deckhouse in IAM; `,
      { answers: { ListAccessKeys: { [OLD_KEY]: "Active" } } },
    ],
    [
      `accountId: the settings have 123456789012, and the cluster of dev has 210987654321, as its key ${OLD_KEY} shows; this is another cluster: name another --context or stack`,
      { answers: { ...WITHOUT_OLD, GetAccessKeyInfo: { Account: "210987654321" } } },
    ],
    [
      `user.name: the settings have deckhouse, and the cluster of dev has bob, as its key ${OLD_KEY} shows; this is another cluster: name another --context or stack`,
      { answers: { ...WITHOUT_OLD, GetAccessKeyLastUsed: { UserName: "bob" } } },
    ],
    ["why", { answers: NO_ANSWER }],
  ])("refuses: %s", async (message, given) => {
    await expect(replacement(given)).rejects.toThrow(message);
  });
});

it("says before what a hand-over will do", () => {
  expect(replacementText({ from: OLD_KEY, to: NEW_KEY, isUnknown: false }, "prod")).toBe(
    `${NEW_KEY} replaces ${OLD_KEY} in prod: two fields of the Secret kube-system/d8-provider-cluster-configuration change.
DKP restarts the components that call AWS.
`,
  );
  expect(replacementText({ from: OLD_KEY, to: NEW_KEY, isUnknown: true }, "prod")).toMatch(
    `No user of the account has ${OLD_KEY}: it was deleted.\n${NEW_KEY} replaces ${OLD_KEY} in prod: `,
  );
});

describe("leakRefusal", () => {
  it.each<readonly [what: string, refusal: string | undefined, Parameters<typeof refusalOf>[0]]>([
    ["where the user has the cluster's key", undefined, {}],
    ["with settings that do not say which cluster it is", undefined, { settings: "" }],
    ["where nobody has the cluster's key", undefined, { answers: WITHOUT_OLD }],
    [
      "where IAM denies the call for it",
      undefined,
      { answers: { ...WITHOUT_OLD, GetAccessKeyLastUsed: "error AccessDenied" } },
    ],
    ["where the cluster's key leaked", undefined, { leaked: [OLD_KEY], answers: NO_ANSWER }],
    [
      "where another prefix is no cluster of the settings",
      "cluster.prefix: the settings have dev, and the cluster of dev has prod; this is another cluster: name another --context or stack",
      { leaked: [OLD_KEY], cluster: { prefix: "prod" } },
    ],
    [
      "where Commander manages it",
      "Commander manages the cluster, and writes its own configuration back",
      { leaked: [OLD_KEY], cluster: { isOfCommander: true } },
    ],
    [
      "where the cluster has another user's key",
      `user.name: the settings have deckhouse, and the cluster of dev has bob, as its key ${OLD_KEY} shows; `,
      { answers: { ...WITHOUT_OLD, GetAccessKeyLastUsed: { UserName: "bob" } } },
    ],
    [
      "where the cluster has another account's key",
      `accountId: the settings have 123456789012, and the cluster of dev has 210987654321, as its key ${OLD_KEY} shows; `,
      { answers: { ...WITHOUT_OLD, GetAccessKeyInfo: { Account: "210987654321" } } },
    ],
    ["where STS does not answer", "why", { answers: NO_ANSWER }],
  ])("is a string and no error %s: %s", async (_, refusal, given) => {
    expect(await refusalOf(given)).toEqual(refusal && expect.stringContaining(refusal));
  });
});
