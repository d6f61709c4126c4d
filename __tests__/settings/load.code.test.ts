import { defineDeployments } from "../../src/settings/load";
import type { SettingsInput } from "../../src/settings/settings";
import { deploymentOf } from "../helpers/settings-files";

const backend = { s3: { bucket: "states", region: "eu-central-1" } };

function messageOf(settings: Readonly<Record<string, unknown>>) {
  try {
    defineDeployments(settings as Readonly<Record<string, SettingsInput>>);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("accepted without an error");
}

describe("deployments written in code", () => {
  it("become what the same settings in a file become", () => {
    const where = { region: "eu-central-1", backend };
    const settings = {
      ...where,
      tags: { team: "platform" },
      policy: { mode: "scoped" },
      cluster: { prefix: "dev" },
    } as const;
    expect(defineDeployments({ dev: settings }).dev).toEqual(
      deploymentOf(JSON.stringify(settings)),
    );
  });

  it("cannot have the name of the file with defaults", () => {
    expect(messageOf({ defaults: { region: "eu-central-1", backend } })).toBe(
      'deployment "defaults" has 1 error:\n  "defaults" cannot be a stack name: defaults.yaml has the settings that deployments share; rename the key',
    );
  });

  it("leave out what is undefined", () => {
    const { dev } = defineDeployments({
      dev: { region: "eu-central-1", backend, accountId: undefined },
    });
    expect(dev).not.toHaveProperty("accountId");
  });

  it("are held to the same rules, each error by the path of its field", () => {
    expect(
      messageOf({
        dev: { regoin: "eu-central-1", backend, accountId: 123, policy: { mode: "minimal" } },
        prod: undefined,
      }),
    ).toBe(
      [
        'deployment "dev" has 5 errors:',
        '  region: missing; write the Region DKP will run in, for example "eu-central-1"',
        "  accountId: 123 is not an AWS account ID: 12 digits, in quotes",
        '  regoin: unknown setting, did you mean "region"?',
        '  cluster.prefix: missing: policy.mode "minimal" limits the key to the role <prefix>-node; write the prefix of the cluster',
        '  cluster.layout: missing: policy.mode "minimal" grants what the layout needs; write one of WithoutNAT, WithNAT, Standard',
        'deployment "prod" has 1 error:',
        "  holds nothing and not an object; write KEY: VALUE lines",
      ].join("\n"),
    );
  });

  it("are typed", () => {
    // @ts-expect-error: "mode" is one of three strings
    const wrong: SettingsInput = { region: "eu-central-1", backend, policy: { mode: "tight" } };
    expect(messageOf({ dev: wrong })).toContain(
      'policy.mode: "tight" is unknown; use "documented", "scoped", "minimal"',
    );
  });
});
