import type { StateLocation } from "../remote-state/state-location";
import { withDefaults } from "../remote-state/state-location";
import type { Settings } from "./schema";

/** One deployment as the stack is built from it. */
export interface Deployment extends Omit<Settings, "backend" | "cloud"> {
  /** Name of the stack and of the settings file. */
  readonly stack: string;
  /** Where the Terraform state lives, with the defaults of this project filled in. */
  readonly state: StateLocation;
}

/** Settings without a fault, as a deployment. */
export function toDeployment(stack: string, settings: Settings): Deployment {
  const { backend, cloud, ...rest } = settings;
  return { ...rest, stack, state: stateLocation(stack, { backend, cloud }) };
}

/** The state that `backend` or `cloud` names; they must be without a fault. */
export function stateLocation(stack: string, { backend, cloud }: Pick<Settings, "backend" | "cloud">): StateLocation {
  const given = backend ?? { cloud };
  const type = Object.keys(given).find((key) => key !== "partial") ?? "";
  return withDefaults(stack, { type, arguments: (given[type] ?? {}) as StateLocation["arguments"] });
}
