import type { Config } from '../config/config.ts';
import { isLoopback } from '../core/is-loopback.ts';

export interface Greeting {
  readonly version: string;
  readonly config: Config;
  /** Where SIP is served: `udp:127.0.0.1:5060`. */
  readonly sockets: readonly string[];
  /** Where it will be, when the address is here. */
  readonly waitingSockets: readonly string[];
  readonly loadedBindings: number;
  /** The options that lead the `twinreg` command to this daemon: ` --data /tmp/x`, or '' for the defaults. */
  readonly daemonOptions: string;
}

/** What a person at a terminal is told when the daemon serves: where, what is there, and what to do next. */
export function greetingText(greeting: Greeting): string {
  const { version, config, sockets, waitingSockets, loadedBindings, daemonOptions } = greeting;
  const kept = config.persistence.kind === 'sqlite' ? '' : '; bindings are kept in memory only';
  const lines = [
    `twinreg ${version} ${servesText(config, sockets)}`,
    ...(waitingSockets.length === 0 ? [] : [`It will on ${waitingSockets.join(', ')}, when the address is here`]),
    `Data folder: ${config.dataFolder} (${loadedBindings} ${loadedBindings === 1 ? 'binding' : 'bindings'} loaded${kept})`,
    ...softphoneLines(config, [...sockets, ...waitingSockets]),
    ...(isLoopbackOnly(config) ? ['Only this machine reaches it; for others start it with --listen sip:ADDRESS.'] : []),
    `See it registered: twinreg ul dump${daemonOptions}; the state of the daemon: twinreg status${daemonOptions}`,
    'Stop it with Ctrl-C.',
  ];
  return `\n${lines.map((line) => `  ${line}\n`).join('')}\n`;
}

function servesText({ sip }: Config, sockets: readonly string[]): string {
  const server = sip.engine === 'drachtio' ? `drachtio-server ${sip.drachtio_host}:${sip.drachtio_port}` : '';
  if (sockets.length === 0 && server !== '') return `waits for ${server}; SIP is served as soon as that is there`;
  if (sockets.length === 0) return 'serves SIP on no socket yet';
  return `serves SIP on ${sockets.join(', ')}${server === '' ? '' : `, from ${server}`}`;
}

function softphoneLines(config: Config, sockets: readonly string[]): readonly string[] {
  return sockets.length === 0 ? [] : [`Point a softphone at ${phoneHint(config, sockets)}, without a password.`];
}

function phoneHint({ registrar }: Config, sockets: readonly string[]): string {
  const [first = ''] = sockets;
  const place = first.slice(first.indexOf(':') + 1);
  const [domain] = registrar.domains;
  return domain === undefined ? `${place}, e.g. as sip:alice@${place}` : `${place} as sip:USER@${domain}`;
}

function isLoopbackOnly({ listen, sip }: Config): boolean {
  return sip.engine === 'embedded' && listen.every(({ address }) => isLoopback(address));
}
