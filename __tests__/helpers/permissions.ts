import { type Statement, valueText } from "../../src/iam/policy-document";

/** One action on one resource under one combination of condition values. */
export function permissionsOf(statements: readonly Statement[]): ReadonlySet<string> {
  const text = (value: Statement["resources"][number]) => valueText(value, "123456789012");
  const combined = (conditions: Statement["conditions"]) =>
    conditions.reduce(
      (all, { test, variable, values }) => {
        const each = test.startsWith("ForAllValues:")
          ? [values.map(text).join()]
          : values.map(text);
        return all.flatMap((before) =>
          each.map((value) => `${before} ${test} ${variable} ${value}`),
        );
      },
      [""],
    );
  return new Set(
    statements.flatMap(({ effect = "", actions, resources, conditions }) => {
      const limits = combined(conditions);
      return actions.flatMap((action) =>
        resources.flatMap((resource) =>
          limits.map((limit) => `${effect}${action} ${text(resource)}${limit}`),
        ),
      );
    }),
  );
}

/** Whether permissions have one, on its resource or on all, as `documented` has. */
export function allows(permissions: ReadonlySet<string>, permission: string): boolean {
  return (
    permissions.has(permission) ||
    permissions.has(`${permission.slice(0, permission.indexOf(" "))} *`)
  );
}
