import type { Deployment } from "../../../settings/deployment";
import { joined, md, table, trusted } from "../../../text/markdown";
import type { TemplateData } from "../../../text/template";
import { decisionsOf } from "./decisions";

/** The choice that no setting has. */
const OUTSIDE = [
  "outside the settings",
  "unknown here: who else uses the account, and whether the service control policy is attached",
  "an AWS account that only DKP uses, or the [service control policy](#mitigations)",
  "an account, or administrators of AWS Organizations who attach the policy",
].map(trusted);

/** What the reviewer decides: the choices for which a stronger one exists as a table, all others as a sentence. */
export function decisionTexts(deployment: Deployment): TemplateData {
  const decisions = decisionsOf(deployment);
  const strong = decisions.filter(({ stronger }) => stronger === undefined);
  const weak = decisions.flatMap(({ setting, chosen, stronger }) =>
    stronger === undefined ? [] : [[`\`${setting}\``, chosen, stronger.choice, stronger.cost].map(trusted)],
  );
  return {
    weakDecisions: table(["setting", "chosen, weaker", "stronger", "cost of the stronger choice"], [...weak, OUTSIDE]),
    hasStrong: strong.length > 0,
    strongDecisions: joined(
      strong.map(({ setting, chosen }) => md`${trusted(`\`${setting}\``)} (${trusted(chosen)})`),
      "; ",
    ),
  };
}
