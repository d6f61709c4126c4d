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

/** Calls that name objects from the responses to earlier ones. */
export class CallSequence {
  private ids: Readonly<Record<string, string>>;

  /** @param ids objects that exist, by the names that the calls use */
  constructor(
    private readonly gate: EnforcingGate,
    ids: Readonly<Record<string, string>> = {},
  ) {
    this.ids = { ...MISSING, ...ids };
  }

  /** The call with the IDs of the objects that it names. */
  filledIn({ keep: _, ...call }: DkpCall): WireCall {
    return { ...call, parameters: filledIn(call.parameters ?? {}, this.ids) };
  }

  async send(credentials: Credentials, call: DkpCall): Promise<Answered> {
    const answer = await sendOne(this.gate, credentials, this.filledIn(call));
    const kept = Object.entries(call.keep ?? {}).flatMap(([name, element]) => {
      const [, id] = new RegExp(`<${element}>([^<]+)</${element}>`).exec(answer.body) ?? [];
      return id === undefined ? [] : [[name, id] as const];
    });
    this.ids = { ...this.ids, ...Object.fromEntries(kept) };
    return answer;
  }

  /** Sends calls one after the other. */
  async sendAll(credentials: Credentials, calls: readonly DkpCall[]): Promise<readonly Answered[]> {
    const answers: Answered[] = [];
    for (const call of calls) {
      answers.push(await this.send(credentials, call));
    }
    return answers;
  }
}

/** Sends one call and waits for the answer. No other call may be on its way. */
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
