import type { Rule } from "./rule";

const KEY = ["import", "accessKeyId"];

/** Rules between what is imported and what the settings describe. */
export const IMPORT_RULES: readonly Rule[] = [
  {
    requires: [KEY, ["accessKeys"]],
    check: ({ import: imports, accessKeys }) => {
      if (imports?.accessKeyId === undefined) {
        return undefined;
      }
      if (accessKeys === "none" || accessKeys.primary.status === "absent") {
        const slot = accessKeys === "none" ? "accessKeys is none" : "accessKeys.primary.status is absent";
        return {
          path: KEY,
          message: `an imported key goes into the primary slot, and ${slot}; set accessKeys.primary.status to "Active", or remove import.accessKeyId`,
        };
      }
      return accessKeys.primary.pgpKey === undefined
        ? undefined
        : {
            path: ["accessKeys", "primary", "pgpKey"],
            message:
              "would replace the imported key, whose secret nobody can encrypt any more; give the pgpKey to the secondary slot and rotate",
          };
    },
  },
  {
    requires: [["import", "attachment"], ["attachment"]],
    check: ({ import: imports, attachment }) =>
      imports?.attachment === true && attachment === "group"
        ? {
            path: ["import", "attachment"],
            message:
              'the attachment to the user is imported, and attachment "group" has none; set attachment to "user-and-group", apply, and go on from there',
          }
        : undefined,
  },
  {
    requires: [["import", "group"], ["attachment"]],
    check: ({ import: imports, attachment }) =>
      imports?.group === true && attachment === "user"
        ? {
            path: ["import", "group"],
            message:
              'true requires a group, and attachment "user" has none; set attachment to "user-and-group", or remove import.group',
          }
        : undefined,
  },
  {
    requires: [["import", "nodeRole"], ["nodeRole"]],
    check: ({ import: imports, nodeRole }) =>
      imports?.nodeRole === true && nodeRole === undefined
        ? {
            path: ["import", "nodeRole"],
            message: "true requires a role, and nodeRole is not set; set nodeRole.name, or remove import.nodeRole",
          }
        : undefined,
  },
];
