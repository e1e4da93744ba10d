import { isIP } from 'node:net';
import type { Config } from '../config/config.ts';
import { socketName } from '../config/listen-address.ts';
import { hostPortText } from '../core/host-port.ts';
import { isLoopback } from '../core/is-loopback.ts';
import { missingListeners, type SocketPlace } from '../core/missing-listeners.ts';
import { statusIn, type DaemonAnswer, type DrachtioState } from './daemon-answer.ts';
import { readDrachtioConfig, type DrachtioConfig } from './drachtio-config.ts';
import { adminSockets, findDrachtio, USUAL_DRACHTIO_PATH, type DrachtioProcess } from './drachtio-process.ts';
import { error, info, unchecked, warning, type Finding } from './finding.ts';
import { canonicalAddress } from './movable-addresses.ts';
import { readOpenSockets } from './open-sockets.ts';
import { readText, type TextFacts } from './read-path.ts';
import { readReceiveBuffer, RMEM_DEFAULT, type ReceiveBuffer } from './receive-buffer.ts';
import { restartRemedy } from './restart-remedy.ts';

export interface DrachtioFacts {
  readonly config: Pick<Config, 'listen' | 'sip' | 'cluster'>;
  readonly answer: DaemonAnswer;
  /** Where somebody of this host listens at the admin port; undefined where the kernel's list could not be read. */
  readonly adminAddresses: readonly string[] | undefined;
  /** Undefined where none is seen. */
  readonly server: DrachtioProcess | undefined;
  readonly file: { readonly path: string; readonly content: TextFacts };
  readonly receiveBuffer: ReceiveBuffer;
}

/** What the engine was tested with. */
const VERSION_TESTED = '0.9.10';

/** What the server asks for itself, and does not get. */
const RECEIVE_BUFFER = 4_194_304;

const FILE_BYTES_MAX = 1 << 20;

export async function readDrachtioFacts(config: Config, answer: DaemonAnswer): Promise<DrachtioFacts> {
  const open = await readOpenSockets();
  const sockets = adminSockets(config, open ?? []);
  const server = await findDrachtio(sockets);
  const path = server?.configPath ?? USUAL_DRACHTIO_PATH;
  return {
    config,
    answer,
    adminAddresses: open === undefined ? undefined : sockets.map(({ address }) => address),
    server,
    file: { path, content: await readText(path, FILE_BYTES_MAX) },
    receiveBuffer: await readReceiveBuffer(config.listen.filter(({ transport }) => transport === 'udp')),
  };
}

/** Whether drachtio-server runs, is connected, listens where it should and nowhere else, and comes back when it crashes. */
export function checkDrachtio(facts: DrachtioFacts): readonly Finding[] {
  const { content } = facts.file;
  const file = content.kind === 'text' ? readDrachtioConfig(content.text) : undefined;
  return [
    ...connectionFindings(facts),
    ...processFindings(facts),
    ...adminFindings(facts, file),
    ...socketFindings(facts),
    ...bufferFindings(facts),
    ...fileFindings(facts, file),
  ];
}

function* connectionFindings({ config, answer, adminAddresses, server }: DrachtioFacts): Iterable<Finding> {
  const state = statusIn(answer)?.drachtio;
  if (state !== undefined) {
    yield* state.connected ? versionFindings(state) : [notConnected(state, config, server)];
  } else if (adminAddresses?.length === 0 && server === undefined) {
    const { drachtio_host: host, drachtio_port: port } = config.sip;
    yield error(`nobody listens at ${hostPortText(host, port)}: drachtio-server does not run here`, START);
  }
}

const CORRECT = 'correct sip.drachtio_host and sip.drachtio_port';
const START = `start it (systemctl start drachtio; why it ended says journalctl -u drachtio), or ${CORRECT}`;
const LOOK_WHO = 'look who listens there (ss -lntp), and into the log of drachtio-server';
const RESTART = 'systemctl restart drachtio';

function notConnected(
  { server, since_ms: sinceMs, reason = 'no reason known' }: DrachtioState,
  config: DrachtioFacts['config'],
  process: DrachtioFacts['server'],
): Finding {
  const what = `drachtio-server ${server} is not connected for ${Math.round(sinceMs / 1000)} s: ${reason}`;
  // A program that takes connections and says nothing looks like a server that hangs.
  if (reason === 'silent')
    return error(what, `${restartRemedy(RESTART, config)}; or ${CORRECT} if something else listens there (ss -lntp)`);
  if (/^(unacknowledged|unread)/.test(reason)) return error(what, restartRemedy(RESTART, config));
  if (reason === 'refused: incorrect secret') return error(what, secretRemedy(config, process));
  return error(what, /^(refused|protocol):/.test(reason) ? LOOK_WHO : START);
}

function secretRemedy({ sip }: DrachtioFacts['config'], process: DrachtioFacts['server']): string {
  const key = sip.drachtio_secret_file === undefined ? 'sip.drachtio_secret' : 'sip.drachtio_secret_file';
  const from = process?.secretFrom;
  const its =
    from === undefined ? 'in drachtio.conf.xml' : `of ${from} in what starts drachtio-server, which outranks its file,`;
  return `make ${key} and the secret ${its} the same, and restart the one that you changed`;
}

function* versionFindings({ version = '' }: DrachtioState): Iterable<Finding> {
  const [number] = /\d+\.\d+\.\d+/.exec(version) ?? [];
  if (version === '' || number === VERSION_TESTED) return;
  const what = `drachtio-server is version ${version}, and ${VERSION_TESTED} is what twinreg was tested with`;
  yield info(what, 'register a phone, and see that it is pinged, before phones depend on it');
}

function* processFindings({ config, answer, server, adminAddresses }: DrachtioFacts): Iterable<Finding> {
  if (server === undefined) {
    if (adminAddresses === undefined)
      yield unchecked('the process of drachtio-server (/proc/net cannot be read)', 'look at ss -lntp');
    else if (adminAddresses.length > 0)
      yield unchecked('the process of drachtio-server (another user has it)', 'run twinreg doctor as root');
    else if (statusIn(answer)?.drachtio?.connected === true)
      yield unchecked('the process of drachtio-server (no program is seen at its admin port)', 'look at ss -lntp');
    return;
  }
  const { pid, isStopped, supervisor } = server;
  if (isStopped)
    yield error(
      `drachtio-server (process ${pid}) is stopped: no phone is answered`,
      `kill -CONT ${pid}, or restart it`,
    );
  const remedy = 'run it as drachtio/drachtio.service of twinreg does (Restart=always)';
  switch (supervisor.kind) {
    case 'systemd':
      if (['no', 'on-success', 'on-watchdog'].includes(supervisor.restart)) {
        yield warning(
          `${supervisor.unit} has Restart=${supervisor.restart}: drachtio-server stays down when it crashes`,
          remedy,
        );
      }
      break;
    case 'hand':
      yield warning(`drachtio-server (process ${pid}) was started by hand: nobody starts it again`, remedy);
      break;
    case 'unknown':
      yield unchecked(
        `who starts drachtio-server again (process ${pid} is of no unit of systemd that can be asked)`,
        `kill -9 it ${config.cluster === undefined ? 'while no phone needs it' : 'on the passive node'}, and see that it comes back`,
      );
  }
}

function adminFindings(
  { config, adminAddresses = [] }: DrachtioFacts,
  file: DrachtioConfig | undefined,
): readonly Finding[] {
  const { drachtio_host: host, drachtio_port: port } = config.sip;
  // Nobody listens: then what the file says will be.
  const written = file?.adminAddress ?? host;
  const addresses = adminAddresses.length > 0 ? adminAddresses : [written];
  const outside = [...new Set(addresses)].filter((address) => isIP(address) !== 0 && !isLoopback(address));
  return outside.map((address) =>
    error(
      `the admin port of drachtio-server is at ${hostPortText(address, port)}: who reaches it gets the requests of phones, and needs no secret`,
      'write <admin port="9022" …>127.0.0.1</admin> into drachtio.conf.xml, restart drachtio-server, and leave sip.drachtio_host away',
    ),
  );
}

/** What the server listens on is known while it is connected. */
function* socketFindings({ config, answer }: DrachtioFacts): Iterable<Finding> {
  const { drachtio, listen = [] } = statusIn(answer) ?? {};
  if (drachtio?.connected !== true) return;
  const sockets = listen.map((text) => text.replace(/ as .*$/, ''));
  const missing = missingListeners(config.listen, sockets.flatMap(placeOf), canonicalAddress);
  if (missing.length > 0) {
    const deaf = missing.length === config.listen.length ? ': no phone is served' : '';
    yield error(
      `listen has ${missing.map(socketName).join(', ')}, and drachtio-server listens on ${sockets.join(', ') || 'nothing'}${deaf}`,
      'make listen in twinreg.yaml and contacts in drachtio.conf.xml say the same',
    );
  }
  for (const several of rivals(sockets)) {
    yield warning(
      `drachtio-server listens on ${several.join(' and ')}: it chooses itself which one a ping leaves by, and NAT lets only one pass`,
      'leave one contact in drachtio.conf.xml: the address that phones use',
    );
  }
}

/** `udp:10.0.0.150:5060`, IPv6 in brackets. */
function placeOf(text: string): SocketPlace | [] {
  const [, transport, address, port] = /^([a-z]+):\[?(.*?)\]?:(\d+)$/.exec(text) ?? [];
  return transport === undefined || address === undefined ? [] : { transport, address, port: Number(port) };
}

/** Sockets of one transport and family, where there is more than one. */
function rivals(sockets: readonly string[]): readonly (readonly string[])[] {
  const kinds = Map.groupBy(sockets, (socket) => /^[a-z]+:\[?/.exec(socket)?.[0]);
  return [...kinds.values()].filter(({ length }) => length > 1);
}

function* bufferFindings({ config, receiveBuffer }: DrachtioFacts): Iterable<Finding> {
  if (!config.listen.some(({ transport }) => transport === 'udp')) return;
  const remedy = `put "${RMEM_DEFAULT} = ${RECEIVE_BUFFER}" into /etc/sysctl.d/drachtio.conf, run sysctl --system, then ${restartRemedy(RESTART, config)}`;
  switch (receiveBuffer.kind) {
    case 'socket':
      if (receiveBuffer.size < RECEIVE_BUFFER)
        yield warning(`the receive buffer of drachtio-server is ${receiveBuffer.size} bytes: ${DROPPED}`, remedy);
      break;
    case 'default':
      if (receiveBuffer.size < RECEIVE_BUFFER)
        yield warning(`${RMEM_DEFAULT} is ${receiveBuffer.size}, which drachtio-server will have: ${DROPPED}`, remedy);
      break;
    case 'unknown':
      yield unchecked(`the receive buffer of drachtio-server (no ss, and ${RMEM_DEFAULT} cannot be read here)`, remedy);
  }
}

/** Of a file that does not say it. */
const DEFAULT_LOG_LEVEL = 'info';

const DROPPED = `a burst of requests is dropped that ${RECEIVE_BUFFER} would hold`;

function* fileFindings({ file, server, config }: DrachtioFacts, read: DrachtioConfig | undefined): Iterable<Finding> {
  const { path, content } = file;
  if (content.kind === 'unreadable') yield unchecked(`${path} (${content.reason})`, 'run twinreg doctor as root');
  const logLevel = server?.logLevel ?? (read === undefined ? undefined : (read.logLevel ?? DEFAULT_LOG_LEVEL));
  if (logLevel === 'info' || logLevel === 'debug') {
    const change =
      server?.logLevel === undefined
        ? `write <loglevel>error</loglevel> into ${path}`
        : 'take --loglevel and DRACHTIO_LOGLEVEL out of what starts it';
    yield warning(
      `the loglevel of drachtio-server is ${logLevel}: it writes a kilobyte or more for each REGISTER`,
      `${change}, then ${restartRemedy(RESTART, config)}`,
    );
  }
  for (const contact of (read?.contacts ?? []).filter(isWildcard)) {
    const say = config.cluster === undefined ? warning : error;
    yield say(
      `${path}: the contact ${contact} stands for the addresses of the server's start: one that comes later is deaf`,
      'write the address that phones use',
    );
  }
}

function isWildcard(contact: string): boolean {
  return /^sips?:(\*|0\.0\.0\.0|\[::\])(?=[:;]|$)/.test(contact);
}
