// CDKTF captures the stack of every token, as that of a plain object. Mapping it to the sources, which Jest does for errors, takes
// longer than the synthesis itself, and no test reads it.
const mapped = Error.prepareStackTrace;
Error.prepareStackTrace = (error, frames) => (error instanceof Error ? mapped?.(error, frames) : "");
