import type { LogRoot } from './log.ts';
import type { SipAddress } from './sip-address.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { History } from '../history/history.ts';
import { historyPath } from '../history/history-file.ts';
import type { HistoryWriter } from '../history/history-writer.ts';
import { RoleHistory } from '../history/role-history.ts';
import type { Role } from '../role/role.ts';
import type { SplitBrain } from '../role/split-brain.ts';
import type { DrachtioEngineParts } from '../sip/drachtio/drachtio-engine.ts';
import type { ServerChange } from '../sip/drachtio/server-news.ts';
import type { DiskState } from '../storage/store-status.ts';

/** Reads what earlier lives of this node have left, and writes nothing yet. */
export function openHistory(
  { dataFolder }: Config,
  { clock, log }: { readonly clock: Clock; readonly log: LogRoot },
): Promise<History> {
  return History.open({ path: historyPath(dataFolder), clock, log: log.child('history') });
}

interface RoleParts {
  readonly role: Role;
  readonly splitBrain: SplitBrain;
  readonly address: SipAddress;
  readonly clock: Clock;
}

/** From now on the history has who is active, and why. @returns to be called when the node serves, and knows where its address is */
export function recordRole(history: HistoryWriter, { role, splitBrain, address, clock }: RoleParts): () => void {
  const observer = new RoleHistory(history, clock);
  address.addListener(observer);
  role.addListener(observer);
  splitBrain.addListener(observer);
  return () => observer.serving(role, address.rule !== 'always-here');
}

export function recordDisk(history: HistoryWriter, disk: DiskState): void {
  if (disk.state === 'degraded') history.record('disk-trouble', disk.reason);
  else history.record('disk-fine', 'everything is stored');
}

/** What the SIP engine has to tell the history. */
export function engineHistory(
  history: HistoryWriter,
): Required<Pick<DrachtioEngineParts, 'stalled' | 'serverChanged'>> {
  return {
    stalled: ({ lengthMs }) => history.record('stalled', `the process stood still for ${secondsText(lengthMs)}`),
    serverChanged: (change) => recordServer(history, change),
  };
}

function recordServer(history: HistoryWriter, change: ServerChange): void {
  const name = `drachtio-server ${change.server}`;
  switch (change.kind) {
    case 'lost':
      history.record('server-lost', `${name} (${change.reason}): no SIP until it is there`);
      break;
    case 'back':
      history.record('server-back', `${name}, after ${secondsText(change.awayMs)}`);
      break;
    case 'missing': {
      const { missing, sockets, isDeaf } = change;
      const where = `at ${missing.join(', ')}: it listens at ${sockets.join(', ') || 'no address'}`;
      history.record('server-deaf', `${name} ${where}${isDeaf ? '; no phone is served' : ''}`);
    }
  }
}

function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
