import { nearest, show, suggest } from "../../src/settings/message-parts";
import { SECRET_KEY } from "../helpers/settings-files";

describe("show", () => {
  it.each([
    ["a string", "a b", '"a b"'],
    ["a string with a line break", "a\nb", '"a\\nb"'],
    ["an empty string", "", '""'],
    ["letters of any alphabet", "ключ", '"ключ"'],
    ["a number", 1.5, "1.5"],
    ["a boolean", false, "false"],
    ["a list", ["a", 1], "a list"],
    ["an object", { a: { b: null } }, "an object"],
    ["null", null, "nothing"],
    ["undefined", undefined, "nothing"],
    ["80 characters with their quotes", "a".repeat(78), `"${"a".repeat(78)}"`],
    ["81 characters with their quotes", "a".repeat(79), `"${"a".repeat(79)}... (79 characters)`],
  ])("shows %s", (_, value, shown) => {
    expect(show(value)).toBe(shown);
  });

  it.each([
    ["a key in a list", [SECRET_KEY], "a list"],
    ["a key in a list, on a line of its own", [`a\n${SECRET_KEY}`], "a list"],
    ["a key in an object", { a: { b: SECRET_KEY } }, "an object"],
    ["a key as the key of an object", { [SECRET_KEY]: 1 }, "an object"],
    ["a key as the key of an object, behind a tab", { [`a\t${SECRET_KEY}`]: 1 }, "an object"],
  ])("shows nothing of %s", (_, value, shown) => {
    expect(show(value)).toBe(shown);
  });
});

describe("nearest", () => {
  it.each([
    ["a letter too many", "regionn", "region"],
    ["a letter missing", "regin", "region"],
    ["a wrong letter", "ragion", "region"],
    ["swapped letters", "regoin", "region"],
    ["swapped letters in a short word", "nmae", "name"],
    ["other case", "REGION", "region"],
    ["other case inside", "ACCOUNTID", "accountId"],
    ["an underscore", "account_id", "accountId"],
    ["a hyphen", "account-id", "accountId"],
    ["the word itself", "name", "name"],
  ])("finds the word behind %s", (_, word, known) => {
    expect(nearest(word, ["region", "name", "path", "accountId"])).toBe(known);
  });

  it.each(["", "x", "zone", "cluster", "configuration"])('finds none for "%s"', (word) => {
    expect(nearest(word, ["region", "name", "path", "accountId"])).toBeUndefined();
  });

  it("takes the nearest of several", () => {
    expect(nearest("assume_roles", ["assume_role_tags", "assume_role", "role_arn"])).toBe("assume_role");
  });

  it("finds nothing where nothing is known", () => {
    expect(nearest("region", [])).toBeUndefined();
  });
});

describe("suggest", () => {
  it("suggests the nearest word", () => {
    expect(suggest("regoin", ["region", "name"])).toBe('did you mean "region"?');
  });

  it("lists all words if none is near", () => {
    expect(suggest("zone", ["region", "name"])).toBe("known are region, name");
  });
});
