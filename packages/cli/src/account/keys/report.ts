import { visible } from "../../../../../src/text/printable";
import { adviceLines, type Finding, levelOf, textOf } from "../../findings/finding";
import { dayText } from "../../process/time";
import { counted } from "../../text/markdown";
import type { IamKey } from "../aws/iam-reader";
import { ageInDays } from "../key-times";
import { dueAt } from "../rotate/next-step";
import { ROTATE_RULES } from "../rotate/rotate-rules";
import { isOfNobody, keyFindings } from "./findings";
import { KEY_RULES, type KeyRules } from "./key-rules";
import { type KeySituation, keysElsewhere, terraformKeyOf } from "./situation";

/** A key of the user, or one that the state or the cluster has. */
interface KeyRow {
  readonly id: string;
  readonly inIam?: IamKey | undefined;
  readonly status: string;
  /** Who has it: Terraform, DKP, `rotate` until a day. */
  readonly who: string;
}

export interface KeyReport {
  readonly situation: KeySituation;
  readonly findings: readonly Finding<KeyRules>[];
  readonly rows: readonly KeyRow[];
}

export function keyReport(situation: KeySituation): KeyReport {
  const { state, iam, cluster } = situation;
  const findings = keyFindings(situation);
  const own = iam.keys.map(({ id }) => id);
  const ids = new Set([...own, ...keysElsewhere(state, cluster)]);
  const rows = [...ids].map((id): KeyRow => {
    const inIam = iam.keys.find((key) => key.id === id);
    const { user, account } =
      cluster?.configuration.keyId === id ? { ...iam.owner } : { user: iam.terraformOwner };
    const owner = user ?? account;
    const elsewhere = owner === undefined ? "not in IAM" : `of ${owner}`;
    return { id, inIam, status: inIam?.status ?? elsewhere, who: whoHas(id, situation, findings) };
  });
  return { situation, findings, rows };
}

function whoHas(
  id: string,
  situation: KeySituation,
  findings: readonly Finding<KeyRules>[],
): string {
  const { settings, iam, cluster } = situation;
  const { managedBy, maxAge } = settings.accessKeys;
  const inIam = iam.keys.find((key) => key.id === id);
  const who: string[] = [];
  if (terraformKeyOf(situation)?.id === id) {
    who.push("Terraform");
  }
  if (cluster?.configuration.keyId === id) {
    const isRotated = managedBy === "rotate" && inIam?.status === "Active";
    who.push(isRotated ? `DKP until ${dayText(dueAt(inIam, maxAge))}` : "DKP");
  }
  for (const { values } of findings) {
    // `rotate` waits for it.
    if ("other" in values && values.other === id && "until" in values) {
      who.push(`rotate until ${String(values.until).slice(0, "2026-12-01".length)}`);
    }
  }
  if (managedBy === "rotate" && inIam?.status === "Inactive" && who.length === 0) {
    who.push("rotate until it needs the room");
  }
  const nobody = isOfNobody(id, situation) ? "nobody here" : "not known";
  return who.join(", ") || nobody;
}

/** The report as text: a table, then the differences and what `rotate` does next. */
export function keyReportText({ situation, findings, rows }: KeyReport): string {
  const { settings, iam } = situation;
  const table = [
    ["key", "status", "age", "last use", "who has it"],
    ...rows.map(({ id, inIam, status, who }) => [id, status, ...timesOf(situation, inIam), who]),
  ];
  const widths = table[0]?.map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const lines = [
    `${settings.stack}: keys of the user ${settings.user.name} in account ${iam.account}`,
    ...(rows.length === 0 ? ["  none"] : table.map((row) => `  ${rowText(row, widths ?? [])}`)),
    ...findings.flatMap((finding) => [
      `${prefixOf(finding)}: ${textOf<KeyRules>(KEY_RULES, finding)}`,
      ...adviceLines<KeyRules>(KEY_RULES, finding).map((line) => `  ${line}`),
    ]),
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}

const rowText = (row: readonly string[], widths: readonly number[]) =>
  row
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join("  ")
    .trimEnd();

function timesOf({ iam }: KeySituation, key: IamKey | undefined): readonly [string, string] {
  if (key === undefined) {
    return ["", ""];
  }
  const { lastUsed } = key;
  const known = lastUsed === undefined ? "never" : `${dayText(lastUsed.at)}, ${lastUsed.service}`;
  const age = counted(Math.floor(ageInDays(key, iam.now)), "day");
  return [age, iam.unread === undefined ? known : "not read"];
}

/** A note of `rotate` says what its next run does. */
function prefixOf(finding: Finding<KeyRules>): string {
  const level = levelOf<KeyRules>(KEY_RULES, finding);
  return level === "note" && finding.rule in ROTATE_RULES ? "rotate" : level;
}

/** The JSON of a deployment besides findings; no secret. */
export function keysJson({ situation, rows }: KeyReport): {
  readonly stack: string;
  readonly user: string;
  readonly keys: readonly object[];
} {
  const { stack, user } = situation.settings;
  return {
    stack,
    user: user.name,
    keys: rows.map(({ id, inIam, status, who }) => ({ ...inIam, id, status, who })),
  };
}
