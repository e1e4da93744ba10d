import type { Clock } from '../core/clock.ts';
import type { CommittedChangeSet, Judgement, Order } from '../location/change.ts';
import type { ChangeListener, GateName } from '../location/ports.ts';
import type { AorState, LocationRecord } from '../location/record.ts';
import type { RegisterOutcome, RegisterWitness, RegistrarObserver } from '../registrar/ports.ts';
import type { InboundRequest, SipReply } from '../sip/engine.ts';
import type { Fault } from '../sip/fault.ts';
import { changeWords } from './change-words.ts';
import { socketText } from './socket-text.ts';
import type { TraceChange, Verdict } from './trace-event.ts';
import type { Watchers } from './watchers.ts';

export interface RegisterTraceParts {
  readonly watchers: Watchers;
  readonly table: { read(aor: string): AorState };
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly clusterClock: { nowMs(): number };
}

/** Tells of the watched AoRs' requests and changes: what came, what was decided, what was sent, what became otherwise. */
export class RegisterTrace implements RegistrarObserver, ChangeListener {
  readonly #parts: RegisterTraceParts;
  #requests = 0;
  /** The request that is being decided, and what the table has told of it so far. */
  #deciding: { readonly aor: string; committed: CommittedChangeSet | undefined } | undefined;

  constructor(parts: RegisterTraceParts) {
    this.#parts = parts;
  }

  get isWatching(): boolean {
    return this.#parts.watchers.isWatching;
  }

  witnessOf(aor: string, inbound: InboundRequest): RegisterWitness | undefined {
    const { watchers, clock } = this.#parts;
    if (!watchers.watches(aor)) return undefined;
    const request = ++this.#requests;
    const { socket, sourceAddress, sourcePort } = inbound;
    const { callId: call_id, cseq, text } = inbound.request;
    const source = socketText(socket.transport, sourceAddress, sourcePort);
    watchers.tell(aor, { event: 'received', request, source, socket: socket.name, text });
    this.#deciding = { aor, committed: undefined };
    let decidedMs = 0;
    const waited_for: GateName[] = [];
    return {
      accepted: (outcome: RegisterOutcome, asked) => {
        const changes = this.#endDecision(asked);
        watchers.tell(aor, { event: 'accepted', request, outcome, call_id, cseq, changes });
        decidedMs = clock.monotonicMs();
      },
      refused: ({ status, reason }: Fault) => {
        this.#endDecision([]);
        watchers.tell(aor, { event: 'refused', request, status, reason, call_id, cseq });
        decidedMs = clock.monotonicMs();
      },
      heldBy: (gate: GateName) => void waited_for.push(gate),
      replies: ({ status, reason, headers }: SipReply) => {
        const waited_ms = Math.round((clock.monotonicMs() - decidedMs) * 10) / 10;
        watchers.tell(aor, { event: 'sent', request, status, reason, headers, waited_ms, waited_for });
      },
    };
  }

  committed(changeSet: CommittedChangeSet): void {
    const { watchers } = this.#parts;
    if (!watchers.isWatching || !watchers.watches(changeSet.aor)) return;
    const { aor, origin } = changeSet;
    if (origin !== 'sip') {
      const verdictOfOrigin = (): Verdict => (origin === 'ping' ? 'pings-lost' : 'gone');
      watchers.tell(aor, { event: 'changed', by: origin, changes: this.#words(changeSet, verdictOfOrigin) });
    } else if (this.#deciding?.aor === aor) {
      this.#deciding.committed = changeSet;
    }
  }

  expired(aor: string, { contactUri: contact }: LocationRecord): void {
    const { watchers } = this.#parts;
    if (watchers.isWatching) watchers.tell(aor, { event: 'expired', contact });
  }

  #endDecision(asked: readonly (Order | Judgement)[]): readonly TraceChange[] {
    const committed = this.#deciding?.committed;
    this.#deciding = undefined;
    return committed === undefined ? [] : this.#words(committed, (key) => verdictAmong(asked, key));
  }

  #words(changeSet: CommittedChangeSet, verdictOn: (key: string) => Verdict): readonly TraceChange[] {
    const { table, clusterClock } = this.#parts;
    const moment = { floor: table.read(changeSet.aor).floor, nowMs: clusterClock.nowMs() };
    return changeWords(changeSet, moment, verdictOn);
  }
}

function verdictAmong(asked: readonly (Order | Judgement)[], key: string): Verdict {
  for (const change of asked) if (change.kind === 'judge' && change.key === key) return change.reason;
  return 'gone';
}
