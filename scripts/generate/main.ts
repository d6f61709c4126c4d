import { readFileSync } from "node:fs";
import { run } from "../../src/cli/commands/support/session";
import { EXIT } from "../../src/cli/findings/finding";
import { writeFileAtomically } from "../../src/text/files";
import { findingsSchema } from "./findings-schema";
import { awsActionsJson, catalogueJson, deployerJson, risksJson } from "./iam-rows";
import { jsonSchema } from "./json-schema";
import { DOCUMENTS, withTables } from "./reference-tables";

// Keeps what is derived from the code current: JSON schemas and the tables of the documentation.
run(async () => {
  writeFileAtomically("src/iam/aws-actions.json", await awsActionsJson());
  writeFileAtomically("src/iam/catalogue.json", await catalogueJson());
  writeFileAtomically("src/cli/iam/deployer.json", deployerJson());
  writeFileAtomically("src/cli/iam/risks.json", risksJson());
  writeFileAtomically("deployments/schema.json", jsonSchema());
  writeFileAtomically("docs/reference/findings.schema.json", findingsSchema());
  for (const name of Object.keys(DOCUMENTS)) {
    writeFileAtomically(name, withTables(name, readFileSync(name, "utf8")));
  }
  return EXIT.success;
});
