import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { polledOperation, waitersOf } from "../../../scripts/upstream/waiters";

/** Waiters and their operations of the SDK for JavaScript, which is generated from the same models. */
function waitersOfSdk(service: string): readonly (readonly [string, string | undefined])[] {
  const folder = join(dirname(require.resolve(`@aws-sdk/client-${service}/package.json`)), "dist-es/waiters");
  return readdirSync(folder)
    .filter((name) => name.startsWith("waitFor"))
    .map((name) => {
      const operation = /new (\w+)Command\(/.exec(readFileSync(join(folder, name), "utf8"))?.[1];
      return [name.replace(/^waitFor|\.js$/g, ""), operation] as const;
    });
}

describe("the waiters of", () => {
  it.each(["ec2", "iam"])("%s are those of the AWS SDK", (service) => {
    const expected = waitersOfSdk(service);
    expect(waitersOf(service).map((waiter) => [waiter, polledOperation(service, waiter)])).toEqual(
      expect.arrayContaining([...expected]),
    );
    expect(waitersOf(service)).toHaveLength(expected.length);
  });
});
