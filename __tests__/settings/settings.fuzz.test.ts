import fc from "fast-check";
import { parse, stringify } from "yaml";
import { terraformJson } from "../../packages/cli/src/terraform/configuration";
import type { Deployment } from "../../src/settings/deployment";
import { SettingsError } from "../../src/settings/errors";
import { loadDeployments } from "../../src/settings/load";
import { visible } from "../../src/text/printable";
import { folderForEach } from "../helpers/folder";
import { anyEdits, edited, fuzzParameters, SECRETS } from "../helpers/fuzz";
import { GOLDEN_SETTINGS } from "../helpers/golden";

const SETTINGS = [...GOLDEN_SETTINGS.values()].map((text): object => parse(text));

describe("settings that are valid except for a few changes", () => {
  const { at, write } = folderForEach({ "deployments/": "" });

  const load = (content: string) => {
    write({ "deployments/dev.yaml": content });
    try {
      return loadDeployments(at("deployments"))[0] as Deployment;
    } catch (error) {
      if (error instanceof SettingsError) {
        return error.message.split("\n");
      }
      throw error;
    }
  };

  /**
   * A count, and below it one line per error: with the line of its field, or about the whole file
   * or a field that is missing.
   */
  const expectErrors = ([heading, ...lines]: readonly string[]) => {
    expect(heading).toBe(
      `${at("deployments/dev.yaml")} has ${lines.length === 1 ? "1 error" : `${lines.length} errors`}:`,
    );
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(line).toMatch(
        /^ {2}(?:line \d+(?:, \S.*)?: \S|(?:is|has|holds) \S|\S+: missing[:;] \S)/,
      );
      expect(visible(line)).toBe(line);
      expect(line).not.toContain("[native code]");
      expect(line.length).toBeLessThan(1500);
      expect(SECRETS.filter((secret) => line.includes(secret))).toEqual([]);
    }
  };

  it("are a deployment, or give errors with line and field and without secrets", () => {
    const accepted: Deployment[] = [];
    fc.assert(
      fc.property(fc.constantFrom(...SETTINGS), anyEdits, (settings, edits) => {
        const result = load(stringify(edited(settings, edits), { aliasDuplicateObjects: false }));
        if (Array.isArray(result)) {
          expectErrors(result as readonly string[]);
        } else {
          accepted.push(result as Deployment);
        }
      }),
      fuzzParameters(100),
    );
    // What is accepted can be synthesized, without an expression that a value has become.
    for (const deployment of accepted.slice(0, 40)) {
      expect(terraformJson(deployment).resource).toHaveProperty("aws_iam_policy.policy");
    }
  });
});
