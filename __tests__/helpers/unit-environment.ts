import { setMaxListeners } from "node:events";
import { runInThisContext } from "node:vm";

// Checks run at the same time, and all listen to one signal.
setMaxListeners(0);

// CDKTF captures the stack of every token, as that of a plain object. Mapping it to the sources, which Jest does outside the context of
// the tests, takes longer than the synthesis itself, and no test reads it.
const outside = runInThisContext("Error") as ErrorConstructor;
Error.prepareStackTrace = (error, frames) => ("message" in error ? outside.prepareStackTrace?.(error, frames) : "");
