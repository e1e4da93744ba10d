import type { TerminalSize } from './cli-command.ts';
import { countText } from './count-text.ts';
import { durationText } from './duration-text.ts';
import type { ShownStatus } from './shown-status.ts';
import { delaysText, pingStateText, roleText, storageText, unreadyLines } from './status-text.ts';
import { terminalText } from './terminal-text.ts';
import { twinLine } from './twin-text.ts';
import type { TopRates, TopView } from './top-history.ts';

const LABEL_WIDTH = 15;
const BARS = '▁▂▃▄▅▆▇█';

/** What `top` shows: plain lines, none wider or more than the size says, and the last without a line end. */
export function topText(view: TopView, { columns, rows }: TerminalSize): string {
  const lines = view.kind === 'up' ? upLines(view) : goneLines(view);
  return lines
    .slice(0, rows)
    .map((line) => cut(terminalText(line), columns))
    .join('\n');
}

type Up = Extract<TopView, { readonly kind: 'up' }>;

function upLines({ status, tcpConnections, rates, history }: Up): readonly string[] {
  const { version, node_id: nodeId, pid, uptime_s: uptimeS } = status;
  return [
    `twinreg ${version}, node ${nodeId}, process ${pid}, up ${durationText(uptimeS)}`,
    '',
    labelled('registrations', registrationsText(status.registrations, rates)),
    labelled('', sparkline(history)),
    labelled('bindings', `${countText(status.contacts, 'contact')} of ${countText(status.users, 'user')}`),
    ...(status.role === undefined ? [] : [labelled('role', roleText(status.role, status.replication))]),
    ...(status.pings === undefined ? [] : pingLines(status.pings, status.drachtio, rates)),
    ...(status.replication === undefined ? [] : [labelled('twin', twinLine(status.replication))]),
    labelled('storage', storageText(status.storage)),
    ...(tcpConnections === undefined ? [] : [labelled('TCP', countText(tcpConnections, 'connection'))]),
    labelled('delays', delaysText(status.event_loop_delay_ms)),
    labelled('process', `${status.resident_mb} MB${cpuText(rates)}`),
    labelled('degraded', status.degraded.length === 0 ? 'no' : status.degraded.join(', ')),
    ...unreadyLines(status.unready).map(([label, text]) => labelled(label, text)),
  ];
}

function goneLines({ reason, history }: Extract<TopView, { readonly kind: 'gone' }>): readonly string[] {
  return ['the daemon does not answer; asking again each second', '', reason, '', labelled('', sparkline(history))];
}

function registrationsText({ accepted, rejected }: ShownStatus['registrations'], rates: TopRates | undefined): string {
  return `${perSecond(rates?.accepted)} accepted, ${perSecond(rates?.rejected)} rejected (in all ${accepted}, ${rejected})`;
}

function pingLines(
  pings: NonNullable<ShownStatus['pings']>,
  server: ShownStatus['drachtio'],
  rates: TopRates | undefined,
): readonly string[] {
  const { pingsSent, pingsAnswered, pingsLost, removed, pingLatencyMs } = rates ?? {};
  const now = [
    `${perSecond(pingsSent)} sent`,
    `${perSecond(pingsAnswered)} answered`,
    `${perSecond(pingsLost)} lost`,
    `${perSecond(removed)} removed`,
    ...(pingLatencyMs === undefined ? [] : [`latency ${pingLatencyMs.toFixed(1)} ms`]),
  ];
  const total = `in all ${pings.sent}, ${pings.answered}, ${pings.lost}, ${pings.removed}`;
  const guard = pings.guard ? '; our own network is suspected, nobody is removed' : '';
  return [labelled('pings', pingStateText(pings, server) + guard), labelled('', `${now.join(', ')} (${total})`)];
}

function cpuText(rates: TopRates | undefined): string {
  return rates?.cpuPercent === undefined ? '' : `, ${rates.cpuPercent.toFixed(0)} % of a core`;
}

/** `120/s`, `3.3/s`; before there are two polls nobody knows. */
function perSecond(rate: number | undefined): string {
  if (rate === undefined) return '…/s';
  return `${rate >= 100 ? rate.toFixed(0) : rate.toFixed(1).replace(/\.0$/, '')}/s`;
}

/** Bars between nothing and the most of the last minute. */
function sparkline(history: readonly number[]): string {
  const most = Math.max(0, ...history);
  if (most === 0) return '';
  const bars = history.map((rate) => BARS.charAt(Math.round((rate / most) * (BARS.length - 1))));
  return `${bars.join('')} most ${perSecond(most)}`;
}

function labelled(label: string, text: string): string {
  return label.padEnd(LABEL_WIDTH) + text;
}

function cut(line: string, columns: number): string {
  const trimmed = line.trimEnd();
  return trimmed.length <= columns ? trimmed : `${trimmed.slice(0, Math.max(columns - 1, 0))}…`;
}
