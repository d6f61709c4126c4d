/**
 * An event of CloudTrail, as far as this project reads it.
 * Source: CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".
 */
export interface TrailEvent {
  /** `eventID`: a GUID. */
  readonly id: string;
  /** `eventTime`: UTC in whole seconds, `2026-11-26T12:00:00Z`, so that times compare as strings. */
  readonly time: string;
  /** `eventSource` without `.amazonaws.com`, and `eventName`: `iam:CreateRole`. */
  readonly action: string;
  readonly region: string;
  /** `sourceIPAddress`: an address, or the name of an AWS service. */
  readonly from: string;
  /** `errorCode`: present if the request was not executed. */
  readonly error?: string | undefined;
  readonly caller: TrailCaller;
  /** `requestParameters` and `responseElements`. */
  readonly request: unknown;
  readonly response: unknown;
}

/** `userIdentity`: who made the request. */
export interface TrailCaller {
  readonly type?: string | undefined;
  readonly arn?: string | undefined;
  /** The key that signed the request. Of temporary credentials it starts with `ASIA`. */
  readonly accessKeyId?: string | undefined;
  readonly userName?: string | undefined;
  /** The role of temporary credentials: `sessionContext.sessionIssuer.arn`. */
  readonly role?: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;

const object = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

/** An event from an entry of a CloudTrail file; undefined if it is none. */
export function trailEvent(entry: unknown): TrailEvent | undefined {
  const record = object(entry);
  const [id, time, source, name] = [record.eventID, record.eventTime, record.eventSource, record.eventName].map(text);
  if (id === undefined || time === undefined || source === undefined || name === undefined || !isTime(time)) {
    return undefined;
  }
  const identity = object(record.userIdentity);
  return {
    id,
    time,
    action: `${source.split(".")[0]}:${name}`,
    region: text(record.awsRegion) ?? "",
    from: text(record.sourceIPAddress) ?? "",
    error: text(record.errorCode),
    caller: {
      type: text(identity.type),
      arn: text(identity.arn),
      accessKeyId: text(identity.accessKeyId),
      userName: text(identity.userName),
      role: text(object(object(identity.sessionContext).sessionIssuer).arn),
    },
    request: record.requestParameters,
    response: record.responseElements,
  };
}

const isTime = (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text);

/** Whether an event matters after a leak: it changed something, or issued credentials. */
export function isKept({ action }: TrailEvent): boolean {
  return !READS.test(action);
}

/** Names of calls that only read. `readOnly` of the record would count `sts:AssumeRole` among them. */
const READS = /^[^:]+:(Get(?!SessionToken|FederationToken)|List|Describe|Lookup|Search|Head|BatchGet|Simulate|Decode)/;

/** What a field contains, wherever in parts of an event it is. */
export function partsOf(parts: readonly unknown[], field: string): readonly unknown[] {
  return parts.flatMap((part) =>
    typeof part === "object" && part !== null
      ? Object.entries(part).flatMap(([name, value]) => (name === field ? [value] : partsOf([value], field)))
      : [],
  );
}

/**
 * The different values of a field, wherever in a part of an event it is: EC2 has lists below `items`, IAM an object named after what
 * was created.
 */
export function valuesOf(part: unknown, field: string): readonly string[] {
  const scalars = partsOf([part], field).filter((value) => ["string", "number", "boolean"].includes(typeof value));
  return [...new Set(scalars.map(String))];
}
