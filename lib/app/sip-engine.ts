import { readFile } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { OperationalError } from '../core/errors.ts';
import {
  DrachtioEngine,
  type DrachtioEngineParts,
  type DrachtioServerStatus,
} from '../sip/drachtio/drachtio-engine.ts';
import { EmbeddedEngine, type EmbeddedEngineParts } from '../sip/embedded/embedded-engine.ts';
import type { AppSettings } from './settings.ts';

/** The SIP engine that the configuration chose. */
export type ServingEngine = EmbeddedEngine | DrachtioEngine;

/** Rejects with an OperationalError when the server's secret cannot be read. */
export async function openEngine(
  { sip }: Pick<Config, 'sip'>,
  settings: AppSettings,
  parts: EmbeddedEngineParts & DrachtioEngineParts,
): Promise<ServingEngine> {
  if (settings.drachtio === undefined) return new EmbeddedEngine(settings.engine, parts);
  const { drachtio_host: host, drachtio_port: port } = sip;
  const server = { host, port, secret: await secretOf(sip) };
  return new DrachtioEngine({ ...settings.drachtio, server }, parts);
}

/** Of the server's connection; undefined for the engine in this process. */
export function drachtioStatus(engine: ServingEngine): DrachtioServerStatus | undefined {
  return engine instanceof DrachtioEngine ? engine.status() : undefined;
}

async function secretOf({ drachtio_secret: secret, drachtio_secret_file: path }: Config['sip']): Promise<string> {
  if (path === undefined) return secret;
  const text = await readFile(path, 'utf8').catch((err: unknown) => {
    const reason = err instanceof Error ? err.message : String(err);
    throw new OperationalError(`sip.drachtio_secret_file: the secret cannot be read: ${reason}`, { cause: err });
  });
  const line = text.trim();
  // A bar would end the word in the server's protocol.
  if (/^[\x21-\x7b\x7d\x7e]{1,255}$/.test(line)) return line;
  throw new OperationalError(
    `sip.drachtio_secret_file: expected in ${path} one line of at most 255 visible ASCII characters but "|"`,
  );
}
