import { anyOf } from "../../../../src/text/patterns";

export interface DeniedRequest {
  /** `ec2:CreateVpc`; the operation alone if the error does not name the service. */
  readonly action?: string;
  /** An ARN, or `role dev-node` as IAM writes it. */
  readonly resource?: string;
  readonly principal?: string;
  readonly region?: string;
  /** Public address of the caller, or its VPC endpoint: only CloudTrail has them. */
  readonly address?: string;
  readonly vpcEndpoint?: string;
  /**
   * The kind of policy that AWS names as the reason: `service control policy`, with its ARN if AWS
   * has it.
   */
  readonly policyKind?: string;
  readonly policyArn?: string;
  readonly isExplicit: boolean;
  /** Values of condition keys, of a decoded message. */
  readonly context: Readonly<Record<string, readonly string[]>>;
  /** EC2's encoded message, which only `sts:DecodeAuthorizationMessage` can read. */
  readonly encoded?: string;
}

type Field = Exclude<keyof DeniedRequest, "action" | "context" | "isExplicit">;

/**
 * Patterns of the fields in errors of AWS, as Terraform, the AWS CLI and Kubernetes print them, in
 * events of CloudTrail, and in decoded messages. Source: IAM User Guide, "Troubleshoot access
 * denied error messages"; CloudTrail User Guide, "CloudTrail record contents"; STS API Reference,
 * DecodeAuthorizationMessage; deckhouse/deckhouse#10842, kubernetes/kops#15990.
 */
const FIELDS: Readonly<Record<Field, RegExp>> = {
  resource: anyOf(
    /on resource:? "?(arn:[^\s"]+|(?:role|instance profile|user|policy) [\w+=,.@/-]+)/,
    /"resource": ?"(arn:[^"\s]+)"/,
  ),
  principal: /User: (arn:[^\s"]+)|"arn": ?"(arn:[^\s"]+)"/,
  region: /"awsRegion": ?"([a-z0-9-]+)"/,
  address: /"sourceIPAddress": ?"([0-9a-f.:]+)"/i,
  vpcEndpoint: /"vpcEndpointId": ?"(vpce-[0-9a-z]+)"/,
  policyKind: /(?:because no|deny in (?:an?|the)) ([a-z -]+ (?:policy|boundary))/i,
  policyArn: /deny in an? [a-z -]+: (arn:[^\s"]+)/i,
  encoded: /encoded authorization failure message: ?([\w+/=-]{20,})/i,
};

/**
 * Patterns of the action, with its service or by the names that SDK and CloudTrail give the
 * service.
 */
const ACTIONS: readonly RegExp[] = [
  /not authorized to perform:? ([a-z0-9-]+:\w+)/,
  // CloudFormation's form.
  /\bAPI: ([a-z0-9-]+:\w+)/,
  /"action": ?"([a-z0-9-]+:\w+)"/,
  /operation error ([A-Za-z0-9 ]+): (\w+)/,
  /"eventSource": ?"([a-z0-9-]+)\.amazonaws\.com".*?"eventName": ?"(\w+)"/,
  /"eventName": ?"(\w+)"/,
  /when calling the (\w+) operation/,
  // The alert of DKP's discoverer. Source: deckhouse/deckhouse,
  // images/cloud-data-discoverer/src/discoverer.go.
  /\b(\w+) is not allowed/,
  /^((?:[a-z0-9-]+:)?[A-Za-z]\w{2,63})$/i,
];

const CONDITIONS = /"key": ?"([\w:/.-]+)", ?"values": ?\{ ?"items": ?\[([^\]]*)\]/g;

/** Characters. Some patterns need time with the square of the length. */
const LONGEST = 32_768;

/**
 * The denied request in an error of DKP, Terraform or the AWS CLI, an event of CloudTrail, a
 * decoded message, or the name of an action. Nothing else of the text is kept.
 * @throws Error if the text is too long
 */
export function deniedRequest(text: string): DeniedRequest {
  if (text.length > LONGEST) {
    throw new Error(
      `--explain: the text has ${text.length} characters, and at most ${LONGEST} are read; ` +
        "give one message alone",
    );
  }
  // Programs wrap and frame lines, and quote JSON in JSON.
  const line = text
    .replaceAll(/\\+[nrt]|[│╷╵↵\s]+/g, " ")
    .replaceAll("\\", "")
    .replaceAll(/ +/g, " ")
    .trim();
  const fields = Object.entries(FIELDS).map(([name, pattern]) => [name, capture(pattern, line)]);
  const conditions = [...line.matchAll(CONDITIONS)].map(([, key = "", items = ""]) => [
    key,
    [...items.matchAll(/"value": ?"([^"]*)"/g)].map(([, value = ""]) => value),
  ]);
  const action = ACTIONS.map((pattern) => pattern.exec(line)).find((match) => match !== null);
  return {
    ...Object.fromEntries(fields.filter(([, value]) => value !== undefined)),
    ...(action === undefined ? {} : { action: actionIn(action) }),
    isExplicit: /explicit deny|"explicitDeny": ?true/i.test(line),
    context: Object.fromEntries(conditions),
  };
}

/** The first group that has a value, without the punctuation of the sentence around it. */
function capture(pattern: RegExp, line: string): string | undefined {
  return pattern
    .exec(line)
    ?.slice(1)
    .find((group) => group !== undefined)
    ?.replace(/[.,;:']+$/, "");
}

/**
 * `EC2`, `CreateVpc` is `ec2:CreateVpc`; `Elastic Load Balancing v2` is `elasticloadbalancing`, as
 * IAM names it.
 */
function actionIn([, first = "", operation]: RegExpExecArray): string {
  const service = first.toLowerCase().replace(/ v2$/, "").replaceAll(" ", "");
  return operation === undefined ? first : `${service}:${operation}`;
}
