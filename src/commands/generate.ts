import { readFileSync, writeFileSync } from "node:fs";
import { jsonSchema } from "../settings/schema/json-schema";
import { DOCUMENTS, withTables } from "./reference-tables";
import { run } from "./run-command";

// Keeps what is derived from the code current: the JSON schema for editors and the tables of the documentation.
run(() => {
  writeFileSync("deployments/schema.json", jsonSchema());
  for (const name of Object.keys(DOCUMENTS)) {
    writeFileSync(name, withTables(name, readFileSync(name, "utf8")));
  }
});
