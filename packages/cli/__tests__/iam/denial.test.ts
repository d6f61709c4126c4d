import { DENIALS, deploymentOf } from "../../../../__tests__/helpers/denials";
import { denialOf, denialText } from "../../src/iam/denial";
import { deniedRequest } from "../../src/iam/denied-request";

const denial = (message: string, settings: object = {}) =>
  denialOf(deniedRequest(message), deploymentOf({ settings }));

describe("a denial", () => {
  it.each(DENIALS)("of $of is explained", ({ message, settings, verdict }) => {
    const found = denial(message, settings);
    expect(found.verdict).toBe(verdict);
    expect(denialText(found).split("\n")).toContain(`${verdict}: ${found.sentence}`);
  });

  it.each(DENIALS.filter(({ request }) => request !== undefined))(
    "of $of names its action",
    ({ message, request, settings }) => {
      const { sentence, row } = denial(message, settings);
      expect(`${row?.action} ${sentence}`).toContain(request?.split(" ")[0]);
    },
  );

  it("of each kind has a sentence and what to do", () => {
    const kinds = new Map(
      DENIALS.map(({ message, settings, verdict }) => [
        verdict,
        denialText(denial(message, settings)),
      ]),
    );
    expect([...kinds.values()].join("\n")).toMatchInlineSnapshot(`
      "allowed: the policy allows iam:PassRole; statement PassNodeRole: arn:aws:iam::123456789012:role/dev-node
        -> if AWS denies it: AWS has another policy than the settings: npx dkp-access plan deckhouse
        -> or iam:PassedToService of the call is not ec2.amazonaws.com
        -> or the call was on another resource, or required another action as well: the message of AWS names them
        -> or a service control policy denies it: the message of AWS says so
      not in the policy: the policy does not allow ec2:StopInstances, which DKP calls only with features: [instance-type-change]
        -> if the cluster has that, write it into the settings of deckhouse, and apply
      another resource: the policy allows ec2:ImportKeyPair, but not on arn:aws:ec2:eu-central-1:123456789012:key-pair/prod; statement KeyPair: arn:aws:ec2:eu-central-1:123456789012:key-pair/dev
        -> cluster.prefix names it
      another Region: the call was made in eu-west-1, and the policy allows ec2:RunInstances only in eu-central-1
        -> correct the Region in DKP's configuration, or region in the settings
      unknown action: DKP is not known to call ec2:CreateFleet
        -> find out what called it with this key: CloudTrail has its program as userAgent
        -> if a component of DKP called it, report the message and the version of DKP
      another policy: a resource-based policy denies kms:DescribeKey
        -> allow it in the policy of the resource, such as a key policy of KMS
      another principal: arn:aws:iam::111111111111:user/deckhouse made the call, and the policy of deckhouse is that of user/deckhouse of the account 123456789012
        -> check the permissions of that principal
      a Deny: another policy of the user denies ec2:DescribeInstances, because no statement of this one does
        -> npx dkp-access drift deckhouse names the policies of the user; see docs/how-to/recover.md#quarantine
      another network: the statement DenyOtherNetworks denies ec2:DescribeInstances, because vpce-0fedcba9876543210 is not in user.allowedNetworks
        -> if the cluster or whoever runs dhctl has this address, add it to user.allowedNetworks, and apply
        -> if not, somebody else has the key: docs/how-to/leak.md
      another condition: the policy allows iam:PassRole under a condition that the request does not meet
        -> iam:PassedToService is lambda.amazonaws.com, and must be ec2.amazonaws.com"
    `);
  });

  it("of a network that the message does not name may be that of the policy", () => {
    const message =
      "User: arn:aws:iam::123456789012:user/deckhouse is not authorized to perform: iam:GetRole on resource: role dev-node";
    const settings = { user: { allowedNetworks: { vpcs: ["vpc-0123456789abcdef0"] } } };
    expect(denial(message, settings).remedies).toContain(
      "or the call came from a network outside user.allowedNetworks",
    );
    const { verdict, remedies } = denial(
      `${message} with an explicit deny in an identity-based policy`,
      settings,
    );
    expect({ verdict, first: remedies[0] }).toEqual({
      verdict: "a Deny",
      first: "the event of CloudTrail has the address: give it to --explain",
    });
  });

  it("shows nothing of the message but what it is about", () => {
    const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const shown = DENIALS.map(({ message, settings }) => {
      const request = deniedRequest(
        `${message} AWS_SECRET_ACCESS_KEY=${secret} AKIAIOSFODNN7EXAMPLE`,
      );
      return JSON.stringify([
        request,
        request.action === undefined
          ? ""
          : denialText(denialOf(request, deploymentOf({ settings }))),
      ]);
    });
    expect(shown.join("\n")).not.toMatch(/wJalr|AKIA/);
  });
});

it.each([
  [
    "ec22:RunInstances",
    "this program knows no action ec22:RunInstances; the nearest is ec2:RunInstances:\nallowed: the policy allows ec2:RunInstances; ",
  ],
  ["rds:CreateDBSnapshot", "unknown action: DKP is not known to call rds:CreateDBSnapshot"],
  [
    "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMIxK7MDENGxbPxRfiCYzXAMPLEKEY",
    "unknown action: DKP is not known to call (a secret)",
  ],
])(
  "an action of a service that the program has no list of is another one only with the same operation: %s",
  (named, text) => {
    expect(denialText(denial(named))).toContain(text);
  },
);

it.each([
  [
    "no action",
    "Error: Unable to locate credentials",
    "the text is neither a message of AWS nor one action; give the whole message, or one action such as ec2:RunInstances",
  ],
  [
    "two actions",
    "ec2:CreateVpc ec2:DeleteVpc",
    "the text is neither a message of AWS nor one action; give the whole message, or one action such as ec2:RunInstances",
  ],
  [
    "more characters than a message has",
    "a".repeat(32_769),
    "the text has 32769 characters, and at most 32768 are read; give one message alone",
  ],
  [
    "a string that is near no action",
    "Xyz",
    "Xyz is not an action of AWS; write for example ec2:RunInstances",
  ],
  [
    "a secret",
    "wJalrXUtnFEMIxK7MDENGxbPxRfiCYzXAMPLEKEY",
    "(a secret) is not an action of AWS; write for example ec2:RunInstances",
  ],
])("a text with %s is an error that does not repeat a secret", (_, text, message) => {
  expect(() => denial(text)).toThrow(`--explain: ${message}`);
});

it.each([
  ["ec2:CreateRole", "AWS has no action ec2:CreateRole; the nearest is ec2:CreateRoute"],
  ["iam:GetRoles", "AWS has no action iam:GetRoles; the nearest is iam:GetRole"],
  ["RunInstance", "this program knows no action RunInstance; the nearest is ec2:RunInstances"],
  ["ec2:runinstances", undefined],
  ["ec2:CreateFleet", undefined],
])("an answer says whether it is for another action: %s", (named, misspelled) => {
  expect(denial(named).misspelled).toBe(misspelled);
});

it("the form of CloudFormation names the action", () => {
  const message =
    "API: ec2:DeleteRoute You are not authorized to perform this operation. Encoded authorization failure message: 81IfYiNZlt4QusMu262DnmXm";
  expect(deniedRequest(message).action).toBe("ec2:DeleteRoute");
});

const DENIED =
  "User: arn:aws:iam::123456789012:user/deckhouse is not authorized to perform: ec2:DescribeVpcs with an explicit deny in an identity-based policy: arn:aws:iam::";

it.each([
  [
    "aws:policy/AWSCompromisedKeyQuarantineV3",
    {},
    "the policy arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3 denies ec2:DescribeVpcs",
  ],
  [
    "123456789012:policy/D8CloudProviderAWS-2",
    { user: { allowedNetworks: { cidrs: ["203.0.113.0/24"] } } },
    "a Deny applies to ec2:DescribeVpcs; that of this policy, DenyOtherNetworks, applies in networks outside user.allowedNetworks",
  ],
])("an explicit Deny in another policy of the user is named: %s", (arn, settings, sentence) => {
  expect(denial(DENIED + arn, settings).sentence).toBe(sentence);
});

const DENIED_ON = "User: arn:aws:iam::123456789012:user/deckhouse is not authorized to perform: ";

it.each([
  [
    "ec2:RunInstances on resource: arn:aws:ec2:eu-central-1:999999999999:subnet/subnet-1",
    "it belongs to the account 999999999999, and no setting allows that: give DKP one of the account 123456789012",
  ],
  [
    "kms:DescribeKey on resource: arn:aws:kms:eu-central-1:999999999999:key/1",
    "cluster.kmsKeyArns names the keys",
  ],
])("a resource of another account has its own remedy: %s", (request, remedy) => {
  const key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000000";
  const settings = {
    cluster: { prefix: "dev", layout: "Standard", kmsKeyArns: [key] },
    features: ["encrypted-volumes"],
  };
  expect(denial(DENIED_ON + request, settings).remedies).toEqual([remedy]);
});

it("a long word takes no time with the square of its length", () => {
  const before = process.cpuUsage();
  deniedRequest("a".repeat(32_768));
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6).toBeLessThan(0.5);
});
