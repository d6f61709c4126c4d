import type { Settings } from "../../settings/schema/deployment-schema";

type PathIn<Value> = Value extends readonly unknown[]
  ? never
  : Value extends object
    ? { [Key in keyof Value & string]: Key | `${Key}.${PathIn<NonNullable<Value[Key]>>}` }[keyof Value & string]
    : never;

/** Path of a setting: `user.name`. */
export type SettingsPath = PathIn<Omit<Settings, "backend" | "cloud">> | "backend" | "cloud";
