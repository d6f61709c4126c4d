import {
  MAX_ROLE_INLINE_CHARACTERS,
  MAX_ROLE_POLICIES,
  MAX_TAGS,
  PATH,
  POLICY_NAME,
  POLICY_PATH,
  ROLE_NAME,
  TAG_KEY,
  TAG_VALUE,
  USER_NAME,
} from "../../src/iam/limits";
import { nodePolicy } from "../../src/iam/node-role-permissions";
import { deploymentWith, errorsWith } from "../helpers/settings-files";

const a = (count: number) => "a".repeat(count);
const repeated = (count: number, of: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => of(index)).join(", ");
const path = (length: number) => `/${a(length - 2)}/`;

const actions = (size: number) => {
  const padding = size - JSON.stringify(nodePolicy(["s3:"])).length;
  return `nodeRole: { name: n, additionalActions: ["s3:${a(padding)}"] }`;
};
const tags = (count: number) => `tags: { ${repeated(count, (index) => `t${index}: x`)} }`;
const managed = (count: number) =>
  `nodeRole: { name: n, managedPolicyArns: [${repeated(count, (index) => `"arn:aws:iam::aws:policy/P${index}"`)}] }`;

describe("a limit of IAM", () => {
  it.each<[string, number, (length: number) => boolean]>([
    ["the name of a user", 64, (length) => USER_NAME.pattern.test(a(length))],
    ["the name of a role", 64, (length) => ROLE_NAME.pattern.test(a(length))],
    ["the name of a policy", 128, (length) => POLICY_NAME.pattern.test(a(length))],
    ["a path", 512, (length) => PATH.pattern.test(path(length))],
    ["the path of a policy", 512, (length) => POLICY_PATH.pattern.test(path(length))],
    ["the key of a tag", 128, (length) => TAG_KEY.test(a(length))],
    ["the value of a tag", 256, (length) => TAG_VALUE.test(a(length))],
    ["the number of tags", MAX_TAGS, (count) => isValid(tags(count))],
    ["the inline policy of a role", MAX_ROLE_INLINE_CHARACTERS, (size) => isValid(actions(size))],
    [
      "the number of managed policies of a role",
      MAX_ROLE_POLICIES,
      (count) => isValid(managed(count)),
    ],
  ])("is exact for %s: %d", (_, limit, accepts) => {
    expect([limit - 1, limit, limit + 1].map(accepts)).toEqual([true, true, false]);
  });

  it.each([
    [tags(51), "tags: has 51 tags, IAM allows 50; remove 1"],
    [
      managed(26),
      "nodeRole.managedPolicyArns: has 26 policies, a role can have at most 25; put their statements together",
    ],
    [
      actions(10_241),
      "nodeRole.additionalActions: requires an inline policy of 10241 characters, IAM allows 10240 per role; use wildcards, or a policy of your own in nodeRole.managedPolicyArns",
    ],
  ])("is reported with the remedy", (settings, message) => {
    expect(errorsWith(settings)).toEqual([expect.stringMatching(new RegExp(`${message}$`))]);
  });
});

function isValid(settings: string) {
  try {
    return deploymentWith(settings) !== undefined;
  } catch {
    return false;
  }
}
