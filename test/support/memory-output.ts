/** A TextOutput that keeps what was written. */
export class MemoryOutput {
  text = '';

  write(text: string): Promise<void> {
    this.text += text;
    return Promise.resolve();
  }
}
