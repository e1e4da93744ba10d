import type { HistoryKind } from './history-entry.ts';

/** Takes what happened; a History is one. */
export interface HistoryWriter {
  /** @param text why, or what exactly */
  record(kind: HistoryKind, text: string): void;
}
