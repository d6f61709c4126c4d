import { synthesizeProject } from "./src/cli/commands/app";

synthesizeProject();
