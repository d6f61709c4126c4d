import { createRequire, Module } from "node:module";

// cdktf loads "archiver", 200 modules and a fifth of each start, and calls it only in a process of its own, which zips an asset
// (cdktf 0.21.0, lib/private/fs.js). In this process an empty module replaces it, for whatever imports cdktf after this file.
const ofCdktf = createRequire(require.resolve("cdktf"));
try {
  const path = ofCdktf.resolve("archiver");
  require.cache[path] ??= Object.assign(new Module(path), { loaded: true });
} catch {
  // A version of cdktf without it has nothing to replace.
}
