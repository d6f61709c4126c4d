import { type Rule, rule } from "./rule";

/** Rules between what is imported and what the settings describe. */
export const IMPORT_RULES: readonly Rule[] = [
  rule(["import.accessKeyId", "accessKeys"], ({ "import.accessKeyId": accessKeyId, accessKeys }) => {
    if (accessKeyId === undefined) {
      return undefined;
    }
    if (accessKeys === "none" || accessKeys.primary.status === "absent") {
      const slot = accessKeys === "none" ? "accessKeys is none" : "accessKeys.primary.status is absent";
      return {
        path: ["import", "accessKeyId"],
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
  }),
  rule(["import.attachment", "attachment"], ({ "import.attachment": imported, attachment }) =>
    imported === true && attachment === "group"
      ? {
          path: ["import", "attachment"],
          message:
            'the attachment to the user is imported, and attachment "group" has none; set attachment to "user-and-group", apply, and go on from there',
        }
      : undefined,
  ),
  rule(["import.additionalPolicies"], ({ "import.additionalPolicies": imported }, { policies = [] }) =>
    imported === true && policies.length === 1
      ? {
          path: ["import", "additionalPolicies"],
          message: "true requires several policies, and the permissions fit into one; remove import.additionalPolicies",
        }
      : undefined,
  ),
  rule(["import.group", "attachment"], ({ "import.group": imported, attachment }) =>
    imported === true && attachment === "user"
      ? {
          path: ["import", "group"],
          message:
            'true requires a group, and attachment "user" has none; set attachment to "user-and-group", or remove import.group',
        }
      : undefined,
  ),
  rule(["import.nodeRole", "nodeRole"], ({ "import.nodeRole": imported, nodeRole }) =>
    imported === true && nodeRole === undefined
      ? {
          path: ["import", "nodeRole"],
          message: "true requires a role, and nodeRole is not set; set nodeRole.name, or remove import.nodeRole",
        }
      : undefined,
  ),
];
