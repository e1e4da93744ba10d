import { countText } from './count-text.ts';
import { durationText } from './duration-text.ts';
import type { ShownStatus } from './shown-status.ts';
import type { StatusLine } from './status-line.ts';
import { terminalText } from './terminal-text.ts';
import { twinLines } from './twin-text.ts';

const LABEL_WIDTH = 15;

/** The status for people: a line for each thing, what is wrong last, where the eye ends. */
export function statusText(status: ShownStatus): string {
  const { version, node_id: nodeId, pid, uptime_s: uptimeS, management } = status;
  const lines: readonly StatusLine[] = [
    ['twinreg', `${version}, node ${nodeId}, process ${pid}, up ${durationText(uptimeS)}`],
    ['SIP', sipText(status)],
    ...(management === undefined
      ? []
      : [['management', management.length === 0 ? 'by the unix socket only' : management.join(', ')] as const]),
    ['data folder', status.data_folder],
    ['bindings', `${countText(status.contacts, 'contact')} of ${countText(status.users, 'user')}`],
    ...registrationLines(status.registrations),
    ...(status.invalid_requests ?? []).map(({ reason, count }): StatusLine => [
      '',
      `no valid SIP: ${count} × ${reason}`,
    ]),
    ...(status.role === undefined ? [] : [['role', roleText(status.role, status.replication)] as const]),
    ...keepalivedLines(status.keepalived),
    ...(status.pings === undefined ? [] : pingLines(status.pings, status.drachtio)),
    ...(status.replication === undefined ? [] : twinLines(status.replication, nodeId)),
    ['storage', storageText(status.storage)],
    ['memory', `${status.resident_mb} MB`],
    ['delays', delaysText(status.event_loop_delay_ms)],
    ...stallLines(status.stalls),
    ['degraded', degradedText(status.degraded)],
    ...unreadyLines(status.unready),
  ];
  return lines.map(([label, text]) => `${label.padEnd(LABEL_WIDTH)}${terminalText(text)}\n`).join('');
}

/** Those that are open, and those that will be. */
function socketTexts({ listen, listen_waiting: waiting = [] }: ShownStatus): readonly string[] {
  return [...listen, ...waiting.map(({ socket }) => `${socket} (waits for the address)`)];
}

function sipText(status: ShownStatus): string {
  const { drachtio } = status;
  const sockets = socketTexts(status).join(', ');
  if (drachtio === undefined) return sockets;
  const { server, connected, since_ms: sinceMs, reason = 'no reason known', missing = [] } = drachtio;
  const lacking = missing.length > 0 ? `, which does NOT listen at ${missing.join(', ')}` : '';
  if (connected) return `${sockets}, from drachtio-server ${server}${lacking}`;
  return `NONE: drachtio-server ${server} is not connected for ${durationText(sinceMs / 1000)} (${reason})`;
}

/** What `status`, and `top`, say of whether this node is the active one, and whether any is. */
export function roleText(role: NonNullable<ShownStatus['role']>, twin: ShownStatus['replication']): string {
  const isNobodys = !role.active && twin?.twin_active === false && LINKED.has(twin.outgoing);
  return isNobodys ? `${ownRoleText(role)}; NOBODY IS ACTIVE: the other node is passive too` : ownRoleText(role);
}

/** States of a link over which the other node says what it is. */
const LINKED: ReadonlySet<string> = new Set(['reconciling', 'in-sync', 'lagging']);

function ownRoleText(role: NonNullable<ShownStatus['role']>): string {
  const {
    flag,
    active,
    address_here: isHere,
    address_can_leave: canLeave = false,
    yielding,
    other_active: other,
  } = role;
  if (yielding) return `active, and so is node ${other ?? 'unknown'}, later: BOTH NODES ARE ACTIVE, this one yields`;
  if (active && other !== undefined) return `active, and so is node ${other}: BOTH NODES ARE ACTIVE, it yields`;
  if (active) return canLeave ? 'active, the address is here' : 'active';
  if (flag) return 'passive: the address is not here (nh_enable_ping is 1)';
  if (!isHere) return 'passive: the address is not here';
  return canLeave ? 'passive: nh_enable_ping is 0, though the address is here' : 'passive: nh_enable_ping is 0';
}

function keepalivedLines(trouble: ShownStatus['keepalived']): readonly StatusLine[] {
  if (trouble === undefined) return [];
  const { state, since } = trouble;
  return [['keepalived', `${state} since ${since}: IT GIVES THIS NODE NO ADDRESS, and nobody can hand over to it`]];
}

function registrationLines(registrations: ShownStatus['registrations']): readonly StatusLine[] {
  const { accepted, rejected, collisions, retransmissions = 0, last_accepted_ms_ago: lastMsAgo } = registrations;
  const parts = [`${accepted} accepted`, `${rejected} rejected`];
  if (retransmissions > 0) parts.push(countText(retransmissions, 'retransmission'));
  if (collisions > 0) parts.push(`${countText(collisions, 'collision')} (two phones with one contact address)`);
  if (lastMsAgo !== undefined) parts.push(`last accepted ${durationText(lastMsAgo / 1000)} ago`);
  const refusals = registrations.refusals ?? [];
  const refused = refusals.map(({ reason, count }): StatusLine => ['', `rejected: ${count} × ${reason}`]);
  const last = (registrations.last_refusals ?? []).map(({ ms_ago, to, source, reason }): StatusLine => {
    return ['', `${durationText(ms_ago / 1000)} ago: ${reason}; To ${to === '' ? 'missing' : to}, from ${source}`];
  });
  return [['registrations', parts.join(', ')], ...refused, ...last];
}

function pingLines(pings: NonNullable<ShownStatus['pings']>, server: ShownStatus['drachtio']): readonly StatusLine[] {
  const { sent, answered, lost, removed, hidden = 0, skipped, guard, lag_ms: lagMs } = pings;
  const counts = [`${sent} sent`, `${answered} answered`, `${lost} lost`, `${countText(removed, 'contact')} removed`];
  if (hidden > 0) counts.push(`${hidden} hidden (not removed, since the other node was not in sync)`);
  if (skipped > 0) counts.push(`${skipped} not sent in their turn`);
  const lines: StatusLine[] = [
    ['pings', pingStateText(pings, server)],
    ['', counts.join(', ')],
  ];
  if (guard) lines.push(['', 'so many are lost at once that the network here is suspected: nobody is removed']);
  if (lagMs >= PING_LAG_SHOWN_MS) lines.push(['', `${durationText(lagMs / 1000)} behind their time`]);
  return lines;
}

/** Below this they are on time. */
const PING_LAG_SHOWN_MS = 1000;

/** What `status`, and `top`, say of whether this node pings. */
export function pingStateText(pings: NonNullable<ShownStatus['pings']>, server: ShownStatus['drachtio']): string {
  const { enabled, active, interval_s, contacts, yielding = false, other_active: other } = pings;
  if (interval_s === 0) return `none (natping_interval is 0), nh_enable_ping is ${enabled ? 1 : 0}`;
  const rounds = `${countText(contacts, 'contact')} every ${durationText(interval_s)}`;
  if (!enabled) return `off (nh_enable_ping is 0): nobody is pinged from here; it would be ${rounds}`;
  if (yielding) return `on, but yields to node ${other ?? 'unknown'}, which took the role later`;
  if (!active) return 'waiting: on, but this node is not the active one';
  if (server?.connected === false) return 'waiting: on, but drachtio-server is not connected';
  return other === undefined ? `on, ${rounds}` : `on, ${rounds}; node ${other} is on too, and yields to this one`;
}

function stallLines(
  { count, last_at: at = '', last_ms: ms = 0 }: ShownStatus['stalls'] = { count: 0 },
): readonly StatusLine[] {
  if (count === 0) return [];
  const last = `the last one until ${at} for ${ms} ms`;
  return [['stalls', `${count}, ${last}: requests that waited meanwhile were not served`]];
}

const DEGRADATIONS: ReadonlyMap<string, string> = new Map([
  ['disk', 'disk (what phones are told now would not survive a crash)'],
  ['mark', 'mark (the disk has not yet noted how far time has come; ends with the next write)'],
  ['clock', 'clock (the wall clock is behind what is known to have passed: set it right, then restart)'],
  ['twin', 'twin (the other node is not in sync: replies do not wait for it; the lines of twin say why)'],
  ['sync', 'sync (this node has not met a synced one since its start, so that bindings may be missing here)'],
  ['address', 'address (a socket waits for its address; normal on the passive node without net.ipv4.ip_nonlocal_bind)'],
  [
    'down',
    'down (the file down in the data folder says 1: keepalived gives this node no address; start it by its unit)',
  ],
  [
    'keepalived',
    'keepalived (it gives this node no address: systemctl status keepalived, and check.sh by hand, say why)',
  ],
  ['contacts', 'contacts (drachtio-server does not listen at all of listen: the line of SIP says where)'],
]);

function degradedText(words: readonly string[]): string {
  return words.length === 0 ? 'no' : words.map((word) => DEGRADATIONS.get(word) ?? word).join(', ');
}

const HINDRANCES: ReadonlyMap<string, string> = new Map([
  ['starting', 'starting (it does not serve yet)'],
  ['stopping', 'stopping (it does not serve any more)'],
  ['bind', 'bind (the address is here, and a socket cannot be bound: see listen_waiting in status --json)'],
  ['drachtio', 'drachtio (drachtio-server is not connected: no phone is served)'],
  ['contacts', 'contacts (drachtio-server listens at none of listen: no phone is served; correct its contacts)'],
]);

/** The last of `status` and `top`, on a node that could not serve even if the traffic came to it. */
export function unreadyLines(words: readonly string[] = []): readonly StatusLine[] {
  if (words.length === 0) return [];
  return [['ready', `NO: ${words.map((word) => HINDRANCES.get(word) ?? word).join(', ')}`]];
}

/** What `status`, and `top`, say of the disk. */
export function storageText(storage: ShownStatus['storage']): string {
  if (storage.mode === 'none') return 'none: bindings are in memory only';
  const pending = `${countText(storage.pending_changes, 'change')} waiting`;
  if (storage.state === 'degraded') {
    const { since = 'an unknown time', reason = 'no reason known', path } = storage;
    return `FAILING since ${since}: ${reason}; ${pending}, registrations go on in memory (${path})`;
  }
  const flushed = storage.last_flush_ms_ago === undefined ? '' : `, last flush ${storage.last_flush_ms_ago} ms ago`;
  return `ok, ${storage.mode}, ${pending}${flushed} (${storage.path})`;
}

/** What `status`, and `top`, say of how late the event loop was. */
export function delaysText({ p99, max, p99_lately, max_lately }: ShownStatus['event_loop_delay_ms']): string {
  const overall = `99 % below ${p99} ms, longest ${max} ms`;
  if (p99_lately === undefined || max_lately === undefined) {
    return `${overall} (how late the process came to its work)`;
  }
  return `last minute: 99 % below ${p99_lately} ms, longest ${max_lately} ms; since the start: ${overall}`;
}
