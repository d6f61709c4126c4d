import type { Rule } from "./rule";

const KEY = ["adopt", "accessKeyId"];

/** Rules between what is taken over and what there will be. */
export const ADOPT_RULES: readonly Rule[] = [
  {
    needs: [KEY, ["accessKeys"]],
    problem: ({ adopt, accessKeys }) => {
      if (adopt?.accessKeyId === undefined) {
        return undefined;
      }
      if (accessKeys === "none" || accessKeys.primary.status === "absent") {
        const slot = accessKeys === "none" ? "accessKeys is none" : "accessKeys.primary.status is absent";
        return {
          path: KEY,
          message: `a key taken over comes into the primary slot, and ${slot}; set accessKeys.primary.status to "Active", or remove adopt.accessKeyId`,
        };
      }
      return accessKeys.primary.pgpKey === undefined
        ? undefined
        : {
            path: ["accessKeys", "primary", "pgpKey"],
            message:
              "would replace the key taken over, whose secret nobody can encrypt any more; give the pgpKey to the secondary slot and rotate",
          };
    },
  },
  {
    needs: [["adopt", "attachment"], ["attachment"]],
    problem: ({ adopt, attachment }) =>
      adopt?.attachment === true && attachment === "group"
        ? {
            path: ["adopt", "attachment"],
            message:
              'the attachment to the user is taken over, and attachment "group" has none; set attachment to "user-and-group", apply, and go on from there',
          }
        : undefined,
  },
  {
    needs: [["adopt", "group"], ["attachment"]],
    problem: ({ adopt, attachment }) =>
      adopt?.group === true && attachment === "user"
        ? {
            path: ["adopt", "group"],
            message:
              'true needs a group, and attachment "user" has none; set attachment to "user-and-group", or remove adopt.group',
          }
        : undefined,
  },
  {
    needs: [["adopt", "nodeRole"], ["nodeRole"]],
    problem: ({ adopt, nodeRole }) =>
      adopt?.nodeRole === true && nodeRole === undefined
        ? {
            path: ["adopt", "nodeRole"],
            message: "true needs a role, and nodeRole is not set; set nodeRole.name, or remove adopt.nodeRole",
          }
        : undefined,
  },
];
