/** Keeps the AWS SDK from warning at every start that its releases of 2027 need Node 22: the version here is pinned. Call it before the SDK is loaded. */
export function silenceNodeVersionWarning(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
}
