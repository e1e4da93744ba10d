import { DIAL_LEAST_MS, DIAL_MOST_MS } from './limits.ts';

/**
 * When this node dials its twin. The greater node id does so whenever there is no link; the lesser one only after having
 * been without a link for `node_timeout`, so that two nodes that believe in the same id find out.
 */
export class Dialling {
  readonly #nodeTimeoutMs: number;
  #pauseMs = DIAL_LEAST_MS;
  #notBeforeMs: number;
  /** Since when there has been no link. */
  #aloneSinceMs: number;
  /** Number of the connection that is being dialled, or that has not proved itself yet. */
  #link: number | undefined;
  #nextLink = 1;

  constructor(nodeTimeoutMs: number, nowMs: number) {
    this.#nodeTimeoutMs = nodeTimeoutMs;
    this.#notBeforeMs = nowMs;
    this.#aloneSinceMs = nowMs;
  }

  get isDialling(): boolean {
    return this.#link !== undefined;
  }

  /** Whether this connection is being dialled, or was and has not become the link yet. */
  isUnderWay(link: number): boolean {
    return this.#link === link;
  }

  /** When the next attempt is due while there is no link; Infinity while one is under way. */
  dueMs(ownId: number, twinId: number): number {
    if (this.#link !== undefined) return Infinity;
    return ownId > twinId ? this.#notBeforeMs : Math.max(this.#notBeforeMs, this.#aloneSinceMs + this.#nodeTimeoutMs);
  }

  /** @returns the new connection's number */
  dial(): number {
    this.#link = this.#nextLink;
    this.#nextLink += 2;
    return this.#link;
  }

  /** The connection failed, or was refused, before it became the link. */
  failed(link: number, nowMs: number): void {
    if (link !== this.#link) return;
    this.#link = undefined;
    this.#notBeforeMs = nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, DIAL_MOST_MS);
  }

  /** There is a link, dialled or accepted. */
  linked(link: number): void {
    if (link === this.#link) this.#link = undefined;
    this.#pauseMs = DIAL_LEAST_MS;
  }

  lost(nowMs: number): void {
    this.#aloneSinceMs = nowMs;
    this.#notBeforeMs = nowMs + this.#pauseMs;
  }
}
