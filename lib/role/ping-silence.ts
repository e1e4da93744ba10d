import type { RoleAnnouncement } from './role-announcement.ts';

/**
 * A twin that is said to be active, while this node takes over from it, may have fallen silent so long ago: a hang and a link that
 * drops packets are noticed by keepalived first.
 */
const UNNOTICED_MS = 5000;

/** Since when nobody may have pinged, for the node that begins to: what fell into the move of the role is to be made up for. */
export class PingSilence {
  #isTwinActive = false;
  #sinceMs: number | undefined;

  /** To be called with whatever the twin announces, before the role follows it. */
  twinAnnounced(announcement: RoleAnnouncement | undefined, nowMs: number): void {
    const isActive = announcement !== undefined;
    if (this.#isTwinActive && !isActive) this.#sinceMs = nowMs;
    this.#isTwinActive = isActive;
  }

  /** This node has pinged until now. */
  stopped(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  /** In cluster time; undefined: nobody is known to have pinged before. */
  sinceMs(nowMs: number): number | undefined {
    return this.#isTwinActive ? nowMs - UNNOTICED_MS : this.#sinceMs;
  }
}
