import { runProgram } from "./program";
import { run } from "./support/session";

// The AWS SDK warns about Node.js 20 in eight lines; docs/reference/support.md says until when it
// works.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

// What bin/dkp-access runs, and the entry point of the packed program.
run((host) => runProgram(process.argv.slice(2), host));
