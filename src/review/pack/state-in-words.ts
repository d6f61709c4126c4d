import { stateReading } from "../../remote-state/reading";
import type { StateLocation } from "../../remote-state/state-location";

/** Where a state is, in a few words: `s3, bucket "state", key "deckhouse/terraform.tfstate"`. */
export function stateInWords(location: StateLocation): string {
  const { config } = stateReading(location);
  const known = Object.entries(config).filter(([, value]) => typeof value === "string");
  return [location.type, ...known.map(([name, value]) => `${name} ${JSON.stringify(value)}`)].join(", ");
}
