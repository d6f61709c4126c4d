import { parse } from "yaml";
import { between, seriousRules } from "../../../../__tests__/helpers/diff";
import { defineDeployments } from "../../../../src/settings/load";
import { RULES, type RuleId } from "../../src/diff/change-rules";

const state = (key: string) =>
  `backend: { s3: { bucket: state, region: eu-central-1, key: ${key} } }`;

/**
 * By rule: settings before a change, settings that raise it, and the settings that its remedy has
 * people apply, in order.
 */
const REMEDIES: Readonly<
  Partial<Record<RuleId, readonly [before: string, after: string, ...steps: string[]]>>
> = {
  "user-renamed": ["user: { name: a }", "user: { name: b }", "user: { name: a }"],
  "environment-changed": [
    'accountId: "123456789012"',
    'accountId: "210987654321"',
    'accountId: "123456789012"',
  ],
  "setting-breaking": ["policy: { name: a }", "policy: { name: b }", "policy: { name: a }"],
};

/**
 * Rules that only a plan raises, or whose remedy restores the file or names the setting as a value.
 */
const WITHOUT_SETTINGS = [
  "policy-detached",
  "removed-while-protected",
  "key-forgotten",
  "first-key",
  "key-created-again",
];

const isSetting = /accessKeys\.|restore|attachment|user\.name|set /;

it("a remedy that names a setting is applied below to settings that raise its rule", () => {
  const named = Object.entries(RULES).flatMap(([rule, { templates }]) =>
    isSetting.test(templates.remedy ?? "") ? [rule] : [],
  );
  expect(named.filter((rule) => !WITHOUT_SETTINGS.includes(rule)).sort()).toEqual(
    Object.keys(REMEDIES).sort(),
  );
});

it.each(Object.entries(REMEDIES))(
  "the remedy of %s is accepted by synth, and does not raise the rule",
  (rule, [before, after, ...steps]) => {
    expect(seriousRules(between(before, after))).toContain(rule);
    for (const [index, step] of steps.entries()) {
      expect(() =>
        defineDeployments({ x: { region: "eu-central-1", ...parse(state("x")), ...parse(step) } }),
      ).not.toThrow();
      expect(seriousRules(between(steps[index - 1] ?? before, step))).not.toContain(rule);
    }
  },
);
