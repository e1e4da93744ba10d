import fc from 'fast-check';
import { planChanges } from '../../../lib/location/apply.ts';
import type { Judgement, Order } from '../../../lib/location/change.ts';
import { planMerge } from '../../../lib/location/merge.ts';
import { carryOut, emptyState } from '../../../lib/location/plan.ts';
import type { AorState } from '../../../lib/location/record.ts';
import { PERMANENT } from '../../../lib/location/record.ts';
import { AOR, judgement, putOrder, removeOrder, STAR, T0 } from './states.ts';

/** Two spellings of one contact, and another. */
const CONTACTS = ['sip:a', 'sip:A', 'sip:b'] as const;

export interface Step {
  readonly node: number;
  readonly waitMs: number;
  readonly kind: 'put' | 'permanent' | 'remove' | 'floor' | 'judge' | 'hear';
  readonly contact: (typeof CONTACTS)[number];
  readonly other: number;
  readonly cseq: number;
}

/** What happens to one AoR at so many nodes: their own requests and judgements, and what they hear of each other. */
export function histories(nodes: number): fc.Arbitrary<Step[]> {
  return fc.array(
    fc.record({
      node: fc.nat(nodes - 1),
      waitMs: fc.constantFrom(0, 0, 1, 1000),
      kind: fc.constantFrom('put', 'put', 'permanent', 'remove', 'floor', 'judge', 'hear'),
      contact: fc.constantFrom(...CONTACTS),
      other: fc.nat(nodes - 1),
      cseq: fc.nat(3),
    }),
    { maxLength: 25, size: 'max' },
  );
}

/** What each node knows at the end. Their clocks differ by seconds. */
export function historyOf(steps: readonly Step[], nodes: 2): [AorState, AorState];
export function historyOf(steps: readonly Step[], nodes: 3): [AorState, AorState, AorState];
export function historyOf(steps: readonly Step[], nodes: number): AorState[] {
  const known = Array.from({ length: nodes }, () => emptyState(AOR));
  let nowMs = T0;
  for (const step of steps) {
    nowMs += step.waitMs;
    known[step.node] = after(known[step.node]!, step, known, nowMs + step.node * 1500);
  }
  return known;
}

function after(mine: AorState, step: Step, known: readonly AorState[], nowMs: number): AorState {
  if (step.kind === 'hear') return carryOut(mine, planMerge(mine, known[step.other]!));
  const writer = { nodeId: step.node + 1, incarnation: 7 };
  return carryOut(mine, planChanges(mine, changesOf(mine, step, nowMs), nowMs, writer));
}

function changesOf(mine: AorState, { kind, contact, cseq }: Step, nowMs: number): (Order | Judgement)[] {
  const record = mine.records.find(({ key }) => key === contact);
  if (kind === 'judge') return record === undefined ? [] : [judgement(record)];
  if (kind === 'floor') return [STAR];
  if (kind === 'remove') return [removeOrder(contact)];
  return [putOrder(contact, kind === 'permanent' ? PERMANENT : nowMs + 60_000, { cseq })];
}
