/** The user and the leaked key of the records below. */
export const USER = "deckhouse";
export const LEAKED = "AKIALEAKED";
export const ACCOUNT = "123456789012";

/** The parts of a CloudTrail record that differ between tests. */
export interface RecordParts {
  readonly action: string;
  readonly time?: string;
  readonly identity?: object;
  readonly request?: object;
  readonly response?: object;
  readonly error?: string;
  readonly from?: string;
}

let count = 0;

/** `userIdentity` of a request that an access key of the user signed. */
export const signedBy = (accessKeyId: string) => ({
  type: "IAMUser",
  arn: `arn:aws:iam::${ACCOUNT}:user/${USER}`,
  accountId: ACCOUNT,
  accessKeyId,
  userName: USER,
});

/** `userIdentity` of a session of a role. */
export const inRole = (role: string, session: string, accessKeyId = "ASIAROLE") => ({
  type: "AssumedRole",
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${session}`,
  accountId: ACCOUNT,
  accessKeyId,
  sessionContext: { sessionIssuer: { type: "Role", arn: `arn:aws:iam::${ACCOUNT}:role/${role}` } },
});

/** A CloudTrail record: of the leaked key, at noon, unless stated. */
export function trailRecord({ action, time = "12:00:00", identity = signedBy(LEAKED), ...parts }: RecordParts): object {
  const [service, name] = action.split(":");
  count += 1;
  return {
    eventVersion: "1.11",
    eventID: `event-${count}`,
    eventTime: `2026-11-01T${time}Z`,
    eventSource: `${service}.amazonaws.com`,
    eventName: name,
    awsRegion: "eu-central-1",
    sourceIPAddress: parts.from ?? "192.0.2.1",
    userIdentity: identity,
    requestParameters: parts.request ?? null,
    responseElements: parts.response ?? null,
    ...(parts.error === undefined ? {} : { errorCode: parts.error }),
  };
}
