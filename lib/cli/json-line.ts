/** What JSON leaves as it is and a terminal obeys: DEL and the controls of C1, and the marks that turn the direction of text. */
const OBEYED = /[\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** A value as one line of JSON, with its line end. It reads as the same value, and does nothing to a terminal. */
export function jsonLine(value: unknown): string {
  return `${escapedJson(JSON.stringify(value))}\n`;
}

/** The same for text that is JSON already. */
export function escapedJson(json: string): string {
  return json.replace(OBEYED, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
