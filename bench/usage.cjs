// Loaded into each program that bench.mjs measures: writes its processor time and its largest
// memory when it ends.
const { appendFileSync } = require("node:fs");

process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  appendFileSync(process.env.BENCH_USAGE ?? "", `${userCPUTime + systemCPUTime} ${maxRSS}\n`);
});
