import { CLOCK_OFFSET_WARN_MS } from './limits.ts';
import type { ReplicatorEvent } from './replicator-types.ts';

/** A line of the log: a constant message, and what is particular in fields. */
export interface EventLine {
  readonly level: 'debug' | 'info' | 'warn';
  readonly message: string;
  readonly fields: object;
}

type EventOf<Name extends ReplicatorEvent['event']> = Extract<ReplicatorEvent, { readonly event: Name }>;

/** States between which a node goes while it tries to connect: nothing to wake anybody for. */
const TRYING: ReadonlySet<string> = new Set(['down', 'connecting', 'authenticating']);

/** Ends that belong to everyday life. */
const USUAL: ReadonlySet<string> = new Set(['stopping', 'duplicate', 'replaced']);

/** How an event reads in the log; undefined for what is not worth a line. */
export function describeEvent(event: ReplicatorEvent, nodeId: number | undefined): EventLine | undefined {
  switch (event.event) {
    case 'state':
      return stateLine(event, nodeId);
    case 'refused':
      return refusedLine(event, nodeId);
    case 'protocol-error': {
      const { code, text } = event;
      return { level: 'warn', message: 'replication protocol broken by the other end', fields: { code, text } };
    }
    case 'reconciled': {
      const { tookMs, received, changed } = event;
      const fields = { nodeId, tookMs: Math.round(tookMs), received, changed };
      return { level: 'info', message: 'bindings reconciled', fields };
    }
    case 'synced':
      return { level: 'info', message: 'node is synced', fields: { by: event.reason } };
    case 'clock':
      return clockLine(event, nodeId);
    case 'max-contacts':
      return event.ours === event.theirs ? undefined : maxContactsLine(event, nodeId);
    case 'listeners': {
      const message = 'listen differs between the nodes: phones are lost when the address moves';
      return { level: 'warn', message, fields: { nodeId, difference: event.difference } };
    }
    case 'agreed':
    case 'twin-role':
    case 'incoming-state':
      return undefined;
  }
}

function stateLine({ from, to }: EventOf<'state'>, nodeId: number | undefined): EventLine {
  const level = TRYING.has(from) && TRYING.has(to) ? 'debug' : 'info';
  return { level, message: 'replication state changed', fields: { nodeId, from, to } };
}

function refusedLine({ by, reason, text, isLink }: EventOf<'refused'>, nodeId: number | undefined): EventLine {
  const isUsual = USUAL.has(reason);
  const level = isUsual ? 'info' : 'warn';
  const message = isLink || isUsual ? 'replication link ended' : 'replication link refused';
  return { level, message, fields: { nodeId, by, reason, text } };
}

function clockLine({ shiftedMs }: EventOf<'clock'>, nodeId: number | undefined): EventLine {
  const level = Math.abs(shiftedMs) > CLOCK_OFFSET_WARN_MS ? 'warn' : 'info';
  return { level, message: 'cluster time taken over', fields: { nodeId, shiftedMs } };
}

function maxContactsLine({ ours, theirs }: EventOf<'max-contacts'>, nodeId: number | undefined): EventLine {
  const message = 'max_contacts differs between the nodes: the smaller one counts on both';
  return { level: 'warn', message, fields: { nodeId, ours, theirs } };
}
