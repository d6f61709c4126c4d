import { isObject } from "../../src/text/json";

export type Settings = Readonly<Record<string, unknown>>;

/** Settings replace those of the same name; null removes one. A backend replaces another one. */
export function merged(base: Settings, others: Settings): Settings {
  const names = Object.keys({ ...base, ...others }).filter((name) => others[name] !== null);
  return Object.fromEntries(
    names.map((name) => {
      const [was, is = was] = [base[name], others[name]];
      return [name, name !== "backend" && isObject(was) && isObject(is) ? merged(was, is) : is];
    }),
  );
}
