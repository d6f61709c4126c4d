import { code, prose } from "../../render/markdown";
import { stateReading } from "../../terraform/remote-state";
import type { StateLocation } from "../../terraform/state-location";

/** The location of a state, in Markdown: s3, bucket `state`, key `deckhouse/terraform.tfstate`. */
export function stateLocated(location: StateLocation): string {
  const { config } = stateReading(location);
  const known = Object.entries(config).flatMap(([name, value]) =>
    typeof value === "string" ? [`${prose(name)} ${code(value)}`] : [],
  );
  return [prose(location.type), ...known].join(", ");
}
