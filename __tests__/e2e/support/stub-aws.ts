import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Call, LocalAws } from "./local-aws";
import { listening } from "./server";

/** An HTTP response of AWS. */
interface WireAnswer {
  readonly status: number;
  readonly body: string;
}

/** For a call that gets no response. */
export const SILENCE: WireAnswer = { status: 0, body: "" };

/** Responses by operation; undefined forwards the call. `parameters` are those of the query protocol, `times` is the number of calls so far. */
export type WireAnswers = Readonly<Record<string, (parameters: URLSearchParams, times: number) => WireAnswer | undefined>>;

/** A proxy of the local AWS with responses that the local AWS does not support, in the format of the AWS API reference. */
export class StubAws {
  readonly calls: Call[] = [];
  private readonly times = new Map<string, number>();
  private answers: WireAnswers = {};
  url = "";

  private constructor(private readonly behind: LocalAws) {}

  static async start(behind: LocalAws): Promise<StubAws> {
    const stub = new StubAws(behind);
    const server = createServer((request, response) => {
      stub.answer(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
    });
    stub.url = `http://${await listening(server)}`;
    return stub;
  }

  /** Sets the responses of the following calls. */
  say(answers: WireAnswers): void {
    this.answers = answers;
    this.times.clear();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const parameters = new URLSearchParams(body);
    const operation = parameters.get("Action") ?? "";
    const times = (this.times.get(operation) ?? 0) + 1;
    this.times.set(operation, times);
    const service = /\/([a-z0-9]+)\/aws4_request/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const own = this.answers[operation]?.(parameters, times);
    if (own !== undefined) {
      this.calls.push({ service, action: operation });
      if (own === SILENCE) {
        return;
      }
      response.writeHead(own.status, { "Content-Type": "text/xml" });
      response.end(own.body);
      return;
    }
    const { authorization = "", "content-type": type = "", "x-amz-date": date = "" } = request.headers;
    const headers = { authorization, "content-type": type, "x-amz-date": String(date) };
    const passed = await fetch(this.behind.url, { method: "POST", body, headers });
    response.writeHead(passed.status, { "Content-Type": passed.headers.get("content-type") ?? "text/xml" });
    response.end(await passed.text());
  }
}

const REQUEST_ID = "7a62c49f-347e-4fc4-9331-6e8eexample";

/** An error response of the query protocol of IAM and STS. */
export function queryError(status: number, code: string, message: string): WireAnswer {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  return {
    status,
    body: `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">${error}<RequestId>${REQUEST_ID}</RequestId></ErrorResponse>`,
  };
}

/** Results of IAM's policy simulator by action; others are `allowed`. */
type Simulation = Readonly<Record<string, "explicitDeny" | "implicitDeny" | "SCP" | "boundary" | "unknown context">>;

/** A simulation of all actions of a request, in two pages if there are several. */
export function simulationAnswer(parameters: URLSearchParams, denials: Simulation): WireAnswer {
  const actions = [...parameters].filter(([name]) => name.startsWith("ActionNames.member.")).map(([, value]) => value);
  const second = parameters.get("Marker") === "second";
  const half = Math.ceil(actions.length / 2);
  const more = !second && actions.length > half;
  const page = second ? actions.slice(half) : actions.slice(0, half);
  const members = page.map((action) => `<member>${evaluation(action, denials[action])}</member>`).join("");
  const operation = "SimulatePrincipalPolicy";
  const truncation = more ? "<IsTruncated>true</IsTruncated><Marker>second</Marker>" : "<IsTruncated>false</IsTruncated>";
  return {
    status: 200,
    body: `<${operation}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><${operation}Result>${truncation}<EvaluationResults>${members}</EvaluationResults></${operation}Result><ResponseMetadata><RequestId>${REQUEST_ID}</RequestId></ResponseMetadata></${operation}Response>`,
  };
}

function evaluation(action: string, denial: Simulation[string] | undefined): string {
  const decision = denial === undefined ? "allowed" : denial === "explicitDeny" ? denial : "implicitDeny";
  const missing = denial === "unknown context" ? "<member>aws:PrincipalTag/team</member>" : "";
  return [
    `<EvalActionName>${action}</EvalActionName><EvalResourceName>*</EvalResourceName><EvalDecision>${decision}</EvalDecision>`,
    `<MatchedStatements/><MissingContextValues>${missing}</MissingContextValues>`,
    `<OrganizationsDecisionDetail><AllowedByOrganizations>${denial !== "SCP"}</AllowedByOrganizations></OrganizationsDecisionDetail>`,
    `<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>${denial !== "boundary"}</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>`,
  ].join("");
}
