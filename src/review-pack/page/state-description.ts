import { code, joined, type Markdown, md, prose } from "../../render/markdown";
import { stateReading } from "../../terraform/remote-state";
import type { StateLocation } from "../../terraform/state-location";

/** Where a state is stored: s3, bucket `state`, key `deckhouse/terraform.tfstate`. */
export function stateLocated(location: StateLocation): Markdown {
  const { config } = stateReading(location);
  const known = Object.entries(config).flatMap(([name, value]) =>
    typeof value === "string" ? [md`${prose(name)} ${code(value)}`] : [],
  );
  return joined([prose(location.type), ...known], ", ");
}
