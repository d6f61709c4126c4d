import { readFileSync } from "node:fs";
import { writeFileAtomically } from "../files";
import { jsonSchema } from "../settings/schema/json-schema";
import { EXIT } from "./exit-codes";
import { DOCUMENTS, withTables } from "./reference-tables";
import { run } from "./run-command";

// Keeps what is derived from the code current: the JSON schema for editors and the tables of the documentation.
run(() => {
  writeFileAtomically("deployments/schema.json", jsonSchema());
  for (const name of Object.keys(DOCUMENTS)) {
    writeFileAtomically(name, withTables(name, readFileSync(name, "utf8")));
  }
  return EXIT.success;
});
