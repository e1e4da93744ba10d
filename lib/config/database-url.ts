import type { ParsedText } from './values.ts';

export const DATABASE_URL_EXPECTED =
  'sqlite:///ABSOLUTE/PATH or /ABSOLUTE/PATH, sqlite:FILE or FILE (below the data folder)';

/** Text with another scheme names a database server that we do not speak to. */
const SCHEME = /^([a-z][a-z0-9_+]*):/i;

/**
 * Reads a `db_url` as OpenSIPS's db_sqlite does: `sqlite:` and a path, where any number of leading slashes means the same
 * (`sqlite:///a`, `sqlite:////a` and `sqlite:/a`); a plain path is taken as it is.
 * @returns the path: absolute, or relative to the data folder.
 */
export function parseDatabaseUrl(text: string): ParsedText<string> {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'sqlite') {
    return refuse(
      `${scheme} databases are not supported; write sqlite:///var/lib/twinreg/location.db, or leave db_url out`,
    );
  }
  const place = scheme === undefined ? text : text.slice('sqlite:'.length);
  if (/^\/\/[^/]/.test(place)) {
    const rest = place.slice(2);
    return refuse(
      `two slashes would name a server; write sqlite:///${rest} (absolute) or sqlite:${rest} (below the data folder)`,
    );
  }
  if (place === ':memory:')
    return refuse('for a table in memory only write working_mode_preset: single-instance-no-db');
  if (place === '' || place.endsWith('/') || place.includes('\0'))
    return refuse(`no file is named; expected ${DATABASE_URL_EXPECTED}`);
  return { ok: true, value: place.replace(/^\/+/, '/') };
}

function refuse(message: string): ParsedText<string> {
  return { ok: false, message };
}
