import { durationText } from './duration-text.ts';
import type { ShownChange, ShownEvent } from './shown-trace.ts';
import { terminalText } from './terminal-text.ts';

/** `12:34:56.789  -> `: what follows a line stands under its text. */
const INDENT = ' '.repeat(17);

type HappenedEvent = Extract<ShownEvent, { readonly at: string }>;

/** One event for people: time, which way it went, and what it was. Arrows point at whom it concerns: `<-` came in, `->` went out. */
export function traceText(event: ShownEvent): string {
  switch (event.event) {
    case 'watching':
      return `watching ${terminalText(event.aor)}; Ctrl-C ends\n`;
    case 'no-room':
      return '';
    default:
      return happenedText(event);
  }
}

function happenedText(event: HappenedEvent): string {
  const [first, ...rest] = linesOf(event);
  const lines = [`${timeOf(event.at)}  ${first}`, ...rest.map((line) => INDENT + line)];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** The first line begins with its sign, two characters wide. */
function linesOf(event: HappenedEvent): readonly [string, ...string[]] {
  switch (event.event) {
    case 'received':
      return [`<- from ${safe(event.source)}, on ${safe(event.socket)}`, ...messageLines(event.text)];
    case 'accepted':
      return [
        `.. ${OUTCOMES.get(event.outcome) ?? safe(event.outcome)}${requestName(event)}`,
        ...event.changes.map(changeText),
      ];
    case 'refused':
      return [`.. refused with ${event.status} ${safe(event.reason)}${requestName(event)}`];
    case 'sent':
      return [
        `-> ${event.status} ${safe(event.reason)}${waitText(event.waited_ms, event.waited_for)}`,
        ...event.headers.map(([name, value]) => safe(`${name}: ${value}`)),
      ];
    case 'changed':
      return [`.. changed ${CHANGERS.get(event.by) ?? safe(event.by)}`, ...event.changes.map(changeText)];
    case 'expired':
      return [`.. expired: ${safe(event.contact)}`];
    case 'ping_sent':
      return [`-> ping (${safe(event.kind)}) to ${safe(event.to)} for ${safe(event.contact)}`];
    case 'ping_answered':
      return [`<- ping answered with ${event.status} after ${event.latency_ms} ms by ${safe(event.contact)}`];
    case 'ping_lost':
      return [`.. ping lost, ${event.lost_in_a_row} in a row: ${safe(event.contact)}`];
    case 'skipped':
      return [`.. ${event.count} more events, not shown: too many in a second`];
  }
}

const OUTCOMES: ReadonlyMap<string, string> = new Map([
  ['stored', 'accepted'],
  ['query', 'accepted: a query, nothing changes'],
  ['retransmission', 'accepted: came again, nothing changes'],
]);

const CHANGERS: ReadonlyMap<string, string> = new Map([
  ['mi', 'by an operator'],
  ['ping', 'because of lost pings'],
  ['peer', 'on the twin'],
  ['disk', 'from the disk'],
]);

const CHANGES: ReadonlyMap<string, string> = new Map([
  ['not-there', 'to be removed, but not there'],
  ['evicted', 'evicted (max_contacts)'],
  ['replaced', 'replaced by an equal contact'],
  ['pings-lost', 'removed (pings lost)'],
  ['connection-closed', 'removed (connection closed)'],
  ['gone', 'removed'],
  ['all-removed', 'all contacts removed'],
]);

function changeText({ what, contact, expires_s: expires, received, path }: ShownChange): string {
  const words = CHANGES.get(what) ?? safe(what);
  const parts = [contact === undefined ? words : `${words}: ${safe(contact)}`];
  if (typeof expires === 'number') parts.push(`for ${durationText(expires)}`);
  else if (expires !== undefined) parts.push(safe(expires));
  if (received !== undefined) parts.push(`received ${safe(received)}`);
  if (path !== undefined) parts.push(`path ${safe(path)}`);
  return parts.join(', ');
}

function requestName({ call_id, cseq }: { readonly call_id: string; readonly cseq: number }): string {
  return ` (Call-ID ${safe(call_id)}, CSeq ${cseq})`;
}

/** Less is nothing that a phone would notice. */
const WAIT_SHOWN_MS = 1;

function waitText(waitedMs: number, waitedFor: readonly string[] = []): string {
  if (waitedMs < WAIT_SHOWN_MS) return '';
  const what = waitedFor.map((gate) => `the ${safe(gate)}`).join(' and ');
  return ` (waited ${waitedMs} ms${what === '' ? '' : ` for ${what}`})`;
}

function messageLines(text: string): readonly string[] {
  return text.trimEnd().split(/\r?\n/).map(safe);
}

function safe(text: string): string {
  return terminalText(text);
}

/** In local time, as the operator's watch has it. */
function timeOf(at: string): string {
  const time = new Date(at);
  return `${time.toTimeString().slice(0, 8)}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}
