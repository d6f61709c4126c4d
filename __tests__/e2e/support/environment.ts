import { cleanUp } from "./cleanup";

// The AWS SDK warns at every start that later releases require Node.js 22; its version is pinned
// here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

afterAll(cleanUp);
