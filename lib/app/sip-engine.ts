import type { Config } from '../config/config.ts';
import {
  DrachtioEngine,
  type DrachtioEngineParts,
  type DrachtioServerStatus,
} from '../sip/drachtio/drachtio-engine.ts';
import { readDrachtioSecret } from '../config/drachtio-secret.ts';
import { EmbeddedEngine, type EmbeddedEngineParts } from '../sip/embedded/embedded-engine.ts';
import type { AppSettings } from './settings.ts';

/** The SIP engine that the configuration chose. */
export type ServingEngine = EmbeddedEngine | DrachtioEngine;

/** Rejects with FileFaults when the server's secret cannot be read. */
export async function openEngine(
  { sip }: Pick<Config, 'sip'>,
  settings: AppSettings,
  parts: EmbeddedEngineParts & DrachtioEngineParts,
): Promise<ServingEngine> {
  if (settings.drachtio === undefined) return new EmbeddedEngine(settings.engine, parts);
  const { drachtio_host: host, drachtio_port: port, drachtio_secret: text, drachtio_secret_file: path } = sip;
  const server = { host, port, secret: path === undefined ? text : await readDrachtioSecret(path) };
  return new DrachtioEngine({ ...settings.drachtio, server }, parts);
}

/** Of the server's connection; undefined for the engine in this process. */
export function drachtioStatus(engine: ServingEngine): DrachtioServerStatus | undefined {
  return engine instanceof DrachtioEngine ? engine.status() : undefined;
}
