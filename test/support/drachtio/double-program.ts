// The double of drachtio-server as a program: `double-program.ts --file drachtio.conf.xml`. It reads of that file what it needs.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DrachtioDouble } from '../drachtio-double.ts';

const { values } = parseArgs({ options: { file: { type: 'string', short: 'f' } } });
// A configuration is read without its comments.
const text = readFileSync(values.file ?? '', 'utf8').replaceAll(/<!--[\s\S]*?-->/g, '');

const [, attributes = '', address = ''] = /<admin([^>]*)>([^<]*)<\/admin>/.exec(text) ?? [];
const [, host = '', sipPort = '5060'] = /<contact[^>]*>\s*sip:([^:;<\s]+)(?::(\d+))?/.exec(text) ?? [];
// The first contact is that of UDP and TCP.
const wsPort = /<contact[^>]*>\s*sip:[^:;<\s]+:(\d+);transport=ws\b/.exec(text)?.[1];
const t1x64Ms = /<t1x64>\s*(\d+)/.exec(text)?.[1];

await DrachtioDouble.start(
  { teardown: () => undefined },
  {
    address: host,
    adminAddress: address.trim(),
    sipPort: Number(sipPort),
    wsPort: wsPort === undefined ? undefined : Number(wsPort),
    adminPort: Number(/port="(\d+)"/.exec(attributes)?.[1] ?? 9022),
    secret: process.env['DRACHTIO_SECRET'] ?? /secret="([^"]*)"/.exec(attributes)?.[1] ?? 'cymru',
    timers: t1x64Ms === undefined ? {} : { t1x64Ms: Number(t1x64Ms) },
  },
);
