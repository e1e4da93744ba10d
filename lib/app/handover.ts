import type { LogRoot } from './log.ts';
import type { SipAddress } from './sip-address.ts';
import type { TwinSide } from './twin-side.ts';
import type { TwinStatus } from './twin-status.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { HistoryWriter } from '../history/history-writer.ts';
import { Handover, type HandoverView } from '../role/handover.ts';
import { HandoverFile, handoverPath } from '../role/handover-file.ts';
import type { Role } from '../role/role.ts';

interface HandoverParts {
  readonly config: Config;
  readonly role: Role;
  readonly address: SipAddress;
  readonly twin: Pick<TwinSide, 'status'>;
  readonly history: HistoryWriter;
  readonly clock: Clock;
  readonly log: LogRoot;
}

export function openHandover(parts: HandoverParts): Handover {
  const { config, history, clock, log } = parts;
  return new Handover({
    file: new HandoverFile(handoverPath(config.dataFolder)),
    view: new NodeView(parts),
    clock,
    log: log.child('handover'),
    tell: (text) => history.record('handover', text),
  });
}

/** This node and its twin, as far as a planned switch goes by them. */
class NodeView implements HandoverView {
  readonly #role: Role;
  readonly #address: SipAddress;
  readonly #twin: Pick<TwinSide, 'status'>;

  constructor({ role, address, twin }: HandoverParts) {
    this.#role = role;
    this.#address = address;
    this.#twin = twin;
  }

  get isAddressHere(): boolean {
    this.#address.look();
    return this.#role.isAddressHere;
  }

  get isTwinActive(): boolean {
    return this.#twin.status()?.isTwinActive === true;
  }

  get twinName(): string {
    return twinName(this.#twin.status());
  }

  obstacle(): string | undefined {
    const twin = this.#twin.status();
    if (twin === undefined)
      return 'this node has no twin: its configuration names no cluster (usrloc.working_mode_preset)';
    return this.#ownObstacle(twin) ?? twinObstacle(twin);
  }

  #ownObstacle(twin: TwinStatus): string | undefined {
    const { name, isOn, isYielding, isTwinActive } = this.#role;
    if (this.#address.rule === 'always-here') {
      return 'SIP is served at all addresses of this host, so that none can leave: listen has to name the one that keepalived moves';
    }
    if (isTwinActive) {
      const where = isYielding ? 'and it is the one that pings' : 'and this node pings';
      return name === 'active'
        ? `both nodes are active already, ${where}: find out why the address is on both`
        : `this node is passive, and ${twinName(twin)} is active: run handover there`;
    }
    if (twin.isTwinActive && name === 'active') {
      return `${twinName(twin)} was active before this node took over, and has said nothing since: wait until it does, or the link ends`;
    }
    if (twin.listeners.obstacle !== undefined) return twin.listeners.obstacle;
    if (!this.isAddressHere) return 'this node is passive: the address is not on this host';
    if (!isOn)
      return 'the address is here, but the flag is off: run nh_enable_ping 1, as the notify script of keepalived should have';
    return undefined;
  }
}

function twinObstacle(twin: TwinStatus): string | undefined {
  const { membership, outgoing, incoming, waitsFor, isTwinReady } = twin;
  if (membership.kind !== 'member') return `nothing is replicated: ${membership.reasons.join('; ')}`;
  if (outgoing !== 'in-sync' || incoming !== 'in-sync') {
    const states = `to ${twinName(twin)} ${outgoing}, from it ${incoming}`;
    return `both nodes have to be in sync, and are not (${states})${waitsFor === undefined ? '' : `: ${waitsFor}`}`;
  }
  if (!isTwinReady) {
    return `${twinName(twin)} says that it would not serve phones, or get no address; ask it why: twinreg status there`;
  }
  return undefined;
}

function twinName(twin: TwinStatus | undefined): string {
  return twin?.twinId === undefined ? 'the other node' : `node ${String(twin.twinId)}`;
}
