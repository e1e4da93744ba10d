// What an exchange said, as text that is the same in each run: what differs from run to run (identifiers, ports, times) is
// given a name by the order in which it first appeared, so that the same name twice is the same value twice.
const LINE_LENGTH_MAX = 240;

/** Names for values that differ from run to run. */
class Names {
  readonly #fixed: (readonly [pattern: RegExp, name: string])[] = [];
  readonly #found = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** From now on this value is shown by this name. A value is a whole word: a port 4711 is not found within 14711. */
  fix(value: string, name: string): void {
    const literal = value.replaceAll(/[.[\]]/g, String.raw`\$&`);
    this.#fixed.push([new RegExp(String.raw`(?<![\w.])${literal}(?![\w.]*\d)(?!\w)`, 'g'), name]);
  }

  apply(text: string): string {
    let shown = text
      .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (value) => this.#named('uuid', value))
      .replaceAll(/(?<=;branch=)z9hG4bK[A-Za-z0-9]+(?![\w-])/g, (value) => this.#named('branch', value))
      .replaceAll(/(?<=;tag=)[A-Za-z0-9]{8,}(?![\w-])/g, (value) => this.#named('tag', value))
      .replaceAll(/(?<=^CSeq: )\d{6,9}(?!\d)/gm, (value) => this.#named('cseq', value))
      .replaceAll(/(?<=\|)v\d+\.\d+\.\d+(?:-[\w-]+)?(?=\|)/g, '<version>')
      .replaceAll(/\b\d\d:\d\d:\d\d\.\d{6}\b/g, '<time>');
    for (const [pattern, name] of this.#fixed) shown = shown.replaceAll(pattern, name);
    return shown;
  }

  #named(kind: string, value: string): string {
    const known = this.#found.get(value);
    if (known !== undefined) return known;
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    const name = `<${kind} ${String(number)}>`;
    this.#found.set(value, name);
    return name;
  }
}

export class Transcript {
  readonly names = new Names();
  #text = '';

  constructor(title: string) {
    this.#text = `# ${title}\n`;
  }

  /** Something that happened, without words of its own. */
  note(sentence: string): void {
    this.#text += `\n${sentence}\n`;
  }

  /** A message, line by line: `|` before a line that ends in CRLF, `:` before one that does not. */
  add(head: string, text: string): void {
    this.#text += `\n${head}\n`;
    const lines = text.split('\r\n');
    const last = lines.pop() ?? '';
    for (const line of lines) this.#text += `  |${shownLine(this.names.apply(line))}\n`;
    if (last !== '') this.#text += `  :${shownLine(this.names.apply(last))}\n`;
  }

  get text(): string {
    return this.#text;
  }
}

function shownLine(line: string): string {
  if (line === '') return '';
  const cut =
    line.length <= LINE_LENGTH_MAX
      ? line
      : `${line.slice(0, LINE_LENGTH_MAX / 2)} <${String(line.length)} octets in all>`;
  return ` ${cut.replaceAll(/[^\x20-\x7e]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16).padStart(2, '0')}`)}`;
}
