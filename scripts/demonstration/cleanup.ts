type Undo = () => void | Promise<void>;

/** What has to be undone, the last thing first, however the demonstration ends. */
export class Cleanup {
  readonly #undos: Undo[] = [];
  #closed: Promise<void> | undefined;

  /** Throws, after having undone it, when everything else is being undone already. */
  async add(undo: Undo): Promise<void> {
    if (this.#closed === undefined) {
      this.#undos.push(undo);
      return;
    }
    await attempt(undo);
    throw new Error('the demonstration is over');
  }

  /** Idempotent. What cannot be undone keeps nothing else from being undone. */
  run(): Promise<void> {
    this.#closed ??= this.#run();
    return this.#closed;
  }

  async #run(): Promise<void> {
    for (let undo = this.#undos.pop(); undo !== undefined; undo = this.#undos.pop()) await attempt(undo);
  }
}

async function attempt(undo: Undo): Promise<void> {
  try {
    await undo();
  } catch (err) {
    console.error(`could not be cleaned up: ${err instanceof Error ? err.message : String(err)}`);
  }
}
