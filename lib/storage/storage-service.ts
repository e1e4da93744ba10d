import type { MessagePort } from 'node:worker_threads';
import { OperationalError, invariant } from '../core/errors.ts';
import { DAMAGED, explained, openDatabaseFile } from './database-file.ts';
import type { DatabaseFile } from './database-file.ts';
import { FlushWriter } from './flush-writer.ts';
import type { FlushOrder, FromStorage, ToStorage } from './messages.ts';
import { storageFault } from './storage-fault.ts';
import { TableLoader } from './table-loader.ts';

/**
 * The storage thread's side of the messages. Flushes are applied in order; one that fails stays first, and nothing behind
 * it is tried, until `retry` comes.
 */
export class StorageService {
  readonly #answer: (message: FromStorage) => void;
  readonly #waiting: FlushOrder[] = [];
  #path = '';
  #file: DatabaseFile | undefined;
  #writer: FlushWriter | undefined;
  #loader: TableLoader | undefined;
  #stuck = false;

  constructor(answer: (message: FromStorage) => void) {
    this.#answer = answer;
  }

  static serve(port: MessagePort): void {
    const service = new StorageService((message) => port.postMessage(message));
    port.on('message', (message: ToStorage) => service.handle(message));
  }

  handle(message: ToStorage): void {
    switch (message.type) {
      case 'open':
        return this.#reporting('open-failed', () => this.#open(message.path, message.migrationsPath, message.pid));
      case 'load-start':
        return this.#reporting('load-failed', () => this.#loadStart());
      case 'load-next':
        return this.#reporting('load-failed', () => this.#loadNext());
      case 'flush':
        this.#waiting.push(message);
        if (!this.#stuck) this.#flush();
        return;
      case 'retry':
        return this.#flush();
      case 'close':
        return this.#close(message.markMs);
    }
  }

  #open(path: string, migrationsPath: string, pid: number): void {
    // Opening again is what mends a file that was replaced, or a connection that failed.
    this.#file?.close();
    this.#file = undefined;
    this.#waiting.length = 0;
    this.#stuck = false;
    this.#path = path;
    const file = openDatabaseFile(path, migrationsPath, pid);
    this.#file = file;
    const mark = file.db.prepare<[], { fileId: string; seq: number; markMs: number }>(
      'SELECT file_id AS fileId, seq, cluster_ms AS markMs FROM mark',
    );
    const row = mark.get();
    if (row === undefined)
      throw new OperationalError(`db_url: ${path} is damaged: its table "mark" is empty${DAMAGED}`);
    this.#writer = new FlushWriter(file.db);
    const { applied: migrated, backup } = file.migrated;
    const clustererRows = file.db.prepare<[], number>('SELECT count(*) FROM clusterer').pluck().get() ?? 0;
    this.#answer({ type: 'opened', ...row, clustererRows, migrated, backup });
  }

  #loadStart(): void {
    invariant(this.#file !== undefined, 'open comes before load-start');
    const loader = new TableLoader(this.#file.db, this.#path);
    this.#answer(loader.start());
    this.#loader = loader;
  }

  #loadNext(): void {
    const loader = this.#loader;
    invariant(loader !== undefined, 'load-start comes before load-next');
    const chunk = loader.next();
    if (chunk.done) this.#loader = undefined;
    this.#answer(chunk);
  }

  #flush(): void {
    this.#stuck = false;
    for (let flush = this.#waiting[0]; flush !== undefined; flush = this.#waiting[0]) {
      const fault = this.#tryFlush(flush);
      if (fault !== undefined) {
        this.#stuck = true;
        this.#answer({ type: 'flush-failed', seq: flush.seq, ...fault });
        return;
      }
      this.#waiting.shift();
      this.#answer({ type: 'flushed', seq: flush.seq });
    }
  }

  #tryFlush(flush: FlushOrder): { readonly reason: string; readonly reopen: boolean } | undefined {
    if (this.#file?.inPlace() !== true)
      return { reason: `${this.#path} was removed or replaced while in use`, reopen: true };
    try {
      invariant(this.#writer !== undefined, 'an open file has a writer');
      this.#writer.apply(flush);
      return undefined;
    } catch (error) {
      const fault = storageFault(error, this.#path);
      if (fault === undefined) throw error;
      return fault;
    }
  }

  /** The write-ahead log is merged into the file, so that this one file is all there is to copy. */
  #close(markMs: number | undefined): void {
    let problem: string | undefined;
    try {
      if (markMs !== undefined) this.#file?.db.prepare('UPDATE mark SET cluster_ms = ?').run(markMs);
      this.#file?.db.pragma('wal_checkpoint(TRUNCATE)');
    } catch (error) {
      problem = storageFault(error, this.#path)?.reason;
      if (problem === undefined) throw error;
    }
    this.#file?.close();
    this.#file = undefined;
    this.#answer({ type: 'closed', problem });
  }

  #reporting(type: 'open-failed' | 'load-failed', work: () => void): void {
    try {
      explained(this.#path, work);
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
      this.#answer({ type, message: error.message });
    }
  }
}
