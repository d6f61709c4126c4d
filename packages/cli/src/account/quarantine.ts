/**
 * Whether AWS attached a policy because it found a key of the user in public:
 * `AWSCompromisedKeyQuarantineV3`, or a former version. Source: AWS Managed Policy Reference,
 * "AWSCompromisedKeyQuarantineV3".
 */
export const isQuarantine = (arn: string): boolean =>
  /^arn:[a-z-]+:iam::aws:policy\/AWSCompromisedKeyQuarantine/.test(arn);
