import type { Slot } from "../iam/access-keys";

/** The part of a Terraform state, version 4, that is read here. */
interface State {
  readonly resources?: readonly {
    readonly mode?: string;
    readonly type: string;
    readonly name: string;
    readonly instances?: readonly { readonly status?: string; readonly attributes?: Readonly<Record<string, unknown>> }[];
  }[];
}

/** An access key as the state has it. */
export interface StateKey {
  readonly slot: Slot;
  readonly id: string;
  readonly status: string;
  /** Terraform made it in an apply that failed afterwards, and would replace it. */
  readonly tainted: boolean;
  readonly pgpKey?: string | undefined;
  /** In clear; absent with `pgpKey` and for a key that was taken over. */
  readonly secret?: string | undefined;
  readonly encryptedSecret?: string | undefined;
}

const SLOT_OF_NAME: Readonly<Record<string, Slot>> = { user: "primary", "user-secondary": "secondary" };

/** The access keys of a state, of the addresses that this project uses. */
export function keysOf(state: string): readonly StateKey[] {
  const { resources = [] } = (state.trim() === "" ? {} : JSON.parse(state)) as State;
  return resources
    .filter(({ mode, type, name }) => mode === "managed" && type === "aws_iam_access_key" && SLOT_OF_NAME[name] !== undefined)
    .flatMap(({ name, instances = [] }) =>
      instances.map(({ status, attributes = {} }) => ({
        slot: SLOT_OF_NAME[name] ?? "primary",
        id: String(attributes.id ?? ""),
        status: text(attributes.status) ?? "Active",
        tainted: status === "tainted",
        pgpKey: text(attributes.pgp_key),
        secret: text(attributes.secret),
        encryptedSecret: text(attributes.encrypted_secret),
      })),
    );
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
