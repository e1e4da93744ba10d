import { invariant } from '../core/errors.ts';
import type { Binding } from './record.ts';

/** What thousands of bindings have in common: the phone's model and firmware, and the socket that it talks to. */
export type Profile = Pick<Binding, 'userAgent' | 'socket' | 'methods' | 'flags' | 'cflags'>;

/** Below every character of a header value, so that the parts cannot run into each other. */
const SEPARATOR = '\n';

export function isSameProfile(a: Profile, b: Profile): boolean {
  return (
    a.methods === b.methods &&
    a.flags === b.flags &&
    a.userAgent === b.userAgent &&
    a.socket === b.socket &&
    a.cflags === b.cflags
  );
}

/**
 * Profiles by number, each held once and counted. There are at most as many as there are bindings: a population in which
 * every phone has a User-Agent of its own pays for it with an object each.
 */
export class Profiles {
  readonly #byIndex: (CountedProfile | undefined)[] = [];
  readonly #byText = new Map<string, CountedProfile>();
  readonly #free: number[] = [];

  get size(): number {
    return this.#byText.size;
  }

  /** Index of the profile, which counts one user more. */
  acquire(profile: Profile): number {
    const text = textOf(profile);
    const known = this.#byText.get(text);
    if (known !== undefined) {
      known.users++;
      return known.index;
    }
    const added = new CountedProfile(this.#free.pop() ?? this.#byIndex.length, profile);
    this.#byIndex[added.index] = added;
    this.#byText.set(text, added);
    return added.index;
  }

  /** One user less; without any, the profile goes and its index is used again. */
  release(index: number): void {
    const profile = this.#at(index);
    profile.users--;
    if (profile.users > 0) return;
    this.#byText.delete(textOf(profile));
    this.#byIndex[index] = undefined;
    this.#free.push(index);
  }

  get(index: number): Profile {
    return this.#at(index);
  }

  #at(index: number): CountedProfile {
    const profile = this.#byIndex[index];
    invariant(profile !== undefined, 'a binding holds on to its profile');
    return profile;
  }
}

class CountedProfile implements Profile {
  readonly index: number;
  readonly userAgent: string;
  readonly socket: string;
  readonly methods: number;
  readonly flags: number;
  readonly cflags: string;
  users = 1;

  constructor(index: number, profile: Profile) {
    this.index = index;
    this.userAgent = profile.userAgent;
    this.socket = profile.socket;
    this.methods = profile.methods;
    this.flags = profile.flags;
    this.cflags = profile.cflags;
  }
}

function textOf({ userAgent, socket, methods, flags, cflags }: Profile): string {
  return [userAgent, socket, methods, flags, cflags].join(SEPARATOR);
}
