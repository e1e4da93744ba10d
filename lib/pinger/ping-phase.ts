const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The contact's place in the interval, as a fraction of 2^32: the same on every node and for ever, so that a node that
 * takes over pings each contact when the other one would have. FNV-1a, with murmur3's last mixing so that its top
 * bits are good too. Whoever makes contacts collide on purpose only has their pings sent one after the other.
 */
export function pingPhase(aor: string, key: string): number {
  let hash = mixedIn(FNV_OFFSET, aor);
  // No AoR has a line end in it.
  hash = Math.imul(hash ^ 10, FNV_PRIME);
  hash = mixedIn(hash, key);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function mixedIn(start: number, text: string): number {
  let hash = start;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return hash;
}
