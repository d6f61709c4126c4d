import { errorAt } from "../errors";
import { type Rule, rule } from "./rule";

/** Rules about settings that describe nothing: what is imported must exist in the settings, and a group must have a use. */
export const IMPORT_RULES: readonly Rule[] = [
  rule(["import", "attachment", "nodeRole"], ({ import: imports = {}, attachment, nodeRole }) => {
    const errors = {
      attachment:
        attachment === "group" &&
        'the attachment to the user is imported, and attachment "group" has none; set attachment to "user-and-group", apply, and go on from there',
      group:
        attachment === "user" &&
        'true requires a group, and attachment "user" has none; set attachment to "user-and-group", or remove import.group',
      nodeRole:
        nodeRole === undefined && "true requires a role, and nodeRole is not set; set nodeRole.name, or remove import.nodeRole",
    };
    return Object.entries(errors).flatMap(([name, message]) =>
      message && imports[name as keyof typeof errors] === true ? errorAt(`import.${name}`, message) : [],
    );
  }),
  ...(["group.name", "group.path"] as const).map((field) =>
    rule(
      [field, "attachment"],
      ({ attachment }, { explicit }) =>
        attachment === "user" &&
        explicit.has(field) &&
        `has no effect: attachment is "user", and there is no group; set attachment to "user-and-group", or remove ${field}`,
    ),
  ),
];
