import type { IamKey } from "../../packages/cli/src/account/aws/iam-reader";
import type { LeakWorld } from "../../packages/cli/src/account/rotate/leak";

/** Uses of a key that are kept, enough for a report that is hours late. */
const KEPT_USES = 100;

interface Key {
  readonly id: string;
  readonly status: "Active" | "Inactive";
  readonly created: Date;
  readonly uses: { readonly at: Date; readonly service: string }[];
}

/** What a night of `rotate` wants. */
export const NIGHTLY = {
  maxAge: 30,
  isWanted: false,
  isAnswered: false,
  deactivate: (id: string): string => `aws iam update-access-key ${id}`,
  giving: "npx dkp-access rotate --cluster",
} as const;

/** IAM with the keys of the user "deckhouse", and DKP's Secret, in memory. */
export class Account {
  private readonly all = new Map<string, Key>();
  secret = "";
  /** Whether the secret in the cluster belongs to the key. */
  isPairRight = true;
  isAway = false;
  areSessionsDenied = false;
  readonly calls: string[] = [];
  private created = 0;

  /** @param lag how late IAM reports a use, in milliseconds */
  constructor(
    public now: Date,
    private readonly lag: () => number = () => 0,
  ) {}

  set(key: Key): void {
    this.all.set(key.id, key);
  }

  works(id: string): boolean {
    return this.all.get(id)?.status === "Active";
  }

  /**
   * A request that is signed with a key.
   * @returns whether AWS allows it
   */
  use(id: string, service: string): boolean {
    const key = this.all.get(id);
    if (key?.status !== "Active") {
      return false;
    }
    key.uses.push({ at: this.now, service });
    key.uses.splice(0, key.uses.length - KEPT_USES);
    return true;
  }

  /** As IAM lists them. */
  keys(): readonly IamKey[] {
    const known = +this.now - this.lag();
    return [...this.all.values()].map(({ uses, ...key }) => {
      const last = uses.findLast(({ at }) => +at <= known);
      return { ...key, lastUsed: last && { ...last, region: "eu-central-1" } };
    });
  }

  delete(id: string): void {
    this.all.delete(id);
  }

  world(): LeakWorld {
    let read = this.secret;
    const write = async <T>(name: string, effect: () => T) => {
      const result = effect();
      this.calls.push(name);
      return result;
    };
    return {
      now: () => this.now,
      keys: async () => this.keys(),
      dkpKey: async () => {
        read = this.answered();
        return read;
      },
      // Each call of the pair is the last use of its key.
      signs: async () => {
        const secret = this.answered();
        return this.isPairRight && this.use(secret, "sts");
      },
      createKey: () => write("create", () => this.createdKey()),
      accepts: async ({ id }) => void this.use(id, "sts"),
      give: async ({ id }) => {
        if (this.answered() !== read) {
          return new Error("changed");
        }
        return await write(`give ${id}`, () => {
          this.secret = id;
          return undefined;
        });
      },
      setStatus: (id, status) => write(`${status} ${id}`, () => this.setStatus(id, status)),
      deleteKey: (id) => write(`delete ${id}`, () => this.delete(id)),
      ownerOf: async (id) => (id === "BOB" ? "bob" : undefined),
      denySessions: () =>
        write("deny", () => {
          this.areSessionsDenied = true;
        }),
    };
  }

  private createdKey() {
    if (this.all.size > 1) {
      throw new Error("LimitExceeded");
    }
    this.created += 1;
    const id = `K${this.created}`;
    // IAM's times are whole seconds.
    const created = new Date(Math.floor(+this.now / 1000) * 1000);
    this.set({ id, status: "Active", created, uses: [] });
    return { id, secret: "" };
  }

  private setStatus(id: string, status: Key["status"]) {
    const key = this.all.get(id);
    if (key !== undefined) {
      this.set({ ...key, status });
    } else if (status === "Active") {
      throw new Error("NoSuchEntity");
    }
  }

  private answered() {
    if (this.isAway) {
      throw new Error("the cluster does not answer");
    }
    return this.secret;
  }
}
