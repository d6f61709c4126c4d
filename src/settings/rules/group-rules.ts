import { pathOf } from "../checked-settings";
import { type Rule, rule } from "./rule";

/** Rules between the group and what has the policy. */
export const GROUP_RULES: readonly Rule[] = (["group.name", "group.path"] as const).map((field) =>
  rule(["attachment", field], ({ attachment }, { stated }) =>
    attachment === "user" && stated?.has(field) === true
      ? {
          path: pathOf(field),
          message: `has no effect: attachment is "user", and there is no group; set attachment to "user-and-group", or remove ${field}`,
        }
      : undefined,
  ),
);
