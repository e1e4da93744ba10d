import { parseNodeUrl } from '../core/node-url.ts';
import { CLUSTER_ID_MAX, NODE_ID_MAX, PING_RETRIES_MAX, PING_RETRIES_USUAL } from '../core/node-bounds.ts';
import { nearest } from './nearest.ts';
import { listWords } from './values.ts';
import type { ParsedText } from './values.ts';

/** A node as OpenSIPS's `my_node_info` and `neighbor_node_info` name it. */
export interface NodeInfo {
  readonly clusterId: number;
  /** Undefined where it is not said, as `my_node_info` need not. */
  readonly nodeId: number | undefined;
  /** As it is written. */
  readonly url: string;
  readonly noPingRetries: number;
  readonly flags: string | undefined;
  readonly description: string | undefined;
}

export const NODE_INFO_EXPECTED =
  '"cluster_id=1,node_id=2,url=bin:10.0.0.178", and perhaps ",no_ping_retries=3,flags=seed"';

const KEYS = ['cluster_id', 'node_id', 'url', 'no_ping_retries', 'priority', 'sip_addr', 'flags', 'description'];

/** Reads `cluster_id=1,node_id=2,url=bin:1.2.3.4:5555,flags=seed,no_ping_retries=3,description=…`; blanks do not matter. */
export function parseNodeInfo(text: string): ParsedText<NodeInfo> {
  const words = new Map<string, string>();
  for (const part of text.split(',')) {
    const [, key = '', value = ''] = /^\s*([a-z_]+)\s*=\s*(.*?)\s*$/i.exec(part) ?? [];
    const fault = faultOf(part, key, words);
    if (fault !== undefined) return { ok: false, message: fault };
    words.set(key, value);
  }
  return nodeInfo(words);
}

function faultOf(part: string, key: string, words: ReadonlyMap<string, string>): string | undefined {
  if (key === '') return `"${part.trim()}" is no NAME=VALUE; expected ${NODE_INFO_EXPECTED}`;
  if (words.has(key)) return `${key} stands here twice`;
  if (KEYS.includes(key)) return undefined;
  const meant = nearest(key, KEYS);
  return `${key} is nothing that a node has; ${meant === undefined ? `expected ${listWords(KEYS, 'or')}` : `did you mean ${meant}?`}`;
}

function nodeInfo(words: ReadonlyMap<string, string>): ParsedText<NodeInfo> {
  const missing = ['cluster_id', 'url'].find((key) => !words.has(key));
  if (missing !== undefined) return { ok: false, message: `${missing} is missing; expected ${NODE_INFO_EXPECTED}` };
  const faults = [
    ...wholeFault(words, 'cluster_id', 1, CLUSTER_ID_MAX),
    ...wholeFault(words, 'node_id', 1, NODE_ID_MAX),
    ...wholeFault(words, 'no_ping_retries', 0, PING_RETRIES_MAX),
    ...urlFault(words),
    ...flagsFault(words),
  ];
  const [fault] = faults;
  if (fault !== undefined) return { ok: false, message: fault };
  const numberOf = (key: string): number | undefined => (words.has(key) ? Number(words.get(key)) : undefined);
  return {
    ok: true,
    value: {
      clusterId: numberOf('cluster_id') ?? 0,
      nodeId: numberOf('node_id'),
      url: words.get('url') ?? '',
      noPingRetries: numberOf('no_ping_retries') ?? PING_RETRIES_USUAL,
      flags: words.get('flags'),
      description: words.get('description'),
    },
  };
}

function* wholeFault(words: ReadonlyMap<string, string>, key: string, least: number, most: number): Iterable<string> {
  const text = words.get(key);
  if (text === undefined || (/^\d{1,10}$/.test(text) && Number(text) >= least && Number(text) <= most)) return;
  yield `${key}: expected a whole number from ${least} to ${most}, found "${text}"`;
}

function* urlFault(words: ReadonlyMap<string, string>): Iterable<string> {
  const parsed = parseNodeUrl(words.get('url') ?? '');
  if (!parsed.ok) yield `url: ${parsed.message}`;
}

function* flagsFault(words: ReadonlyMap<string, string>): Iterable<string> {
  const flags = words.get('flags') ?? '';
  if (flags !== '' && !flags.startsWith('seed')) yield `flags: expected seed, found "${flags}"`;
}
