import { Module } from "node:module";
import { dirname, join } from "node:path";

// cdktf bundles "archiver", loads its 200 modules in a fifth of the time of each start, and calls it only in a process of its own,
// which zips an asset (cdktf 0.21.0, lib/private/fs.js). In this process an empty module replaces it, for whatever imports cdktf
// after this file. CDK Terrain has no archiver.
const archiver = join(dirname(require.resolve("cdktf/package.json")), "node_modules/archiver/index.js");
require.cache[archiver] ??= Object.assign(new Module(archiver), { loaded: true });
