import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  type IAMClient,
  ListAttachedUserPoliciesCommand,
} from "@aws-sdk/client-iam";
import type { PolicyDocument } from "../../../src/iam/policy-document";
import { type Context, isAllowed } from "../../helpers/simulator";
import { type Account, type Authorization, authorizations } from "./authorizations";
import type { Credentials, LocalAws } from "./local-aws";
import { isSignedBy, type RawRequest, type ReceivedCall, received } from "./wire-calls";

/** An authorization and its result. */
export interface Decided extends Authorization {
  readonly allowed: boolean;
}

interface Principal {
  readonly user: string;
  readonly credentials: Credentials;
  /** The statements of all its policies. */
  readonly policy: PolicyDocument;
}

interface GateOptions {
  /** The accounts that own objects of other accounts, by ID. @default none */
  readonly owners?: Account["owners"];
  /** Whether the local AWS executes the calls that are allowed. Without, they end as a dry run of EC2 does. @default true */
  readonly executes?: boolean;
  /** What is known of objects that do not exist here. @default requests have no keys for tags and VPC of an object */
  readonly objects?: Account["objects"];
}

/**
 * A local AWS that enforces IAM as AWS does. It verifies the signature of a request, asks an independent evaluator for every
 * authorization of the call, with the policies that the local AWS stores for the user of the key, and lets the local AWS execute
 * the call if all are allowed.
 */
export class EnforcingGate {
  private readonly server: Server;
  private readonly principals = new Map<string, Principal>();
  private decided: readonly Decided[] = [];

  /** The condition keys of the network that calls come from, because the gate itself only sees the loopback address. */
  source: Context = {};

  private constructor(
    private readonly aws: LocalAws,
    private readonly account: Account,
    private readonly executes: boolean,
  ) {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: Error) => response.writeHead(500).end(error.stack));
    });
  }

  /** @param id the ID of the account */
  static async before(
    aws: LocalAws,
    id: string,
    { owners = {}, executes = true, objects }: GateOptions = {},
  ): Promise<EnforcingGate> {
    const gate = new EnforcingGate(aws, { id, owners, objects, ec2: aws.ec2(), iam: aws.iam() }, executes);
    gate.server.listen(0, "127.0.0.1");
    await once(gate.server, "listening");
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Creates a user with an access key, and a managed policy per document, attached to the user. */
  async createUser(user: string, documents: readonly PolicyDocument[]): Promise<Credentials> {
    const { iam } = this.account;
    await iam.send(new CreateUserCommand({ UserName: user }));
    for (const [at, document] of documents.entries()) {
      const created = await iam.send(
        new CreatePolicyCommand({ PolicyName: `${user}-${at + 1}`, PolicyDocument: JSON.stringify(document) }),
      );
      await iam.send(new AttachUserPolicyCommand({ UserName: user, PolicyArn: created.Policy?.Arn }));
    }
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: user }));
    const credentials = { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
    const policy = await attachedPolicies(iam, user);
    this.principals.set(credentials.accessKeyId, { user, credentials, policy });
    return credentials;
  }

  /** Returns and clears the list of authorizations. */
  decisions(): readonly Decided[] {
    const { decided } = this;
    this.decided = [];
    return decided;
  }

  private async answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "", headers } = incoming;
    const request = { method, path, headers, body: (await buffer(incoming)).toString() };
    const call = received(request);
    const principal = this.principals.get(call.accessKeyId);
    const refused = await this.refused(principal, call, request);
    if (refused === undefined && this.executes) {
      return forward(this.aws, request, response);
    }
    const { status, body: text } = refused ?? DRY_RUN;
    response.writeHead(status).end(text);
  }

  /** Authenticates and authorizes a call. */
  private async refused(principal: Principal | undefined, call: ReceivedCall, request: RawRequest): Promise<Refusal | undefined> {
    if (principal === undefined) {
      return refusal(call, "InvalidClientTokenId", "the access key does not exist");
    }
    if (!isSignedBy(principal.credentials, call, request)) {
      return refusal(call, "SignatureDoesNotMatch", "the signature is not the one of the access key");
    }
    const decisions = await Promise.all(
      (await authorizations(this.account, call, this.source)).map(async (asked) => ({
        ...asked,
        allowed: await isAllowed(granting(principal.policy, asked.action), asked),
      })),
    );
    this.decided = [...this.decided, ...decisions];
    const first = decisions.find(({ allowed }) => !allowed);
    const code = call.service === "ec2" ? "UnauthorizedOperation" : "AccessDenied";
    return (
      first &&
      refusal(call, code, `${principal.user} is not authorized to perform: ${first.action} on resource: ${first.resource}`)
    );
  }
}

/** The statements of all attached policies in one document: IAM evaluates them together. */
async function attachedPolicies(iam: IAMClient, UserName: string): Promise<PolicyDocument> {
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedUserPoliciesCommand({ UserName }));
  const documents = await Promise.all(
    AttachedPolicies.map(async ({ PolicyArn }) => {
      const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
      const stored = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId }));
      return JSON.parse(decodeURIComponent(stored.PolicyVersion?.Document ?? "")) as PolicyDocument;
    }),
  );
  return { Version: "2012-10-17", Statement: documents.flatMap(({ Statement }) => Statement) };
}

/** The statements for an action, with the action itself instead of their list. */
function granting(document: PolicyDocument, action: string): PolicyDocument {
  const statements = document.Statement.filter((statement) => isGrantedBy(statement, action));
  return { ...document, Statement: statements.map((statement) => ({ ...statement, Action: action })) };
}

/** Whether a statement names an action or matches it with a pattern. */
export function isGrantedBy({ Action }: PolicyDocument["Statement"][number], action: string): boolean {
  const matches = (pattern: string) => new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`, "i").test(action);
  return [Action].flat().some(matches);
}

interface Refusal {
  readonly status: number;
  readonly body: string;
}

const DRY_RUN: Refusal = { status: 412, body: "<Code>DryRunOperation</Code>" };

/** An error in the format of the service's protocol. */
function refusal({ service, version }: ReceivedCall, code: string, message: string): Refusal {
  const error = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  if (service === "ec2") {
    return { status: 403, body: `<Response><Errors>${error}</Errors></Response>` };
  }
  const isXml = version !== undefined || service === "s3";
  return isXml ? { status: 403, body: error } : { status: 400, body: JSON.stringify({ __type: `${code}Exception`, message }) };
}

async function forward(aws: LocalAws, { method, path, headers, body }: RawRequest, response: ServerResponse): Promise<void> {
  const forwarded = httpRequest(`${aws.url}${path}`, { method, headers, agent: false });
  forwarded.end(body);
  const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
  const text = await buffer(answer);
  response.writeHead(answer.statusCode ?? 500, answer.headers).end(text);
}
