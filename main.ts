import { synthesizeProject } from "./src/commands/app";

synthesizeProject();
