import { UsageError } from './usage-error.ts';

/** The AoR as the daemon is asked for it: the scheme and the parameters, which phones show around it, are not part of it. */
export function aorArgument(word: string): string {
  const aor = word.replace(/^<?(?:sips?:)?/i, '').replace(/(@[^;?>]*).*$/, '$1');
  if (aor === '' || aor.startsWith('@')) throw new UsageError(`'${word}' has no user; expected USER@DOMAIN`);
  return aor;
}
