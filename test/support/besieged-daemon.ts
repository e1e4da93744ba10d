import type { Test } from 'tap';
import type { NodeStatus } from '../../lib/mi/commands/status.ts';
import { Daemon, type DaemonOptions } from './daemon.ts';
import { loopbackAddress } from './free-port.ts';
import { CLUSTER_SECRET, type TwinPlace } from './raw-twin.ts';
import { RecordingPhones } from './recording-phones.ts';
import type { SipClient } from './sip-client.ts';

/** Replication's own port; each daemon of a test has an address of its own. */
export const BIN_PORT = 5555;

/** How much more memory a daemon may take, whatever the other end does: the log of 64 MiB, and as much again. */
const RESIDENT_GROWTH_MAX_MB = 128;

/** AoRs of the phone that registers when a test wants it. */
const WITNESSES = 20;

export interface ClusterText {
  readonly nodeId?: number;
  readonly address: string;
  /** Where the other node is said to be; without it at an address where nobody is. */
  readonly twinAddress?: string;
  /** Further lines of `clusterer`, instead of those that give it the secret of tests. */
  readonly clusterer?: readonly string[];
  /** Further sections. */
  readonly more?: readonly string[];
}

/** The configuration of a node of cluster 1 that stands in the configuration, not in the table. */
export function clusterText({ nodeId = 1, address, twinAddress = loopbackAddress(), ...rest }: ClusterText): string {
  const { clusterer = [`secret: ${CLUSTER_SECRET}`], more = [] } = rest;
  const nodeInfo = (id: number, at: string) =>
    `"cluster_id=1,node_id=${id},url=bin:${at}:${BIN_PORT},no_ping_retries=0`;
  return [
    'usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}',
    'nathelper: {natping_interval: 0}',
    ...more,
    'clusterer:',
    ...[
      `my_node_id: ${nodeId}`,
      'db_mode: 0',
      `my_node_info: ${nodeInfo(nodeId, address)},flags=seed"`,
      `neighbor_node_info: ${nodeInfo(3 - nodeId, twinAddress)}"`,
      ...clusterer,
    ].map((line) => `  ${line}`),
    '',
  ].join('\n');
}

export interface BesiegedOptions extends Omit<DaemonOptions, 'config' | 'bin'> {
  readonly cluster?: Omit<ClusterText, 'address'>;
  /** Phones in the background, and how many requests a second they send together; none: nobody registers but who is told to. */
  readonly load?: { readonly perSecond: number; readonly phones: number };
}

/** A daemon of a cluster on whose replication port somebody misbehaves, while phones register. */
export class BesiegedDaemon implements TwinPlace {
  readonly daemon: Daemon;
  readonly binPort = BIN_PORT;
  readonly phones: RecordingPhones | undefined;
  readonly #phone: SipClient;
  #registrations = 0;
  #before = 0;
  #highest = 0;

  private constructor(daemon: Daemon, phones: RecordingPhones | undefined, phone: SipClient) {
    this.daemon = daemon;
    this.phones = phones;
    this.#phone = phone;
  }

  static async start(t: Test, { cluster = {}, load, ...options }: BesiegedOptions = {}): Promise<BesiegedDaemon> {
    const address = options.address ?? loopbackAddress();
    const config = clusterText({ address, ...cluster });
    const daemon = await Daemon.start(t, { ...options, address, bin: BIN_PORT, config });
    const phones = load === undefined ? undefined : await RecordingPhones.start(t, daemon, load);
    await phones?.answers(load?.phones ?? 0);
    const besieged = new BesiegedDaemon(daemon, phones, await daemon.phone(t));
    besieged.#before = (await besieged.look()).resident_mb;
    return besieged;
  }

  get address(): string {
    return this.daemon.address;
  }

  /** The status, and a note of how much memory it takes. */
  async look(): Promise<NodeStatus> {
    const status = await this.daemon.status();
    this.#highest = Math.max(this.#highest, status.resident_mb);
    return status;
  }

  /** A phone registers and is answered with 200; those in the background go on, too. */
  async serves(t: Test, when = 'a phone is served'): Promise<void> {
    const { phones } = this;
    await phones?.answers(phones.answeredCount + 10);
    await this.#serves(t, when);
  }

  /** No phone sends any more, and what they sent before has been dealt with: on this socket one comes after the other. */
  async rest(t: Test): Promise<void> {
    await this.phones?.stop();
    await this.#serves(t, 'the last phone is served');
  }

  /** What the status says of why the last connection was refused or ended. */
  async refusal(): Promise<{ readonly by: string; readonly reason: string; readonly text: string } | undefined> {
    return (await this.look()).replication?.last_refusal;
  }

  /** What the status says of why somebody was last sent away who never proved to be the twin. */
  async stranger(): Promise<{ readonly reason: string; readonly text: string } | undefined> {
    return (await this.look()).replication?.last_stranger;
  }

  /** The log's lines with this message. */
  lines(message: string) {
    return this.daemon.log.filter(({ msg }) => msg === message);
  }

  /** The daemon is the same process as before, all phones were answered with 200, and memory is bounded. */
  async unharmed(t: Test): Promise<void> {
    const { phones, daemon } = this;
    await this.serves(t, 'a phone is served at the end');
    await phones?.answers(phones.answeredCount + 2 * phones.records().length);
    t.same(phones?.refusals ?? [], [], 'every phone was answered with 200');
    const { pid, resident_mb: residentMb } = await this.look();
    t.equal(pid, daemon.pid, 'it is the process that was started');
    const highest = Math.max(this.#highest, residentMb);
    t.ok(highest - this.#before < RESIDENT_GROWTH_MAX_MB, `${this.#before} MB became ${highest} MB at most`);
  }

  async #serves(t: Test, when: string): Promise<void> {
    this.#registrations += 1;
    const user = `witness${this.#registrations % WITNESSES}`;
    const fields = { aor: `sip:${user}@example.com`, callId: user, cseq: this.#registrations, expires: 3600 };
    t.equal((await this.#phone.register(fields)).status, 200, when);
  }
}
