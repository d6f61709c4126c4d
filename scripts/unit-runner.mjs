// @ts-check
import { createRunner } from "jest-light-runner";

const LightRunner = createRunner({ runtime: "child_process" });

/** The pools of workers by project. */
class AnsweringPools extends Map {
  /** @param {unknown} globalConfig Jest's configuration, which each worker asks for */
  constructor(globalConfig) {
    super();
    this.globalConfig = globalConfig;
  }

  /** @override @type {(projectConfig: unknown, runner: { pool: { run: (path: string, options: object) => Promise<unknown> } }) => this} */
  set(projectConfig, { pool }) {
    const workerData = { globalConfig: this.globalConfig, projectConfig, runtime: "child_process" };
    /** @type {Set<(message: unknown) => void>} */
    const workers = new Set();
    const channel = {
      /** @param {(message: unknown) => void} send */
      onMessage: (send) => workers.add(send),
      /** @param {unknown} message */
      postMessage: (message) => {
        if (message === "jest-light-runner-get-worker-data") {
          for (const send of workers) {
            send({ type: "jest-light-runner-worker-data", workerData });
          }
        }
      },
    };
    /** @param {{ path: string }} test */
    const run = (test) => pool.run(test.path, { channel });
    return super.set(projectConfig, { pool, run });
  }
}

/**
 * Jest's runner of the unit tests: jest-light-runner, whose workers always get their answer. Its own channel answers all workers
 * when the first one asks, and then none: a worker that was still starting waits forever, and with it the run. This happened with
 * jest-light-runner 0.7.13 while other programs kept the processors busy; version 0.8.2 has the same code.
 */
export default class UnitRunner extends LightRunner {
  _testRunners = new AnsweringPools(this._globalConfig);
}
