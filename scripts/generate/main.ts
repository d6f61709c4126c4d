import { readFileSync } from "node:fs";
import { run } from "../../packages/cli/src/commands/support/session";
import { EXIT } from "../../packages/cli/src/findings/finding";
import { writeFileAtomically } from "../../src/text/files";
import { findingsSchema } from "./findings-schema";
import { awsActionsJson, catalogueJson, deployerJson, risksJson } from "./iam-rows";
import { jsonSchema } from "./json-schema";
import { DOCUMENTS, withTables } from "./reference-tables";

// Keeps what is derived from the code current: JSON schemas and the tables of the documentation.
run(async () => {
  writeFileAtomically("packages/cli/src/iam/aws-actions.json", await awsActionsJson());
  writeFileAtomically("src/iam/catalogue.json", await catalogueJson());
  writeFileAtomically("packages/cli/src/iam/deployer.json", deployerJson());
  writeFileAtomically("packages/cli/src/iam/risks.json", risksJson());
  writeFileAtomically("deployments/schema.json", jsonSchema());
  writeFileAtomically("docs/reference/findings.schema.json", findingsSchema());
  for (const name of Object.keys(DOCUMENTS)) {
    writeFileAtomically(name, withTables(name, readFileSync(name, "utf8")));
  }
  return EXIT.success;
});
