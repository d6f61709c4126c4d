import { deploymentsOf, messageOf, REGION } from "../../helpers/settings-files";

/** Deployments with states of their own, so that only their names can meet. */
const files = (settings: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(settings).map(([stack, text]) => [
      `${stack}.yaml`,
      `${REGION}backend: { s3: { bucket: ${stack} } }\n${text}\n`,
    ]),
  );

it("deployments on one state are measured against the first in order of file names", () => {
  const file = (name: string) =>
    `${REGION}backend: { s3: { bucket: b, key: k } }\nuser: { name: ${name} }\npolicy: { name: ${name} }\n`;
  const message = messageOf({ "a.yaml": file("a"), "b.yaml": file("b"), "c.yaml": file("c") });
  expect(message.match(/^deployments.*|is the state of \S+/gm)).toEqual([
    "deployments/b.yaml has 1 error:",
    "is the state of deployments/a.yaml",
    "deployments/c.yaml has 1 error:",
    "is the state of deployments/a.yaml",
  ]);
});

describe("the name that is proposed", () => {
  const proposed = (message: string) => /, for example "([^"]*)"/.exec(message)?.[1] ?? "";

  it("is one that no other deployment has, ignoring case", () => {
    const settings = {
      a: "user: { name: x }",
      b: "user: { name: X-C }\npolicy: { name: b }",
      c: "user: { name: x }\npolicy: { name: c }",
    };
    const name = proposed(messageOf(files(settings)));
    expect(name).not.toBe("");
    expect(["x", "x-c"]).not.toContain(name.toLowerCase());
  });

  it("is one that IAM takes", () => {
    const name = "u".repeat(64);
    const settings = { a: `user: { name: ${name} }`, b: `user: { name: ${name} }\npolicy: { name: b }` };
    const proposal = proposed(messageOf(files(settings)));
    expect(proposal).toMatch(/^[A-Za-z0-9_+=,.@-]{1,64}$/);
    expect(proposal).not.toBe(name);
  });

  it("leads to valid settings if each of several deployments takes its own", () => {
    const stacks = ["a", "b", "c", "d"];
    const message = messageOf(files(Object.fromEntries(stacks.map((stack) => [stack, ""]))));
    const names = [...message.matchAll(/for example "([^"]*)"/g)].map(([, name]) => name ?? "");
    const mended = stacks.map((stack, index) => [
      stack,
      index === 0 ? "" : `user: { name: ${names[2 * index - 2]} }\npolicy: { name: ${names[2 * index - 1]} }`,
    ]);
    expect(deploymentsOf(files(Object.fromEntries(mended)))).toHaveLength(4);
  });
});
