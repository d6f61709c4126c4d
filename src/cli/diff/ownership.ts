import { canonical, listOf } from "./json-values";
import { attribute, reference, type Snapshot, UNKNOWN } from "./snapshot";

/**
 * Whether a value of an argument names what this project creates. A value that is known only after the apply does only where the
 * attribute that the configuration refers to, and nothing else, is itself known only then.
 * @param owner address of what the argument must name
 * @param identities attributes of the owner that may stand in the argument
 */
export function isOwn(
  snapshot: Snapshot,
  address: string,
  argument: string,
  owner: string,
  identities: readonly string[],
  value: unknown,
): boolean {
  return identities.some((identity) =>
    value === UNKNOWN
      ? attribute(snapshot, owner, identity) === UNKNOWN && refersTo(snapshot, address, argument, `${owner}.${identity}`)
      : knownOwn(snapshot, owner, identity, value),
  );
}

/** The same for a value that is known. */
export function knownOwn(snapshot: Snapshot, owner: string, identity: string, value: unknown): boolean {
  return value === reference(`${owner}.${identity}`) || (value !== UNKNOWN && value === attribute(snapshot, owner, identity));
}

function refersTo({ configured }: Snapshot, address: string, argument: string, to: string): boolean {
  return canonical(listOf(configured?.get(address)?.[argument])) === canonical([reference(to)]);
}
