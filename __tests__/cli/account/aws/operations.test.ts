import { deadline } from "../../../../src/cli/account/aws/operations";

describe("a time limit", () => {
  it("has ended where an earlier signal had", () => {
    const { signal, stop } = deadline(60, AbortSignal.abort());
    expect(signal.aborted).toBe(true);
    stop();
  });

  it("ends with an earlier signal, unless it was stopped before", () => {
    const earlier = new AbortController();
    const [running, stopped] = [deadline(60, earlier.signal), deadline(60, earlier.signal)];
    stopped.stop();
    earlier.abort();
    expect([running.signal.aborted, stopped.signal.aborted]).toEqual([true, false]);
    running.stop();
  });
});
