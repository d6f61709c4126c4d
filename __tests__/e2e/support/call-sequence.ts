import type { DkpCall } from "./dkp-calls";
import type { Decided, EnforcingGate } from "./enforcing-gate";
import type { Credentials } from "./local-aws";
import { send, type WireCall } from "./wire-calls";

/** A call that was sent, with its answer. */
export interface Answered {
  readonly call: WireCall;
  readonly status: number;
  readonly body: string;
  readonly denied: boolean;
  /** The authorizations of the call. */
  readonly decisions: readonly Decided[];
}

/** IDs of objects whose creation was denied, for the calls that name them. */
const MISSING: Readonly<Record<string, string>> = {
  address: "eipalloc-0123456789abcdef0",
  addressAssociation: "eipassoc-0123456789abcdef0",
  association: "rtbassoc-0123456789abcdef0",
  balancerGroup: "sg-0123456789abcdef1",
  bastion: "i-0123456789abcdef1",
  etcd: "vol-0123456789abcdef1",
  group: "sg-0123456789abcdef0",
  igw: "igw-0123456789abcdef0",
  interface: "eni-0123456789abcdef0",
  keyPair: "key-0123456789abcdef0",
  master: "i-0123456789abcdef0",
  nat: "nat-0123456789abcdef0",
  natAddress: "eipalloc-0123456789abcdef1",
  natAssociation: "eipassoc-0123456789abcdef1",
  otherRouteTable: "rtb-0123456789abcdef1",
  otherStatic: "i-0123456789abcdef3",
  pcx: "pcx-0123456789abcdef0",
  rootVolume: "vol-0123456789abcdef0",
  routeTable: "rtb-0123456789abcdef0",
  secondSubnet: "subnet-0123456789abcdef1",
  sshGroup: "sg-0123456789abcdef2",
  static: "i-0123456789abcdef2",
  subnet: "subnet-0123456789abcdef0",
  vpc: "vpc-0123456789abcdef0",
};

/** Sends calls one after the other. @param ids objects that exist, by the names that the calls use */
export async function sendAll(
  gate: EnforcingGate,
  credentials: Credentials,
  calls: readonly DkpCall[],
  ids: Readonly<Record<string, string>> = {},
): Promise<readonly Answered[]> {
  const known = { ...MISSING, ...ids };
  const answers: Answered[] = [];
  for (const { keep = {}, ...call } of calls) {
    const answer = await sendOne(gate, credentials, { ...call, parameters: filledIn(call.parameters ?? {}, known) });
    answers.push(answer);
    for (const [name, element] of Object.entries(keep)) {
      known[name] = new RegExp(`<${element}>([^<]+)</${element}>`).exec(answer.body)?.[1] ?? known[name] ?? "";
    }
  }
  return answers;
}

export async function sendOne(gate: EnforcingGate, credentials: Credentials, call: WireCall): Promise<Answered> {
  const response = await send(gate.url, credentials, "eu-central-1", call);
  const body = await response.text();
  const denied = /UnauthorizedOperation|AccessDenied/.test(body);
  return { call, status: response.status, body, denied, decisions: gate.decisions() };
}

function filledIn(parameters: Readonly<Record<string, string>>, ids: Readonly<Record<string, string>>) {
  const fill = (value: string) =>
    value.replaceAll(/^\{(\w+)\}$/g, (_, name: string) => {
      const id = ids[name];
      if (id === undefined) {
        throw new Error(`no call keeps ${name}`);
      }
      return id;
    });
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, fill(value)]));
}
