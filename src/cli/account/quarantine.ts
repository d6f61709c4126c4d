import { recovery } from "../text/advice";

/**
 * Whether AWS attached a policy because it found a key of the user in public:
 * `AWSCompromisedKeyQuarantineV3`, or a former version. Source: AWS Managed Policy Reference,
 * "AWSCompromisedKeyQuarantineV3".
 */
export const isQuarantine = (arn: string): boolean =>
  /^arn:[a-z-]+:iam::aws:policy\/AWSCompromisedKeyQuarantine/.test(arn);

/** The sentences about a quarantine. `id` is the ARN of the policy. */
export const QUARANTINED = {
  text: "AWS has attached {id}, because a key of the user was exposed publicly",
  risk: "it denies ec2:RunInstances and more, whatever key of the user DKP has",
  remedy: `follow ${recovery("quarantine")} at once`,
} as const;
