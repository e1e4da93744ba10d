import type { HistoryEntry } from '../history/history-entry.ts';
import { terminalText } from './terminal-text.ts';

/** As wide as the longest kind. */
const KIND_WIDTH = 14;

/** A line for each entry: local time, what, and why; and one for each day. */
export function historyText(entries: readonly HistoryEntry[]): string {
  let day = '';
  let text = '';
  for (const { atMs, kind, text: why } of entries) {
    const at = new Date(atMs);
    const entryDay = dayText(at);
    if (entryDay !== day) text += `${entryDay}\n`;
    day = entryDay;
    const what = terminalText(kind.replaceAll('-', ' '));
    text += `${timeText(at)}  ${what.padEnd(KIND_WIDTH)}${terminalText(why)}`.trimEnd() + '\n';
  }
  return text;
}

function dayText(at: Date): string {
  return `${String(at.getFullYear())}-${digits(at.getMonth() + 1, 2)}-${digits(at.getDate(), 2)}`;
}

/** To the millisecond: a failover is a matter of some hundred. */
function timeText(at: Date): string {
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => digits(part, 2)).join(':');
  return `${time}.${digits(at.getMilliseconds(), 3)}`;
}

function digits(number: number, width: number): string {
  return String(number).padStart(width, '0');
}
