/** One flag of OpenSIPS's `save()`, in both spellings. */
export interface SaveFlagEntry {
  /** The letter form without its number: `c` of `c5`, `p1`. */
  readonly letter: string;
  /** The list form's name (3.x), without its value. */
  readonly name: string;
  /** Whether a number follows: `c5`, `max-contacts=5`. */
  readonly takesNumber: boolean;
  /** What it does, a phrase for the reference; Markdown without line ends. */
  readonly meaning: string;
  /** Why it cannot be used here, behind "cannot be used: "; undefined for a flag that can. */
  readonly refused?: string;
}

/** All flags of `save()`, in the order in which the reference lists them. */
export const SAVE_FLAG_LIST: readonly SaveFlagEntry[] = [
  flag(
    'm',
    'memory-only',
    'the bindings are held in memory only: they are not written to SQLite, and a restart loses them',
  ),
  numbered('c', 'max-contacts', 'in place of `max_contacts`'),
  numbered('e', 'min-expires', 'seconds, in place of `min_expires`'),
  numbered('E', 'max-expires', 'seconds, in place of `max_expires`'),
  flag(
    'f',
    'force-registration',
    'over `max_contacts` the binding that was refreshed longest ago makes room, in place of a 503',
  ),
  numbered('M', 'matching-mode', 'in place of `usrloc.matching_mode`: 0 or 1'),
  flag('p0', 'path-off', 'the Path is stored, and not told to the phone'),
  flag('p1', 'path-lazy', 'the Path is stored, and told in the 200 to phones that support Path'),
  flag('p2', 'path-strict', 'as `p1`, and phones that do not support Path get 420'),
  flag(
    'v',
    'path-received',
    'where the phone really is comes from the `received` parameter of the topmost Path URI; needs `p0`, `p1` or `p2`',
  ),
  flag(
    'o',
    'only-request-contacts',
    'the 200 lists the Contacts of its REGISTER only, not all of the address-of-record',
  ),
  { ...flag('r', 'no-reply', ''), refused: 'there is no script here that could reply instead' },
  { ...flag('s', 'socket-header', ''), refused: 'the socket is always the one that the REGISTER came in on' },
];

/** The flags that can be used, in both spellings: `m (memory-only), cN (max-contacts=N), … or o (only-request-contacts)`. */
export function usableSaveFlags(): string {
  const words = SAVE_FLAG_LIST.filter(({ refused }) => refused === undefined).map(({ letter, name, takesNumber }) =>
    takesNumber ? `${letter}N (${name}=N)` : `${letter} (${name})`,
  );
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

function flag(letter: string, name: string, meaning: string): SaveFlagEntry {
  return { letter, name, takesNumber: false, meaning };
}

function numbered(letter: string, name: string, meaning: string): SaveFlagEntry {
  return { letter, name, takesNumber: true, meaning };
}
