import { randomBytes } from 'node:crypto';

/** A tag, or a branch after its cookie, as the server makes them. */
export function newTag(): string {
  return randomBytes(12)
    .toString('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '0')
    .slice(0, 13);
}

/** The time of day with microseconds, as the server writes it. */
export function nowText(): string {
  return `${new Date().toISOString().slice(11, 23)}000`;
}
