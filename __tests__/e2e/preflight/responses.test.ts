import { CHECKS } from "../../../src/cli/account/preflight/checks";
import { PREFLIGHT_RULES, type PreflightRules } from "../../../src/cli/account/preflight/rules";
import { textOf } from "../../../src/cli/findings/finding";
import { ACCOUNT, AMI, resultsOf, rulesOf, settings, testAws } from "../support/preflight";
import type { WireAnswer, WireAnswers } from "../support/stub-aws";

const PORTAL = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Welcome</body></html>";

/** Responses that something between the client and AWS sends. */
const OTHERS: Readonly<Record<string, WireAnswer>> = {
  "HTTP 200, text/html": { status: 200, body: PORTAL, type: "text/html; charset=utf-8" },
  "HTTP 200, text/plain": { status: 200, body: "ok", type: "text/plain" },
  "HTTP 302, text/html": { status: 302, body: PORTAL, type: "text/html" },
  "HTTP 403, text/html": { status: 403, body: PORTAL, type: "text/html" },
};

/** The operations of all checks besides the account and the region. */
const OPERATIONS = [...new Set(CHECKS.flatMap(({ calls }) => calls.map((call) => call.split(":")[1] ?? "")))];
const answers = (operations: readonly string[], response: WireAnswer): WireAnswers =>
  Object.fromEntries(operations.map((operation) => [operation, () => response]));

const EVERYTHING = settings(
  `prefix: dev, layout: Standard, existingVPCID: vpc-0123456789abcdef0, tags: { dkp-cluster: dev }, amis: [${AMI}]`,
  "nodeRole: { name: own-nodes }\nattachment: user-and-group\npolicy: { mode: strict }\n",
);

describe("a response that is not of AWS", () => {
  const aws = testAws();

  it.each(Object.entries(OTHERS))("%s: is an unknown result of each check that calls AWS", async (_, response) => {
    aws().stub.say(answers(OPERATIONS, response));
    const results = await resultsOf(EVERYTHING, aws().stub.url);
    const findings = results.slice(2).flatMap(({ check, findings: own }) => own.map((found) => ({ check, found })));
    // What is read of IAM is a finding of each object.
    const rules: Readonly<Record<string, string>> = { "resource-names": "object-unread", "pgp-keys": "pgp-keys-none" };
    const expected = new Set(CHECKS.map(({ id }) => `${id}: ${rules[id] ?? "call-not-aws"}`));
    expect(new Set(findings.map(({ check, found }) => `${check}: ${found.rule}`))).toEqual(expected);
    for (const { found } of findings.filter(({ check }) => check !== "pgp-keys")) {
      expect(textOf<PreflightRules>(PREFLIGHT_RULES, found)).toContain(`HTTP ${response.status}, which is not a response of AWS`);
    }
  });

  it.each([
    ["account", "GetCallerIdentity"],
    ["region", "DescribeRegions"],
  ])("is an unknown result of the %s", async (check, operation) => {
    for (const response of Object.values(OTHERS)) {
      aws().stub.say(answers([operation], response));
      const results = await resultsOf(settings(""), aws().stub.url);
      const rules = results.map(({ check, findings }) => `${check} ${findings.map(({ rule }) => rule)}`);
      expect(rules).toContain(`${check} call-not-aws`);
    }
  });

  it("is an unknown result of the key", async () => {
    const identity = `<Arn>arn:aws:iam::${ACCOUNT}:user/deckhouse</Arn><UserId>AIDA</UserId><Account>${ACCOUNT}</Account>`;
    const body = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>${identity}</GetCallerIdentityResult></GetCallerIdentityResponse>`;
    aws().stub.say({
      GetCallerIdentity: () => ({ status: 200, body }),
      ...answers(["DescribeInstances"], { status: 200, body: PORTAL, type: "text/html" }),
    });
    expect(await rulesOf(settings(""), aws().stub.url, { asKey: true })).toEqual({
      account: ["note account-not-set", "note key-owner-ok"],
      key: ["unverifiable call-not-aws"],
    });
  });
});
