import { countText } from './count-text.ts';
import { durationText } from './duration-text.ts';
import type { ShownStatus } from './shown-status.ts';
import type { StatusLine } from './status-line.ts';

type Twin = NonNullable<ShownStatus['replication']>;

/** Below this two clocks, and a clock and itself, are right. */
const OFFSET_WARN_MS = 1000;
/** A quick restart leaves cluster time up to two seconds ahead of the wall clock, on purpose. */
const WALL_OFFSET_WARN_MS = 3000;

/**
 * The other node of the pair: where it is and how it is, what that means for phones, what is waited for; what was last at
 * the end.
 */
export function twinLines(twin: Twin, nodeId: number): readonly StatusLine[] {
  const texts = [
    phonesText(twin),
    ...(twin.waits_for === undefined ? [] : [twin.waits_for]),
    ...diallerTexts(twin, nodeId),
    ...(twin.warnings ?? []).map((warning) => `look at this: ${warning}`),
    ...listenTexts(twin),
    ...directionTexts(twin),
    ...readyTexts(twin),
    ...progressTexts(twin),
    ...clockTexts(twin),
    ...reconcileTexts(twin),
    ...refusalTexts(twin),
    ...strangerTexts(twin),
  ];
  return [['twin', headline(twin)], ...texts.map((text): StatusLine => ['', text])];
}

/** The same in one line, for `top`; on a narrow terminal its end is cut, so what matters most stands first. */
export function twinLine(twin: Twin): string {
  const { outgoing, incoming, waits_for: waitsFor } = twin;
  const state = [stateText(twin), ...lagTexts(twin)].join(', ');
  const line =
    twin.twin_id === undefined
      ? stateText(twin)
      : `${nodeText(twin)}: ${state} (to it ${outgoing}, from it ${incoming})`;
  return waitsFor === undefined ? line : `${line}; ${waitsFor}`;
}

function headline(twin: Twin): string {
  const { listen, twin_id: id, twin_url: url, since_ms: stateSinceMs, sync_since_ms: sinceMs = stateSinceMs } = twin;
  const own = listen === undefined ? '' : ` (this node listens on ${listen})`;
  if (id === undefined) return `${stateText(twin)}${own}`;
  const where = url === undefined ? '' : ` at ${url}`;
  return `${nodeText(twin)}${where}: ${stateText(twin)} for ${durationText(sinceMs / 1000)}${own}`;
}

function nodeText({ twin_id: id }: Twin): string {
  return id === undefined ? 'the other node' : `node ${id}`;
}

/** What needs somebody is in capitals. */
function stateText({ membership, enabled, outgoing, synced, twin_id: id }: Twin): string {
  if (membership === 'off' || (id !== undefined && enabled === false)) return 'SWITCHED OFF';
  if (id === undefined || (membership !== undefined && membership !== 'member')) return 'NOTHING IS REPLICATED';
  if (outgoing !== 'in-sync') return 'NOT IN SYNC';
  return synced ? 'in sync' : 'in sync, but NOT SYNCED';
}

function phonesText({ outgoing, commit }: Twin): string {
  if (outgoing !== 'in-sync')
    return 'phones: replies do not wait: bindings answered now are on this node only, until both are in sync';
  if (commit === 'local')
    return 'phones: replies do not wait (commit is local): the other node has the binding a moment later';
  return 'phones: replies wait until both nodes have the binding';
}

const UNLINKED: ReadonlySet<string> = new Set(['down', 'connecting', 'authenticating']);

/** The one with the greater id connects, so that only there is a reason when nothing of it arrives here. */
function diallerTexts(twin: Twin, nodeId: number): readonly string[] {
  const { membership, twin_id: id, outgoing, waits_for: waitsFor, listen } = twin;
  if (id === undefined || id < nodeId || !UNLINKED.has(outgoing) || waitsFor?.includes('(last time') === true)
    return [];
  if (twin.enabled === false || (membership !== undefined && membership !== 'member')) return [];
  const here = listen === undefined ? '' : `, to ${listen}`;
  return [
    `node ${id} is the one that connects${here}: does twinreg run on it, and what does twinreg status say there?`,
  ];
}

function directionTexts(twin: Twin): readonly string[] {
  const { twin_id: id, outgoing, incoming, since_ms: sinceMs, silent_ms: silentMs } = twin;
  if (id === undefined) return [];
  if (silentMs === undefined) return [`to node ${id}: ${outgoing}; from node ${id}: ${incoming}`];
  const to = [`to node ${id}: ${outgoing} for ${durationText(sinceMs / 1000)}`, ...lagTexts(twin)].join(', ');
  const texts = [`${to}; from node ${id}: ${incoming}, last heard ${durationText(silentMs / 1000)} ago`];
  if (outgoing === 'in-sync' && incoming === 'lagging')
    texts.push(`replies at node ${id} do not wait for this node, which takes its changes too slowly`);
  return texts;
}

/** A twin that is in sync holds the bindings, and may still not answer phones: it starts, stops, or has lost its sockets. */
function readyTexts(twin: Twin): readonly string[] {
  if (twin.outgoing !== 'in-sync' || twin.twin_ready !== false) return [];
  return [
    `${nodeText(twin)} is NOT READY: it would not serve phones if the address came to it; ask it why: twinreg status there`,
  ];
}

function listenTexts({ listen_difference: difference }: Twin): readonly string[] {
  return difference === undefined ? [] : [`PHONES ARE LOST when the address moves: ${difference}`];
}

/** Without a link nobody counts. */
function lagTexts({ lag_changes: changes, lag_ms: ms, silent_ms: silentMs }: Twin): readonly string[] {
  return silentMs === undefined ? [] : [`${countText(changes, 'change')} (${ms} ms) behind`];
}

function progressTexts({ progress }: Twin): readonly string[] {
  if (progress === undefined) return [];
  const { received, sent, buckets_done: done, buckets } = progress;
  const share = Math.floor((done / Math.max(1, buckets)) * 100);
  return [
    `comparing: ${countText(received, 'user')} came, ${sent} went, ${share} % of this node's bindings dealt with`,
  ];
}

function clockTexts(twin: Twin): readonly string[] {
  const { clock_offset_ms: offsetMs, wall_clock_offset_ms: wallMs = 0 } = twin;
  const texts: string[] = [];
  if (offsetMs !== undefined) {
    const isFar = Math.abs(offsetMs) > OFFSET_WARN_MS;
    const what = offsetMs === 0 ? 'both agree' : `${nodeText(twin)} is ${aheadText(offsetMs)} this one`;
    texts.push(isFar ? `CLOCKS DIFFER: ${what}; compare timedatectl on both nodes` : `clocks: ${what}`);
  }
  if (Math.abs(wallMs) > WALL_OFFSET_WARN_MS) {
    texts.push(
      `CLOCK: the time that both nodes go by is ${aheadText(wallMs)} this machine's clock: one of the two clocks is, or was, wrong; compare timedatectl on both nodes`,
    );
  }
  return texts;
}

function aheadText(byMs: number): string {
  const size = Math.abs(byMs);
  const amount = size < 10_000 ? `${size} ms` : durationText(size / 1000);
  return `${amount} ${byMs < 0 ? 'behind' : 'ahead of'}`;
}

function reconcileTexts({ last_reconcile: last }: Twin): readonly string[] {
  if (last === undefined) return [];
  const { ms_ago: msAgo, took_ms: tookMs, received, changed } = last;
  const came = `${countText(received, 'user')} came, ${changed} of them differed`;
  return [`last compared ${durationText(msAgo / 1000)} ago: it took ${tookMs} ms, ${came}`];
}

/** With these a link ends now and then; the others are said of a connection that was not let in. */
const ENDINGS: ReadonlySet<string> = new Set(['stopping', 'replaced', 'duplicate', 'timeout', 'log-overrun']);

function refusalTexts(twin: Twin): readonly string[] {
  const { last_refusal: last } = twin;
  if (last === undefined) return [];
  const what = ENDINGS.has(last.reason) ? 'ended' : 'refused';
  const who = last.by === 'us' ? 'this node' : nodeText(twin);
  const line = `link last ${what} ${durationText(last.ms_ago / 1000)} ago by ${who} (${last.reason})`;
  return [twin.waits_for?.includes(last.text) === true ? line : `${line}: ${last.text}`];
}

function strangerTexts({ last_stranger: last }: Twin): readonly string[] {
  if (last === undefined) return [];
  const ago = durationText(last.ms_ago / 1000);
  return [`somebody who did not show to be the other node was sent away ${ago} ago (${last.reason}): ${last.text}`];
}
