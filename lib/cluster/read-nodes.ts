import { CLUSTER_ID_MAX, NODE_ID_MAX, PING_RETRIES_MAX } from '../core/node-bounds.ts';
import { parseNodeUrl, type NodeUrl } from '../core/node-url.ts';
import type { ClusterNode } from './cluster-node.ts';
import type { ClustererColumn, NodeRow } from './ports.ts';

export interface RowFault {
  /** Of the row; undefined where that is what is wrong, so that the row may be meant for any cluster. */
  readonly clusterId: number | undefined;
  /** `row 15: state: expected 0 or 1, found 7`. */
  readonly sentence: string;
}

export interface ReadNodes {
  /** Of the rows without a fault, in their order. */
  readonly nodes: readonly ClusterNode[];
  readonly faults: readonly RowFault[];
}

const SHOWN_LENGTH_MAX = 80;

/** Understands rows that an operator wrote. Every wrong cell is said at once. */
export function readNodes(rows: readonly NodeRow[]): ReadNodes {
  const nodes: ClusterNode[] = [];
  const faults: RowFault[] = [];
  for (const row of rows) {
    const cells = new Cells(row);
    const node = nodeIn(cells);
    if (cells.faults.length === 0) nodes.push(node);
    else faults.push(...cells.faults.map((sentence) => ({ clusterId: cells.clusterId, sentence })));
  }
  return { nodes, faults: [...faults, ...sameNumbers(nodes)] };
}

function nodeIn(cells: Cells): ClusterNode {
  return {
    rowId: cells.whole('id', -1, Number.MAX_SAFE_INTEGER),
    clusterId: cells.whole('cluster_id', 1, CLUSTER_ID_MAX),
    nodeId: cells.whole('node_id', 1, NODE_ID_MAX),
    ...cells.url(),
    isEnabled: cells.isEnabled(),
    noPingRetries: cells.whole('no_ping_retries', 0, PING_RETRIES_MAX),
    isSeed: cells.isSeed(),
    description: cells.text('description'),
  };
}

/** The database keeps them apart; what else names nodes might not. */
function sameNumbers(nodes: readonly ClusterNode[]): readonly RowFault[] {
  const faults: RowFault[] = [];
  const seen = new Map<string, ClusterNode>();
  for (const node of nodes) {
    const { clusterId, nodeId, rowId } = node;
    const number = `${clusterId}/${nodeId}`;
    const other = seen.get(number);
    if (other !== undefined) {
      const sentence = `rows ${other.rowId} and ${rowId}: node_id: both are node ${nodeId} of cluster ${clusterId}; remove one of them`;
      faults.push({ clusterId, sentence });
    }
    seen.set(number, node);
  }
  return faults;
}

const NOWHERE: NodeUrl = { transport: 'bin', host: '', port: 0 };

/** Reads the cells of one row. What is no good leaves a sentence in `faults`, and any value at all. */
class Cells {
  readonly faults: string[] = [];
  readonly #row: NodeRow;

  constructor(row: NodeRow) {
    this.#row = row;
  }

  get clusterId(): number | undefined {
    const value = this.#row.cluster_id;
    return isWhole(value, 1, CLUSTER_ID_MAX) ? value : undefined;
  }

  whole(column: ClustererColumn, least: number, most: number): number {
    const value = this.#row[column];
    return isWhole(value, least, most) ? value : this.#refuse(column, `a whole number from ${least} to ${most}`, 0);
  }

  isEnabled(): boolean {
    const { state } = this.#row;
    if (state !== 0 && state !== 1) this.#refuse('state', '0 or 1', 0);
    return state === 1;
  }

  url(): { readonly url: string; readonly place: NodeUrl } {
    const { url } = this.#row;
    const parsed = parseNodeUrl(typeof url === 'string' ? url : '');
    if (typeof url !== 'string') return { url: this.#refuse('url', 'bin:HOST[:PORT]', ''), place: NOWHERE };
    if (!parsed.ok) this.faults.push(`${this.#place('url')}: ${shown(url)}: ${parsed.message}`);
    return { url, place: parsed.ok ? parsed.value : NOWHERE };
  }

  /** OpenSIPS takes whatever begins with `seed` for the flag, and passes over everything else, misspelt flags too. */
  isSeed(): boolean {
    const { flags } = this.#row;
    if (flags === null || flags === undefined || flags === '') return false;
    if (typeof flags === 'string' && flags.startsWith('seed')) return true;
    return this.#refuse('flags', 'seed or NULL', false);
  }

  text(column: ClustererColumn): string | undefined {
    const value = this.#row[column];
    if (value === null || value === undefined) return undefined;
    return typeof value === 'string' ? value : this.#refuse(column, 'text or NULL', undefined);
  }

  #refuse<T>(column: ClustererColumn, expected: string, instead: T): T {
    this.faults.push(`${this.#place(column)}: expected ${expected}, found ${shown(this.#row[column])}`);
    return instead;
  }

  #place(column: ClustererColumn): string {
    return `row ${shown(this.#row.id)}: ${column}`;
  }
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (value instanceof Uint8Array) return `a blob of ${value.length} bytes`;
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > SHOWN_LENGTH_MAX ? `${value.slice(0, SHOWN_LENGTH_MAX)}…` : value);
}
