/** Finds where a JSON object ends in a text that grows, looking at each character once. */
export class JsonEnd {
  #seen = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  reset(): void {
    this.#seen = 0;
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
  }

  /**
   * @param start where the object begins; the same each time, as long as `text` is the same text with more behind it.
   * @returns where it ends, or where its line ends before that (it is broken then); undefined while neither is there.
   */
  find(text: string, start: number): number | undefined {
    for (let at = Math.max(start, this.#seen); at < text.length; at++) {
      const char = text.charAt(at);
      if (char === '\n') return at;
      if (this.#inString) this.#takeInString(char);
      else if (this.#closes(char)) return at + 1;
    }
    this.#seen = text.length;
    return undefined;
  }

  #takeInString(char: string): void {
    if (this.#escaped) this.#escaped = false;
    else if (char === '\\') this.#escaped = true;
    else if (char === '"') this.#inString = false;
  }

  #closes(char: string): boolean {
    if (char === '"') this.#inString = true;
    else if (char === '{') this.#depth++;
    else if (char === '}') return --this.#depth === 0;
    return false;
  }
}
