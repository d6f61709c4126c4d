import { exampleArn } from "../../packages/cli/src/iam/example-resources";
import {
  type AskedRequest,
  actionIn,
  phrasesOf,
  RISK_ROWS,
  type RiskRow,
  requestsOf,
  risksOf,
  shownRows,
} from "../../packages/cli/src/iam/risks";
import { CATALOGUE } from "../../src/iam/catalogue";
import type { PolicyDocument } from "../../src/iam/policy-document";
import {
  grantedRows,
  MODES,
  type PolicyOptions,
  policyStatements,
} from "../../src/iam/policy-statements";
import {
  clusterOf,
  ENVIRONMENT,
  EVERYTHING,
  KMS_KEY,
  optionsWith,
  wholePolicy,
} from "../helpers/clusters";
import { requestsWith } from "../helpers/simulator";

const CLUSTERS = {
  "a plain cluster": clusterOf(),
  "a cluster with every option": EVERYTHING,
  "a cluster with its own KMS key": clusterOf({
    features: ["encrypted-volumes"],
    kmsKeyArns: [KMS_KEY],
  }),
  "a cluster that clones volumes": clusterOf({ features: ["volume-cloning"] }),
  "a cluster with a former node role": clusterOf({ formerIamNodeRoles: ["/Admin"] }),
  "a cluster that is peered with another account": clusterOf({ peerAccountIds: ["222222222222"] }),
};

const CASES = Object.entries(CLUSTERS).flatMap(([name, cluster]) =>
  MODES.map((mode) => [name, mode, cluster] as const),
);

/** Actions that no sentence is about, and why. */
const HARMLESS = {
  "iam:CreateServiceLinkedRole":
    "AWS defines the permissions of these roles, and only the service can assume them",
};

const elsewhere = (options: PolicyOptions) => ({
  ...options,
  environment: { ...ENVIRONMENT, region: "us-west-2" },
});

async function isShown(
  row: Pick<RiskRow, "requests">,
  asked: PolicyOptions,
  policy: PolicyDocument,
) {
  const requests = requestsOf(row.requests, asked);
  return requests.length > 0 && (await requestsWith(false, policy, requests)).length === 0;
}

/** As the Service Authorization Reference has types. */
const kindOf = ({ resource }: AskedRequest) =>
  /^(?:loadbalancer|listener)\/(?:app|gwy|net)(?=\/)|^[^/]+/.exec(
    resource.split(":")[5] ?? "",
  )?.[0];

/**
 * An attack on each kind of resource of an action, with the context that conditions may require.
 */
function attacks({ action, resources }: (typeof CATALOGUE)[number]) {
  const [service = ""] = action.split(":");
  const { region, account, partition } = ENVIRONMENT;
  const kms = {
    "kms:ViaService": `ec2.${region}.amazonaws.com`,
    "kms:GrantIsForAWSResource": "true",
  };
  const peering = {
    "ec2:AccepterVpc": `arn:aws:ec2:${region}:${account}:vpc/vpc-0`,
    "ec2:RequesterVpc": `arn:aws:ec2:${region}:${account}:vpc/vpc-0`,
  };
  const context = {
    "aws:RequestedRegion": region,
    ...(service === "kms" ? kms : {}),
    ...(action.endsWith("VpcPeeringConnection") ? peering : {}),
    ...(action === "iam:PassRole" ? { "iam:PassedToService": "ec2.amazonaws.com" } : {}),
  };
  const others = resources
    .filter((type) => /\/(?:app|gwy)/.test(type))
    .map((type) => `${type.replace(/\/$/, "")}/x/0/0`);
  const arns = [
    ...resources.flatMap((type) => exampleArn(service, type, ENVIRONMENT) ?? []),
    ...others.map(
      (name) =>
        `arn:${partition}:${service}:${region}:${account}:${name.replace(/^(loadbalancer.*)\/0$/, "$1")}`,
    ),
  ];
  return arns.map((resource) => ({ action, resource, context }));
}

describe.each(CASES)(
  "what an attacker can do with the key of %s in mode %s",
  (_, mode, cluster) => {
    const options = optionsWith(mode, cluster);
    const policy = wholePolicy(options);
    const printed = risksOf(options, (name) => name);

    it("is stated exactly where the simulator allows the requests that show it, in the Regions that it names", async () => {
      const shown: { goal: string; reach: boolean | undefined }[] = [];
      for (const row of RISK_ROWS) {
        if (!shown.some(({ goal }) => goal === row.goal) && (await isShown(row, options, policy))) {
          const reach = row.text.includes("{reach}")
            ? await isShown(row, elsewhere(options), policy)
            : undefined;
          shown.push({ goal: row.goal, reach });
        }
      }
      const reachOf = (what: string) =>
        what.includes(" in every Region")
          ? true
          : what.includes(" in eu-central-1")
            ? false
            : undefined;
      expect(printed.map(({ goal, what }) => ({ goal, reach: reachOf(what) }))).toEqual(shown);
    });

    it("has exactly the phrases whose requests the simulator allows, in the Regions of their sentences", async () => {
      for (const { goal, text } of shownRows(options, policyStatements(options))) {
        const { what = "" } = printed.find((risk) => risk.goal === goal) ?? {};
        const asked = what.includes(" in every Region") ? elsewhere(options) : options;
        for (const phrase of phrasesOf(text)) {
          expect({ goal, phrase, shown: what.includes(phrase.words) }).toEqual({
            goal,
            phrase,
            shown: await isShown(phrase, asked, policy),
          });
        }
      }
    });

    it("covers each write that the simulator allows on a resource of somebody else", async () => {
      const rows = shownRows(options, policyStatements(options));
      const covered = rows.flatMap((row) => {
        const shown = phrasesOf(row.text).filter(({ words }) =>
          printed.some(({ goal, what }) => goal === row.goal && what.includes(words)),
        );
        const texts = [
          ...row.requests,
          ...(row.also ?? []),
          ...shown.flatMap(({ requests }) => requests),
        ];
        return texts.flatMap((request) => requestsOf([request], options));
      });
      const writes = grantedRows(options).filter(
        ({ action, access }) => !["List", "Read"].includes(access) && !(action in HARMLESS),
      );
      const open = await requestsWith(true, policy, writes.flatMap(attacks));
      const isCovered = (attack: AskedRequest) =>
        covered.some(
          (request) => request.action === attack.action && kindOf(request) === kindOf(attack),
        );
      expect(open.length).toBeGreaterThan(80);
      expect(
        open
          .filter((attack) => !isCovered(attack))
          .map(({ action, resource }) => `${action} ${resource}`),
      ).toEqual([]);
    });
  },
);

/** The words for which a row and its phrases name actions. */
const sentencesOf = ({ text, requests, also = [] }: RiskRow) => {
  const words = text.replaceAll(/\[[^\]]*\]/g, "");
  const phrases = phrasesOf(text).map((phrase) => ({
    ...phrase,
    words: `${words}${phrase.words}`,
  }));
  return [{ words, requests: [...requests, ...also] }, ...phrases];
};

/** By verb in the name of an action, the words for it. */
const VERBS: Readonly<Record<string, RegExp>> = {
  Accept: /\bconnect/,
  Add: /\badd|change/,
  Allocate: /allocate/,
  Apply: /\bput/,
  Associate: /replace|redirect/,
  Attach: /replace|attach|open|\bput|copy/,
  Authorize: /open/,
  Configure: /change/,
  Copy: /copy/,
  Create: /create|copy|\bconnect|redirect|replace|\bput|let|change|disks from/,
  Decrypt: /decrypt|read/,
  Delete: /delete|disconnect|redirect|replace|change/,
  Deregister: /route|forward/,
  Describe: /read/,
  Detach: /replace|detach|close|take .* out/,
  Disassociate: /remove|\btake|redirect/,
  Enable: /enable/,
  Generate: /encrypt|read/,
  Import: /replace/,
  Modify: /replace|let|even with|change|send|enlarge|redirect|forward/,
  Pass: /launch/,
  Put: /write|with any permission/,
  ReEncrypt: /encrypt|read/,
  Register: /route|forward/,
  Release: /release/,
  Remove: /change/,
  Replace: /replace|redirect/,
  Revoke: /close/,
  Run: /launch/,
  Set: /change|\bput/,
  Start: /start/,
  Stop: /stop/,
  Tag: /change/,
  Terminate: /delete/,
  Untag: /change/,
  Update: /let/,
};

it("the text of a sentence says the verb of each action that it counts as said", () => {
  const verbOf = (action: string) => /:(ReEncrypt|[A-Z][a-z]+)/.exec(action)?.[1] ?? "";
  const unsaid = RISK_ROWS.flatMap(sentencesOf).flatMap(({ words, requests }) =>
    requests
      .map(actionIn)
      .filter((action) => VERBS[verbOf(action)]?.test(words) !== true)
      .map((action) => `${action}: ${words}`),
  );
  expect(unsaid).toEqual([]);
});

it("no sentence gives a reason of IAM", () => {
  expect(RISK_ROWS.filter(({ text }) => /IAM can ?not|cannot/.test(text))).toEqual([]);
});

it("every write of the catalogue belongs to a sentence, or is harmless for a reason", () => {
  const inSentences = new Set(
    RISK_ROWS.flatMap((row) => sentencesOf(row).flatMap(({ requests }) => requests.map(actionIn))),
  );
  const writes = CATALOGUE.filter(({ access }) => !["List", "Read"].includes(access)).map(
    ({ action }) => action,
  );
  expect(writes.filter((action) => inSentences.has(action) === action in HARMLESS)).toEqual([]);
});

it("the text of a sentence names the roles of its requests", () => {
  const roles = (texts: readonly string[]) => [
    ...new Set(texts.join(" ").match(/\{(?:role|otherRoles)\}/g)),
  ];
  expect(RISK_ROWS.map(({ text }) => roles([text]))).toEqual(
    RISK_ROWS.map(({ requests }) => roles(requests)),
  );
});

it("the text of a sentence about resources of a Region alone says in which Regions", () => {
  const regional = RISK_ROWS.filter(({ requests }) =>
    requests.every((text) => /^(?:ec2|elasticloadbalancing):/.test(text)),
  );
  expect(regional.length).toBeGreaterThan(10);
  expect(regional.filter(({ text }) => !text.includes("{reach}"))).toEqual([]);
});
