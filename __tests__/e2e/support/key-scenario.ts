import { join } from "node:path";
import { parse, stringify } from "yaml";
import { PROJECT } from "../../helpers/project-root";
import type { Credentials, LocalAws } from "./local-aws";
import { type Deployments, folder } from "./project";
import { jsonOf, runIn, type Terraform, terraformEnvironment } from "./terraform";

/** What `dkp-access keys --format json` prints, as far as a person follows it. */
export interface Report {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly next: {
    readonly edits: readonly { readonly setting: string; readonly value: string }[];
    readonly why: string;
    readonly after: readonly string[];
  };
}

/** Node.js with a clock 25 hours ahead, so that no key counts as recently used. The local AWS does not check times. */
const LATER = `const Now = Date; globalThis.Date = class extends Now {
  constructor(...args) { args.length === 0 ? super(Now.now() + 25 * 3_600_000) : super(...args); }
};`;

/** A deployment in its own account, and a user who does only what `dkp-access keys` prints. */
export class Scenario {
  settings: Record<string, unknown> = {};

  /** @param base the settings without those of the access keys */
  constructor(
    readonly aws: LocalAws,
    readonly deployments: Deployments,
    readonly terraform: Terraform,
    private readonly base: Readonly<Record<string, unknown>>,
  ) {}

  /** Writes the settings of the access keys and synthesizes. */
  write(accessKeys: Record<string, unknown> = {}): this {
    this.settings = structuredClone(Object.keys(accessKeys).length === 0 ? this.base : { ...this.base, accessKeys });
    this.deployments.change({ deckhouse: stringify(this.settings) });
    return this;
  }

  apply(accessKeys?: Record<string, unknown>): Credentials {
    this.write(accessKeys).terraform.apply();
    return this.terraform.key();
  }

  keys(later = false): Report {
    const clock: Record<string, string> = later
      ? { NODE_OPTIONS: `--require=${join(folder({ "clock.cjs": LATER }), "clock.cjs")}` }
      : {};
    const script = join(PROJECT, "bin/dkp-access");
    const environment = { ...this.environment(), ...clock };
    return jsonOf(
      this.deployments.path,
      environment,
      process.execPath,
      script,
      "keys",
      "deckhouse",
      "--format",
      "json",
    ) as Report;
  }

  /**
   * Does the next step exactly as printed.
   * @param publicKey the public key of the person, where the step says to set one
   */
  follow({ next }: Report, publicKey?: string): void {
    for (const { setting, value } of next.edits) {
      this.set(setting.split("."), setting.endsWith(".pgpKey") ? publicKey : parse(value));
    }
    this.deployments.change({ deckhouse: stringify(this.settings) });
    for (const action of next.after) {
      this.perform(action);
    }
  }

  async works(...keys: readonly Credentials[]): Promise<readonly boolean[]> {
    const answers: boolean[] = [];
    for (const key of keys) {
      answers.push(await this.aws.accepts(key));
    }
    return answers;
  }

  protected applyChange(): void {
    this.terraform.apply();
  }

  private perform(action: string): void {
    const further = /accessKeys\.secondary\.status: Active/.test(action);
    if (further) {
      this.set(["accessKeys", "secondary", "status"], "Active");
      this.deployments.change({ deckhouse: stringify(this.settings) });
    }
    const [, command] = /(terraform -chdir=.*)$/.exec(action) ?? [];
    if (command !== undefined) {
      const [program = "", ...args] = command.split(" ");
      const { status, output } = runIn(this.deployments.path, this.environment(), program, ...args);
      expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining("Import successful") });
    } else if (action === "apply") {
      this.applyChange();
    } else {
      expect(action).toMatch(
        /^(npx dkp-access synth|npx dkp-access keys deckhouse|give the new key to DKP: npx dkp-access hand-over deckhouse --out FILE)$/,
      );
    }
  }

  set([name = "", ...rest]: readonly string[], value: unknown, target = this.settings): void {
    if (rest.length === 0) {
      target[name] = value;
    } else {
      target[name] ??= {};
      this.set(rest, value, target[name] as Record<string, unknown>);
    }
  }

  protected environment(): Record<string, string> {
    return { ...terraformEnvironment(this.aws), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  }
}
