import { withProgress } from "../packages/cli/src/process/progress";
import { readState } from "../packages/cli/src/terraform/state-file";
import {
  pullState,
  runToEnd,
  stackFolder,
  terraformCli,
} from "../packages/cli/src/terraform/terraform-cli";
import { folderForEach } from "./helpers/folder";

describe("a run of Terraform", () => {
  const { at, read, write } = folderForEach();
  let environment: Record<string, string>;
  const progress = jest.fn();
  const cli = () => terraformCli(environment, progress);

  const terraform = (script: string) => {
    write({ terraform: `#!/bin/sh\n${script}\n` });
    environment.TERRAFORM_BINARY_NAME = at("terraform");
  };
  beforeEach(() => {
    environment = {};
    progress.mockClear();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it("takes the defaults where a variable is empty", () => {
    expect(terraformCli({ TERRAFORM_BINARY_NAME: "", TF_DATA_DIR: "" }, progress)).toEqual({
      binary: "terraform",
      dataFolder: ".terraform",
      forwardsSignals: true,
      timeout: 300,
      environment: { TERRAFORM_BINARY_NAME: "", TF_DATA_DIR: "" },
      progress,
    });
  });

  it("is never one of a package, as npx would have it", async () => {
    for (const [folder, text] of [
      ["x/node_modules/.bin", "of a package"],
      ["bin", "own"],
    ]) {
      write({ [`${folder}/terraform`]: `#!/bin/sh\necho ${text} "$PATH"\n` });
    }
    environment = { PATH: `${at("x/node_modules/.bin")}:${at("bin")}` };
    expect(await pullState(cli(), at())).toBe(`own ${at("bin")}\n`);
    expect(await runToEnd(cli(), at(), [])).toBe(0);
    expect(progress).toHaveBeenCalledWith(`own ${at("bin")}\n`);
  });

  it.each(["data", ".terraform"])(
    "finds a stack that was initialized with the data folder %s",
    (data) => {
      const stack = at("stacks/prod");
      write({ "stacks/prod/cdk.tf.json": "{}" });
      environment = { TF_DATA_DIR: data };
      expect(() => stackFolder(cli(), at(), "prod")).toThrow(
        `${stack}: terraform has not been initialized there; run terraform -chdir=${stack} init`,
      );
      write({ [`stacks/prod/${data}/`]: "" });
      expect(stackFolder(cli(), at(), "prod")).toBe(stack);
    },
  );

  it("that is missing says what to install", async () => {
    environment.TERRAFORM_BINARY_NAME = "no-such-terraform";
    await expect(pullState(cli(), at())).rejects.toThrow(
      new Error(
        "no-such-terraform is not on the PATH; install Terraform 1.10 or newer, or set TERRAFORM_BINARY_NAME",
      ),
    );
  });

  it.each([
    [
      "fails without a message",
      "exit 3",
      "in FOLDER failed with 3: no message; run it there to see why",
    ],
    [
      "is killed",
      "kill -9 $$",
      "in FOLDER was killed by SIGKILL: no message; run it there to see why",
    ],
    [
      "fails in colors",
      `printf '\\033[31mError: \\033[0m\\033[1mno state\\033[0m\\n' >&2; echo secret; exit 1`,
      "in FOLDER failed with 1: Error: no state",
    ],
    [
      "fails with a box",
      "printf '╷\\n│ Error: no state\\n│ \\n│ There is\\n│ none.\\n╵\\n' >&2; exit 1",
      "in FOLDER failed with 1: Error: no state There is none.",
    ],
  ])("that %s is reported in one message", async (_, script, message) => {
    terraform(script);
    const reported = `${at("terraform")} state pull ${message.replace("FOLDER", at())}`;
    await expect(pullState(cli(), at())).rejects.toThrow(new Error(reported));
  });

  it("of another backend than the settings have says how to initialize it", async () => {
    terraform("echo 'Error: Backend initialization required, please run init' >&2; exit 1");
    await expect(pullState(cli(), at())).rejects.toThrow(
      new Error(
        `${at()} was initialized for another backend than the settings have; run ${at("terraform")} -chdir=${at()} init -reconfigure`,
      ),
    );
  });

  it("that hangs ends, whatever holds its output open", async () => {
    terraform(`sleep 3600 & echo $! > '${at("terraform.pid")}'; wait`);
    await expect(pullState({ ...cli(), timeout: 1 }, at())).rejects.toThrow(
      new Error(
        `${at("terraform")} state pull in ${at()} did not end within 1 s; check the backend`,
      ),
    );
    process.kill(Number(read("terraform.pid")));
  });

  it("that prints more than a state can have is ended, and the message has the limit", async () => {
    terraform("exec head -c $((129 * 1048576)) /dev/zero");
    await expect(pullState(cli(), at())).rejects.toThrow(
      new Error(
        `${at("terraform")} state pull in ${at()} printed more than 128 MiB; give other resources a state of their own`,
      ),
    );
  });

  it("whose state has data sources and secrets returns only what it manages, and no sensitive output", () => {
    const resource = {
      type: "aws_iam_policy_document",
      name: "policy",
      instances: [{ attributes: {} }],
    };
    const resources = ["data", "managed"].map((mode) => ({ ...resource, mode }));
    const outputs = {
      arn: { value: "a" },
      secret: { value: "s", sensitive: true },
      list: { value: ["b"] },
    };
    const state = readState(JSON.stringify({ version: 4, resources, outputs }));
    expect(state.resources.current).toHaveLength(1);
    expect(state.outputs).toEqual({ arn: "a" });
  });

  it("whose state has several objects at one address returns current, tainted and deposed ones apart", () => {
    const key = (id: string, more: object) => ({ attributes: { id }, ...more });
    const keys = [
      key("AKIADEPOSED", { deposed: "d7f9a5c1", status: "tainted" }),
      key("AKIATAINTED", { status: "tainted" }),
    ];
    const resources = [
      { mode: "managed", type: "aws_iam_access_key", name: "user", instances: keys },
      {
        mode: "managed",
        type: "aws_iam_user",
        name: "user",
        instances: [{ attributes: { name: "deckhouse" } }],
      },
    ];
    const state = readState(JSON.stringify({ version: 4, resources }));
    const ids = (of: "current" | "tainted" | "deposed") =>
      state.resources[of].map(({ attributes }) => attributes.id ?? attributes.name);
    expect([ids("current"), ids("tainted"), ids("deposed")]).toEqual([
      ["deckhouse"],
      ["AKIATAINTED"],
      ["AKIADEPOSED"],
    ]);
    expect(state.key).toMatchObject({ id: "AKIATAINTED" });
  });

  it.each([{ version: 3, resources: [] }, { version: 4 }, []])(
    "whose state has another form is an error: %j",
    (state) => {
      expect(() => readState(JSON.stringify(state))).toThrow("the state is damaged: ");
    },
  );

  it("ends when it is aborted, and reports no progress after that", async () => {
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate"] });
    terraform("exec sleep 30");
    const abort = new AbortController();
    const pulled = pullState(cli(), at(), abort.signal);
    abort.abort();
    await expect(pulled).rejects.toThrow(
      `${at("terraform")} state pull in ${at()} failed with ABORT_ERR`,
    );
    jest.advanceTimersByTime(1200);
    expect(progress).not.toHaveBeenCalled();
    const waiting = withProgress(
      "waiting",
      new Promise((resolve) => setTimeout(resolve, 1100)),
      progress,
    );
    jest.advanceTimersByTime(1100);
    await waiting;
    expect(progress.mock.calls).toEqual([["waiting ...\n"]]);
  });
});
