import { setMaxListeners } from "node:events";
import { runInThisContext } from "node:vm";

// Checks run at the same time, and all listen to one signal.
setMaxListeners(0);

// CDKTF captures the stack of every token, as that of a plain object. Mapping it to the sources,
// which Jest does outside the context of the tests, takes longer than the synthesis itself, and no
// test reads it.
const outside = runInThisContext("Error") as ErrorConstructor;
Error.prepareStackTrace = (error, frames) =>
  "message" in error ? outside.prepareStackTrace?.(error, frames) : "";

// The day of every run: what the program says of the age of data and keys does not depend on the
// clock.
const difference = Date.parse("2026-11-28T00:00:00Z") - Date.now();
globalThis.Date = new Proxy(Date, {
  construct: (date, args, created) =>
    Reflect.construct(date, args.length === 0 ? [date.now() + difference] : args, created),
  get: (date, name) => (name === "now" ? () => date.now() + difference : Reflect.get(date, name)),
});
