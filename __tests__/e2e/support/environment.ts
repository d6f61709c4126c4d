// The AWS SDK says at every start that releases of next year need Node 22; its version here is pinned.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

// Milliseconds. Here, because Jest ignores the option testTimeout of a project.
jest.setTimeout(240_000);
