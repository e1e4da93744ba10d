import type { Log } from '../../../lib/core/log.ts';
import type { Random } from '../../../lib/core/random.ts';
import { LocationTable } from '../../../lib/location/location-table.ts';
import { CommitGates } from '../../../lib/location/commit-gates.ts';
import type { CommitGate } from '../../../lib/location/ports.ts';
import { ContactComparer } from '../../../lib/registrar/contact-comparer.ts';
import type { RegistrarObserver } from '../../../lib/registrar/ports.ts';
import { Registrar } from '../../../lib/registrar/registrar.ts';
import { registrarRules } from '../../../lib/registrar/rules.ts';
import type { InboundRequest, ListeningSocket, SipReply, Transport } from '../../../lib/sip/engine.ts';
import { parseMessage } from '../../../lib/sip/parser.ts';
import { serialiseReply } from '../../../lib/sip/reply.ts';
import { Answer } from './answer.ts';
import { registerText, type RegisterText } from './register-text.ts';
import { settingsWith, type SettingsChanges } from './registrar-settings.ts';

/** Where a request comes from and where it arrives. */
export interface Route {
  readonly sourceAddress?: string;
  readonly sourcePort?: number;
  readonly transport?: Transport;
  /** What the socket is bound to, default 192.0.2.1. */
  readonly boundTo?: string;
  /** Host, in a URI's spelling, that the outside knows the socket by; default the bound one. */
  readonly advertised?: string;
}

export interface LogLine {
  readonly fields: object;
  readonly message: string;
}

const START_MS = Date.UTC(2027, 0, 1);

/** The real registrar on the real table and parser: text in, reply out, with time, chance and gate in the test's hand. */
export class RegistrarWorld {
  readonly table: LocationTable;
  readonly registrar: Registrar;
  readonly infoLines: LogLine[] = [];
  readonly gate = new HoldableGate();
  nowMs = START_MS;
  /** What the random source gives, always. */
  randomWord = 0;

  constructor(
    changes: SettingsChanges = {},
    limits: { recordsPerAorMax?: number; aorsMax?: number } = {},
    observer?: RegistrarObserver,
  ) {
    const settings = settingsWith(changes);
    const { maxContacts, matchingMode } = registrarRules(settings).contacts;
    this.table = new LocationTable({
      nodeId: 1,
      incarnation: 7,
      maxContacts,
      descTimeOrder: false,
      recordsPerAorMax: limits.recordsPerAorMax ?? 256,
      aorsMax: limits.aorsMax ?? 1000,
      sameContact: new ContactComparer().isSame,
      callIdMatters: matchingMode === 1,
    });
    const random: Random = { u32: () => this.randomWord };
    const clusterClock = { nowMs: () => this.nowMs };
    this.registrar = new Registrar({
      settings,
      table: this.table,
      gate: new CommitGates([{ name: 'twin', gate: this.gate }]),
      clusterClock,
      clock: { monotonicMs: () => this.nowMs - START_MS },
      random,
      log: this.#log(),
      ...(observer === undefined ? {} : { observer }),
    });
  }

  advance(seconds: number): void {
    this.nowMs += seconds * 1000;
  }

  /** Sends a REGISTER and gives its answer, which must come at once. */
  register(request: RegisterText, route: Route = {}): Answer {
    return this.send(registerText(request), route);
  }

  /** What a query shows: the URIs in the listing's order. */
  shown(to = 'sip:alice@example.com'): readonly string[] {
    return this.register({ to, callId: 'a-query', cseq: 1 }).contactUris;
  }

  send(text: string, route: Route = {}): Answer {
    const replies = this.deliver(text, route);
    const [reply] = replies;
    if (reply === undefined) throw new Error('no reply');
    return new Answer(reply);
  }

  /** Sends and gives the list that replies go to, now or later. */
  deliver(text: string, route: Route = {}): readonly SipReply[] {
    const replies: SipReply[] = [];
    this.registrar.handle(inboundRequest(text, route, (reply) => replies.push(reply)));
    return replies;
  }

  /** The reply as it goes out. */
  replyText(request: RegisterText): string {
    const inbound = inboundRequest(registerText(request), {}, () => undefined);
    const stamp = { received: inbound.sourceAddress, rport: inbound.sourcePort };
    return serialiseReply(inbound.request, this.register(request).reply, stamp, 'to-tag');
  }

  #log(): Log {
    const ignore = (): void => undefined;
    const info = (fields: object, message: string): void => void this.infoLines.push({ fields, message });
    return { debug: ignore, info, warn: ignore, error: ignore };
  }
}

/** Lets everything pass until it is told to hold. */
class HoldableGate implements CommitGate {
  isHolding = false;
  readonly settledAors: string[] = [];
  readonly #waiting: (() => void)[] = [];

  settle(aor: string, done: () => void): void {
    this.settledAors.push(aor);
    if (this.isHolding) this.#waiting.push(done);
    else done();
  }

  release(): void {
    this.isHolding = false;
    for (const done of this.#waiting.splice(0)) done();
  }
}

function inboundRequest(text: string, route: Route, reply: (reply: SipReply) => void): InboundRequest {
  const parsed = parseMessage(text);
  if (parsed.kind !== 'request') throw new Error(parsed.kind === 'malformed' ? parsed.fault.reason : 'not a request');
  const transport = route.transport ?? 'udp';
  const { boundTo: address = '192.0.2.1' } = route;
  const name = `${transport}:${route.advertised ?? address}:5060`;
  const socket: ListeningSocket = { transport, address, port: 5060, name };
  return {
    request: parsed.request,
    sourceAddress: route.sourceAddress ?? '192.0.2.10',
    sourcePort: route.sourcePort ?? 5060,
    socket,
    reply,
  };
}
