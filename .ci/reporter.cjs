const { writeFileSync } = require("node:fs");
const { relative } = require("node:path");
const { noteProven } = require("../__tests__/helpers/proven.cjs");

const nameOf = (path) => relative(process.cwd(), path);

/**
 * Writes into the file that the variable REPORT names: the numbers of passed and failed tests, and
 * the files that failed. Until the run has ended, the file names those that run, so that a run that
 * is killed, or that has no memory left, shows where.
 */
module.exports = class {
  running = new Set();

  onTestFileStart({ path }) {
    this.running.add(nameOf(path));
    this.write(0, 1, this.running);
  }

  onTestFileResult({ path }, { numFailingTests, numPassingTests, testExecError }) {
    this.running.delete(nameOf(path));
    this.write(0, 1, this.running);
    if (numFailingTests === 0 && numPassingTests > 0 && !testExecError) {
      noteProven(path);
    }
  }

  onRunComplete(_, { numPassedTests, numFailedTests, numFailedTestSuites, testResults }) {
    const failed = testResults.filter(
      ({ numFailingTests, testExecError }) => numFailingTests > 0 || testExecError,
    );
    const nothingRan = numPassedTests === 0 ? 1 : 0;
    const names = failed.map(({ testFilePath }) => nameOf(testFilePath));
    this.write(numPassedTests, numFailedTests || Math.max(numFailedTestSuites, nothingRan), names);
  }

  write(passed, failed, names) {
    writeFileSync(process.env.REPORT, `${passed} ${failed}\n${[...names].join("\n")}\n`);
  }
};
