import { parse } from "yaml";
import { projectFile } from "./project-root";

type Json = Record<string, unknown>;
type ByAddress = Readonly<Record<string, Json>>;

interface Entry extends Json {
  address: string;
  change: Json & { actions: string[]; before: Json | null; after: Json | null };
}

/** The edited parts of a plan that `terraform show -json` prints. */
export interface EditablePlan extends Json {
  resource_drift?: (Json & Pick<Entry, "change">)[];
  resource_changes: Entry[];
  output_changes: Record<string, Json>;
}

/**
 * Plans in `plans/` that Terraform 1.11.4 and AWS provider 5.100.0 made. `after` has only what
 * differs from `before`.
 */
type PlanName = "no-change" | "first-apply";

type Edits<Name extends string, Value> = { readonly [Key in Name]?: Value };

interface Edit
  extends Edits<
      "after" | "before" | "change" | "drift" | "entry" | "create" | "destroy" | "output",
      ByAddress
    >,
    Edits<"delete" | "replace" | "forget" | "deposed" | "importing", readonly string[]>,
    Edits<"policy" | "nodePolicy" | "trust" | "top", Json> {
  readonly later?: Readonly<Record<string, readonly string[]>>;
  readonly read?: string;
}

interface Row extends Edit {
  readonly each?: readonly string[];
  readonly plan?: PlanName;
  readonly expect: readonly [exitCode: 0 | 2 | 3, ...rules: string[]];
}

/** A plan with an edit, and the required change summary. */
interface EditedPlan {
  readonly base: PlanName;
  readonly plan: EditablePlan;
  readonly exitCode: 0 | 2 | 3;
  readonly rules: readonly string[];
}

export const SECRETS = [
  "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  "BExamplePasswordForMailOfTheAccessKey0000000",
] as const;

const ADDRESSES: Readonly<Record<string, string>> = {
  user: "aws_iam_user.user",
  key: "aws_iam_access_key.user",
  policy: "aws_iam_policy.policy",
  userAttachment: "aws_iam_user_policy_attachment.policy-attachment",
  role: "aws_iam_role.node",
  rolePolicy: "aws_iam_role_policy.node",
  roleAttachment: "aws_iam_role_policy_attachment.node-policy-Extra",
};

export function realPlan(base: PlanName): EditablePlan {
  const plan = JSON.parse(projectFile(`__tests__/helpers/plans/${base}.json`)) as EditablePlan;
  for (const { change } of [...(plan.resource_drift ?? []), ...plan.resource_changes]) {
    change.after = { ...change.before, ...change.after };
  }
  for (const { change, type } of plan.resource_changes) {
    for (const side of [change.before, change.after]) {
      if (type === "aws_iam_access_key" && side?.secret !== undefined) {
        Object.assign(side, { secret: SECRETS[0], ses_smtp_password_v4: SECRETS[1] });
      }
    }
  }
  return plan;
}

export function editedPlans(): Readonly<Record<string, EditedPlan>> {
  const text = projectFile("__tests__/helpers/plans/edits.yaml");
  const sections = parse(
    text
      .replaceAll(/: all\b/g, `: [${Object.keys(ADDRESSES).join(", ")}]`)
      .replaceAll("BASE64", Buffer.from(SECRETS[0]).toString("base64"))
      .replaceAll("=URL", `=${encodeURIComponent(SECRETS[0])}`),
  ) as Record<string, Record<string, Row>>;
  const rows = Object.entries(sections).flatMap(([section, cases]) =>
    Object.entries(cases).flatMap(([name, row]) =>
      (row.each ?? [""]).map((of) => [`${section}: ${name} ${of}`.trim(), row, of] as const),
    ),
  );
  return Object.fromEntries(
    rows.map(([name, row, of]) => {
      const filled = JSON.stringify(row)
        .replaceAll('"$"', JSON.stringify(of))
        .replaceAll("SECRET", SECRETS[0])
        .replaceAll("PASSWORD", SECRETS[1]);
      const { plan: base = "no-change", expect, ...edit } = JSON.parse(filled) as Row;
      const [exitCode, ...rules] = expect;
      return [name, { base, plan: edited(realPlan(base), edit), exitCode, rules }];
    }),
  );
}

function edited(plan: EditablePlan, edit: Edit) {
  const entryOf = (name: string) =>
    plan.resource_changes.find(({ address }) => address === ADDRESSES[name]) as Entry;
  const each = (values: ByAddress | undefined, apply: (entry: Entry, values: Json) => void) =>
    Object.entries(values ?? {}).map(([name, attributes]) => apply(entryOf(name), attributes));
  const all = (names: readonly string[] | undefined, apply: (entry: Entry) => void) =>
    (names ?? []).map((name) => apply(entryOf(name)));
  const update = ({ change }: Entry, attributes: Json) =>
    Object.assign(change, {
      actions: change.actions[0] === "no-op" ? ["update"] : change.actions,
      after: { ...change.after, ...attributes },
    });
  const document = (name: string, argument: string, changes: Json | undefined) => {
    if (changes !== undefined) {
      const { add, ...rest } = changes;
      const before = JSON.parse(String(entryOf(name).change.after?.[argument])) as {
        Statement: object[];
      };
      const Statement = add === undefined ? before.Statement : [...before.Statement, add];
      update(entryOf(name), {
        [argument]: JSON.stringify(
          { ...before, Statement, ...rest },
          (_, value: unknown) => value ?? undefined,
        ),
      });
    }
  };
  each(edit.before, (entry, values) =>
    Object.assign(entry.change, {
      actions: ["update"],
      before: { ...entry.change.before, ...values },
    }),
  );
  each(edit.after, update);
  document("policy", "policy", edit.policy);
  document("rolePolicy", "policy", edit.nodePolicy);
  document("role", "assume_role_policy", edit.trust);
  for (const [name, attributes] of Object.entries(edit.later ?? {})) {
    update(
      entryOf(name),
      Object.fromEntries(attributes.map((attribute) => [attribute, undefined])),
    );
    entryOf(name).change.after_unknown = Object.fromEntries(
      attributes.map((attribute) => [attribute, true]),
    );
  }
  each(edit.change, ({ change }, values) => Object.assign(change, values));
  each(edit.drift, ({ address, type, change }, values) => {
    const drifted = {
      actions: ["update"],
      before: change.after,
      after: { ...change.after, ...values },
    };
    plan.resource_drift = [
      ...(plan.resource_drift ?? []),
      { address, mode: "managed", type, name: address.split(".")[1], change: drifted },
    ];
  });
  all(edit.delete, ({ change }) => Object.assign(change, { actions: ["delete"], after: null }));
  all(edit.forget, ({ change }) => Object.assign(change, { actions: ["forget"], after: null }));
  all(edit.replace, ({ change }) => Object.assign(change, { actions: ["delete", "create"] }));
  all(edit.importing, ({ change }) => Object.assign(change, { importing: { id: "x" } }));
  all(edit.deposed, (entry) =>
    plan.resource_changes.push({
      ...entry,
      deposed: "1a2b3c4d",
      change: { ...entry.change, actions: ["delete"], after: null },
    }),
  );
  each(edit.entry, (entry, values) => Object.assign(entry, values));
  const push = (address: string, change: Entry["change"]) => {
    const [type, name] = address.split(".");
    plan.resource_changes.push({ address, mode: "managed", type, name, change });
  };
  for (const [address, after] of Object.entries(edit.create ?? {})) {
    push(address, { actions: ["create"], before: null, after, after_unknown: { id: true } });
  }
  for (const [address, before] of Object.entries(edit.destroy ?? {})) {
    push(address, { actions: ["delete"], before, after: null, after_unknown: {} });
  }
  if (edit.read !== undefined) {
    const [type, name] = edit.read.split(".").slice(-2);
    const change = { actions: ["read"], before: null, after: {}, after_unknown: {} };
    plan.resource_changes.push({ address: edit.read, mode: "data", type, name, change });
  }
  for (const [name, values] of Object.entries(edit.output ?? {})) {
    const known = plan.output_changes[name] ?? {
      actions: ["create"],
      before: null,
      before_sensitive: false,
    };
    plan.output_changes[name] = {
      after_sensitive: false,
      after_unknown: false,
      ...known,
      ...values,
    };
  }
  return Object.assign(plan, edit.top);
}
