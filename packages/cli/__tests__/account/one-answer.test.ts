import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ACCOUNT, accountWith } from "../../../../__tests__/helpers/aws-answers";
import { deployment } from "../../../../__tests__/helpers/deployment";
import { appliedAccount, appliedState } from "../../../../__tests__/helpers/drift";
import { realPlan } from "../../../../__tests__/helpers/edited-plans";
import {
  iamKey,
  inCluster,
  NEW,
  NOW,
  OLD,
  situation,
} from "../../../../__tests__/helpers/key-situations";
import { Account, NIGHTLY } from "../../../../__tests__/helpers/rotation-account";
import { ADDRESSES } from "../../../../src/terraform/addresses";
import { ClusterMismatch } from "../../src/account/dkp-key";
import { DRIFT_RULES, type DriftRules } from "../../src/account/drift/drift-rules";
import { driftReport } from "../../src/account/drift/report";
import { isUnknownKey, requireCluster } from "../../src/account/hand-over/replacement";
import { KEY_RULES, type KeyRules } from "../../src/account/keys/key-rules";
import { keyReport, keysJson } from "../../src/account/keys/report";
import { keySituation } from "../../src/account/keys/situation";
import { rotatingOf } from "../../src/account/rotate/next-step";
import { ROTATE_RULES, type RotateRules } from "../../src/account/rotate/rotate-rules";
import { rotateOnce } from "../../src/account/rotate/rotation";
import { CLUSTER_RULES, type ClusterRules } from "../../src/account/shared-rules";
import { RULES } from "../../src/diff/change-rules";
import { changesOfPlan } from "../../src/diff/plans/plan-findings";
import { adviceLines, EXIT, exitCodeOf, type Rules, textOf } from "../../src/findings/finding";

type KeyTimes = readonly [days: number, used?: number | null, status?: string];

/** A state of an account and a cluster, and what the commands say of it. */
interface Row {
  readonly state: string;
  readonly managedBy?: "terraform" | "none";
  /** In the state. */
  readonly terraform?: string;
  readonly keys: Readonly<Record<string, KeyTimes>>;
  readonly cluster: string;
  readonly differs?: { readonly prefix?: string; readonly region?: string };
  readonly isOfCommander?: boolean;
  readonly hasNoUser?: boolean;
  readonly owner?: { readonly user?: string; readonly account?: string };
  readonly says: Readonly<Record<Command, string>>;
}

type Command = "keys" | "rotate" | "drift" | "plan";

interface Said {
  readonly code: number;
  readonly rules: readonly string[];
  /** By rule: sentence, risk and remedy. */
  readonly texts: Readonly<Record<string, readonly string[]>>;
}

const ROWS = parse(
  readFileSync(join(__dirname, "one-answer.states.yaml"), "utf8")
    .replaceAll(/\bOLD\b/g, OLD)
    .replaceAll(/\bNEW\b/g, NEW),
) as readonly Row[];

function said<Of extends Rules>(rules: Of, found: readonly { readonly rule: string }[]): Said {
  const findings = found as never[];
  return {
    code: exitCodeOf<Of>(rules, findings),
    rules: found.map(({ rule }) => rule),
    texts: Object.fromEntries(
      findings.map((each, at) => [
        found[at]?.rule,
        [textOf<Of>(rules, each), ...adviceLines<Of>(rules, each)],
      ]),
    ),
  };
}

/** What the user of the settings has, as AWS and the state return it. */
function worldOf({ managedBy = "rotate" as never, terraform, keys, cluster: dkpKey, ...row }: Row) {
  const settings = deployment(
    `accountId: "${ACCOUNT}"\ncluster: { prefix: dev }\naccessKeys: { managedBy: ${managedBy} }`,
  );
  const listed = Object.entries(keys).map(([id, [days, used, status]]) =>
    iamKey(id, days, used ?? undefined, status),
  );
  const { prefix, region } = row.differs ?? {};
  const given = inCluster(situation("", terraform, ...listed), dkpKey, prefix, region);
  const cluster = given.cluster && { ...given.cluster, isOfCommander: row.isOfCommander === true };
  const { user: owner = "deckhouse", account = ACCOUNT } = row.owner ?? {};
  const answers: Record<string, unknown> = {
    ...appliedAccount(settings),
    GetAccessKeyInfo: { Account: account },
    ListAccessKeys: Object.fromEntries(
      listed.map(({ id, status: Status, created: CreateDate }) => [id, { Status, CreateDate }]),
    ),
    ...(row.owner?.user && { [`GetAccessKeyLastUsed ${dkpKey}`]: { UserName: owner } }),
    ...(row.hasNoUser && { ListAccessKeys: "error NoSuchEntity", GetUser: "error NoSuchEntity" }),
  };
  for (const { id, lastUsed } of listed) {
    const use = lastUsed && {
      ...{ LastUsedDate: lastUsed.at, ServiceName: lastUsed.service, Region: lastUsed.region },
    };
    answers[`GetAccessKeyLastUsed ${id}`] = { UserName: "deckhouse", AccessKeyLastUsed: use };
  }
  const resources = { current: appliedState(settings, terraform), tainted: [], deposed: [] };
  const value = "value" in given.state ? { ...given.state.value, resources } : undefined;
  if (cluster === undefined || value === undefined) {
    throw new Error("the row has no cluster");
  }
  return { settings, cluster, state: { value }, listed, iam: accountWith(answers, NOW) };
}

type World = ReturnType<typeof worldOf>;

async function keysSay({ settings, state, iam, cluster }: World) {
  const report = keyReport(await keySituation(settings, state, iam, cluster));
  const { keys } = keysJson(report) as { keys: readonly { id: string; who: string }[] };
  const ofDkp = keys.filter(({ who }) => /\bDKP\b/.test(who)).map(({ id }) => id);
  return { ...said<KeyRules>(KEY_RULES, report.findings), ofDkp };
}

async function driftSays({ settings, state, iam, cluster }: World) {
  const report = await driftReport(settings, state, iam, { cluster, version: undefined });
  return said<DriftRules>(DRIFT_RULES, report.findings);
}

/** A night of `rotate --cluster`, which refuses keys that somebody else manages. */
async function rotateSays({ settings, iam, cluster, listed }: World, hasUser: boolean) {
  const account = new Account(NOW);
  const { calls } = account;
  const { managedBy } = settings.accessKeys;
  if (managedBy === "none") {
    return { code: EXIT.error, rules: [], texts: {}, calls };
  }
  account.secret = cluster.configuration.keyId;
  for (const { id, status, created = NOW, lastUsed } of listed) {
    account.set({ id, status: status as "Active", created, uses: lastUsed ? [lastUsed] : [] });
  }
  const wanted = { ...NIGHTLY, ...rotatingOf(settings, cluster.isOfCommander, hasUser) };
  try {
    await requireCluster(settings, cluster, iam);
    await isUnknownKey(settings, cluster, iam, 0);
    const { findings } = await rotateOnce(account.world(), wanted, async () => undefined);
    const { stack } = settings;
    const ofStack = findings.map(({ rule, values }) => ({ rule, values: { ...values, stack } }));
    return { ...said<RotateRules>(ROTATE_RULES, ofStack), calls };
  } catch (error) {
    if (error instanceof ClusterMismatch) {
      return { ...said<ClusterRules>(CLUSTER_RULES, [error.found]), calls };
    }
    throw error;
  }
}

/** Terraform reads the key of its state alone. */
function planSays({ settings, state, listed }: World) {
  const plan = realPlan("no-change");
  const { key } = state.value;
  const isOfKey = ({ address }: { readonly address: string }) => address === ADDRESSES.accessKey;
  const change = plan.resource_changes.find(isOfKey)?.change;
  if (key === undefined) {
    plan.resource_changes = plan.resource_changes.filter((entry) => !isOfKey(entry));
  } else if (settings.accessKeys.managedBy !== "terraform") {
    Object.assign(change ?? {}, { actions: ["forget"], after: null });
  } else if (listed.every(({ id }) => id !== key.id)) {
    const drift = {
      address: ADDRESSES.accessKey,
      change: { ...change, actions: ["delete"], after: null },
    };
    plan.resource_drift = [...(plan.resource_drift ?? []), drift as never];
    Object.assign(change ?? {}, { actions: ["create"], before: null });
  }
  const { deployments } = changesOfPlan(plan as never, "deckhouse", "");
  return said(
    RULES,
    deployments.flatMap(({ findings }) => findings.filter(({ rule }) => /key/.test(rule))),
  );
}

async function answersOf(row: Row) {
  return {
    keys: await keysSay(worldOf(row)),
    rotate: await rotateSays(worldOf(row), row.hasNoUser !== true),
    drift: await driftSays(worldOf(row)),
    plan: planSays(worldOf(row)),
  };
}

describe("one answer about DKP's key", () => {
  it.each(ROWS)("has these exit codes and rules where $state", async (row) => {
    const answers = Object.entries(await answersOf(row));
    const texts = answers.map(([command, { code, rules }]) => [
      command,
      [code, ...rules].join(" "),
    ]);
    expect(Object.fromEntries(texts)).toEqual(row.says);
  });

  it.each(ROWS)("has one level where $state", async (row) => {
    const { keys, rotate, drift, plan } = await answersOf(row);
    const codes = row.managedBy === "none" ? [keys, drift] : [keys, rotate, drift];
    expect(new Set(codes.map(({ code }) => code)).size).toBe(1);
    // The state shows neither the cluster nor who uses a key.
    expect(plan.code).toBeLessThan(EXIT.breaking);
  });

  it.each(ROWS)("is in the same words where $state", async (row) => {
    const { keys, rotate, drift } = await answersOf(row);
    const [ofKeys, ...others] = [keys, rotate, drift].map(({ texts }) => texts);
    for (const texts of others) {
      for (const rule of Object.keys(texts).filter((id) => ofKeys?.[id] !== undefined)) {
        // Without the command that ends a key, which drift never prints.
        const text = String(texts[rule]?.join("\n"));
        expect(ofKeys?.[rule]?.join("\n").slice(0, text.length)).toBe(text);
      }
    }
  });

  it.each(ROWS)("calls one key DKP's where $state", async (row) => {
    const { keys, ...others } = await answersOf(row);
    expect(keys.ofDkp).toEqual([row.cluster]);
    const text = JSON.stringify([keys.texts, ...Object.values(others).map(({ texts }) => texts)]);
    const named = [...text.matchAll(/DKP has (AKIA\w+)|(AKIA\w+), the key that DKP has/g)];
    expect(named.filter(([, has, key]) => (has ?? key) !== row.cluster)).toEqual([]);
    expect(text).not.toMatch(/attacker/);
  });

  it.each(ROWS)("announces what rotate then does where $state", async (row) => {
    const { keys, rotate } = await answersOf(row);
    const announced = keys.rules.filter((rule) => ["replace", "deactivate"].includes(rule));
    const done = rotate.calls.map((call) => {
      const [verb = ""] = call.split(" ");
      return { create: "replace", give: "replace", Inactive: "deactivate" }[verb] ?? verb;
    });
    expect([...new Set(done)]).toEqual(announced);
  });
});
