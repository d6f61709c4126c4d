import { readFileSync, writeFileSync } from "node:fs";
import { jsonSchema, readmeWithTables } from "../settings/reference";
import { run } from "./run";

// Keeps what is derived from the code current: the JSON schema for editors and the README's tables.
run(() => {
  writeFileSync("deployments/schema.json", jsonSchema());
  writeFileSync("README.md", readmeWithTables(readFileSync("README.md", "utf8")));
});
