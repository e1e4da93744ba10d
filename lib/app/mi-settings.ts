import type { Config } from '../config/config.ts';
import { USUAL_HTTP } from '../config/http-address.ts';
import type { FifoSettings } from '../mi/fifo/fifo-settings.ts';
import type { HttpSettings, TokenSource } from '../mi/http/http-settings.ts';
import type { MiSettings } from '../mi/mi-servers.ts';

/** What the configuration says about the ways to the management interface. */
export function miSettings({ miSocketPath, mi }: Config): MiSettings {
  return { socketPath: miSocketPath, http: httpSettings(mi), fifo: fifoSettings(mi) };
}

function httpSettings({ http, http_root: root, ...token }: Config['mi']): HttpSettings | undefined {
  if (http?.kind === 'off') return undefined;
  const place = http ?? USUAL_HTTP;
  return { address: place.address, port: place.port, isConfigured: http !== undefined, root, token: tokenOf(token) };
}

function tokenOf({ http_token, http_token_file }: Pick<Config['mi'], 'http_token' | 'http_token_file'>): TokenSource {
  if (http_token !== undefined) return { kind: 'text', text: http_token };
  return http_token_file === undefined ? { kind: 'none' } : { kind: 'file', path: http_token_file };
}

function fifoSettings({ fifo_name, fifo_mode: mode, reply_dir: replyFolder }: Config['mi']): FifoSettings | undefined {
  if (fifo_name === 'off' || fifo_name === '') return undefined;
  return { path: fifo_name, mode, replyFolder };
}
