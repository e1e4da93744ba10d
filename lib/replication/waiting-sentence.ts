import { ageText } from '../core/age-text.ts';
import { BUCKETS } from '../location/bucket-digests.ts';
import type { DirectionState } from './replicator-types.ts';

export interface WaitingFacts {
  readonly twinId: number | undefined;
  readonly isEnabled: boolean;
  readonly synced: boolean;
  readonly outgoing: DirectionState;
  readonly bucketsDone: number;
  readonly received: number;
  readonly isSeed: boolean;
  /** Of the seed: until it declares itself synced. */
  readonly seedInMs: number;
  readonly twinSynced: boolean;
  /** What stood in the way of the last connection, and how long ago. */
  readonly lastTrouble: { readonly text: string; readonly agoMs: number } | undefined;
}

/** What a node waits for, for people who are in a hurry; undefined when it is synced and in sync. */
export function waitingSentence(facts: WaitingFacts): string | undefined {
  const { twinId, isEnabled, synced, outgoing, twinSynced } = facts;
  if (twinId === undefined) {
    return 'no other node is named for this cluster, so that nothing is replicated: `twinreg cluster list` shows the nodes, and how another one is named';
  }
  if (!isEnabled) {
    return `replication with node ${twinId} is switched off: \`twinreg cluster list\` shows which of the two nodes is disabled, \`twinreg mi clusterer_set_status\` enables it`;
  }
  if (synced && outgoing === 'in-sync') return undefined;
  const what = linkSentence(facts, twinId);
  if (synced) return what;
  if (outgoing === 'in-sync' && !twinSynced)
    return `not synced: node ${twinId} is linked, but is not synced either; ${seedSentence(facts)}`;
  return `not synced: ${what}; ${seedSentence(facts)}`;
}

function linkSentence({ outgoing, bucketsDone, received, lastTrouble }: WaitingFacts, twinId: number): string {
  switch (outgoing) {
    case 'down':
    case 'connecting':
    case 'authenticating':
      return `waits for a link to node ${twinId}${lastTrouble === undefined ? '' : ` (${lastTimeText(lastTrouble)})`}`;
    case 'reconciling':
      return `compares bindings with node ${twinId}: ${Math.floor((bucketsDone / BUCKETS) * 100)} % of ours are dealt with, ${received} came from there`;
    case 'lagging':
      return `node ${twinId} takes changes too slowly, so replies do not wait for it; they do again by themselves when it has kept up for a moment`;
    case 'in-sync':
      return `in sync with node ${twinId}`;
  }
}

function seedSentence({ isSeed, seedInMs }: WaitingFacts): string {
  if (!isSeed) {
    return 'this node becomes synced when it has met a synced one, and alone only if it has the flag seed';
  }
  return `as the seed it declares itself synced in ${Math.ceil(seedInMs / 1000)} s`;
}

/** What the system calls the usual failures to connect, and what it means by that. */
const TROUBLES: readonly (readonly [code: RegExp, meaning: string])[] = [
  [/\bECONNREFUSED\b/, 'nothing listens there; is the other node running?'],
  [/\bE(?:HOST|NET)(?:UNREACH|DOWN)\b/, 'no way there; is that machine up, and the network between?'],
  [/\bETIMEDOUT\b/, 'no answer; is that machine up, or does a firewall drop this port?'],
  [/\bE(?:NOTFOUND|AI_AGAIN)\b/, 'the name in its url cannot be looked up'],
  [/\bECONNRESET\b/, 'the other end dropped the connection'],
  [/\bEADDRNOTAVAIL\b/, "this machine has lost the listener's address"],
];

function lastTimeText({ text, agoMs }: NonNullable<WaitingFacts['lastTrouble']>): string {
  const meaning = TROUBLES.find(([code]) => code.test(text))?.[1];
  return `last time, ${ageText(agoMs)}: ${text}${meaning === undefined ? '' : `: ${meaning}`}`;
}
