const Sequencer = require("@jest/test-sequencer").default;
const { costOf } = require("./sample.cjs");

/** The most expensive files first, so that none of them runs alone at the end. */
module.exports = class extends Sequencer {
  sort(tests) {
    return super.sort(tests).toSorted((one, other) => costOf(other.path) - costOf(one.path));
  }
};
