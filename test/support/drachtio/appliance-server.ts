import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from '../appliance-network.ts';
import type { ProcessOptions } from './drachtio-process.ts';
import type { DrachtioPlace, SipTimers } from './place.ts';

const TEMPLATE = resolve(import.meta.dirname, '../../../drachtio/drachtio.conf.xml');

/** The template at this address and with these timers, and nothing else changed; throws when it has no place for them. */
function confAt({ address, sipPort }: DrachtioPlace, { t1Ms = 500, t1x64Ms = 32_000 }: SipTimers): string {
  const timers = `<timers><t1>${String(t1Ms)}</t1><t1x64>${String(t1x64Ms)}</t1x64></timers>`;
  const changes = [
    [/(?<=<contact>sip:)[\d.]+:5060(?=;transport=udp,tcp<)/, `${address}:${String(sipPort)}`],
    [/(?<=<\/contacts>)/, timers],
  ] as const;
  return changes.reduce(
    (text, [place, value]) => {
      if (!place.test(text)) throw new Error(`drachtio.conf.xml has no ${place.source}`);
      return text.replace(place, value);
    },
    readFileSync(TEMPLATE, 'utf8'),
  );
}

/**
 * A server on a host of an appliance, configured by the template. Where the address is elsewhere nobody can ask it by SIP, so that it
 * serves when its sockets are there.
 */
export function applianceServer(within: Command): ProcessOptions {
  const isServing = async ({ address, sipPort, adminAddress, adminPort }: DrachtioPlace): Promise<boolean> => {
    const sip = `${address}:${String(sipPort)}`;
    const { stdout } = await promisify(execFile)(...within('ss', '-Hlntu'));
    const listening = stdout.split('\n').map((line) => line.split(/ +/));
    const wanted = [`udp ${sip}`, `tcp ${sip}`, `tcp ${adminAddress}:${String(adminPort)}`];
    return wanted.every((socket) => listening.some(([kind, , , , at]) => socket === `${kind ?? ''} ${at ?? ''}`));
  };
  return { adminAddress: '127.0.0.1', adminPort: 9022, secret: 'CHANGE-ME', conf: confAt, within, isServing };
}
