/** A line of keepalived's configuration: its words, and what stands in braces behind it. */
export interface Directive {
  readonly words: readonly string[];
  /** 1-based. */
  readonly line: number;
  readonly block: readonly Directive[] | undefined;
}

export interface KeepalivedSyntax {
  readonly directives: readonly Directive[];
  /** What is said in a way that is not understood here, a sentence each. */
  readonly faults: readonly string[];
}

/** A definition that leads to itself ends here. */
const SUBSTITUTIONS_MAX = 10;
const LINE_CHARS_MAX = 4096;

/**
 * Reads what keepalived.conf(5) calls the configuration: blocks, comments from `#` or `!`, quoted strings, conditional lines
 * (`@node-a …`) and parameters (`$NAME=VALUE`). Left out: definitions of several lines, and sequences. Total: whatever the
 * text, it comes to an end and throws nothing.
 *
 * @param configId what conditional lines are compared with: the host name up to its first dot, if keepalived has no `-i`
 */
export function readKeepalivedSyntax(text: string, configId: string): KeepalivedSyntax {
  const reader = new Reader();
  const parameters = new Map<string, string>();
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const own = conditional(raw, configId);
    if (own === undefined) continue;
    const [, name, value] = /^\s*\$([A-Za-z_]\w*)=(.*)$/.exec(own) ?? [];
    if (name === undefined || value === undefined) reader.line(substituted(own, parameters), at + 1);
    else parameters.set(name, value.trim());
  }
  return reader.end();
}

/** The line without its condition; undefined where it is for another node. */
function conditional(line: string, configId: string): string | undefined {
  const [, isNot, id, rest] = /^\s*@(\^?)(\S*)\s*(.*)$/.exec(line) ?? [];
  if (id === undefined) return line;
  return (id === configId) === (isNot === '') ? rest : undefined;
}

function substituted(line: string, parameters: ReadonlyMap<string, string>): string {
  if (parameters.size === 0) return line;
  let text = line;
  for (let pass = 0; pass < SUBSTITUTIONS_MAX && text.length <= LINE_CHARS_MAX; pass++) {
    const next = text.replace(/\$\{(\w+)\}|\$(\w+)(?=\s|$)/g, (all, braced?: string, plain?: string) => {
      return parameters.get(braced ?? plain ?? '') ?? all;
    });
    if (next === text) break;
    text = next;
  }
  return text;
}

/** A directive whose block is still open. */
interface Open {
  readonly words: readonly string[];
  readonly line: number;
  block: Open[] | undefined;
}

/** Takes the lines in order, and keeps the blocks that are open. */
class Reader {
  readonly #root: Open[] = [];
  readonly #stack: Open[][] = [this.#root];
  readonly #faults: string[] = [];

  line(text: string, line: number): void {
    let words: string[] = [];
    const add = (): void => {
      if (words.length > 0) this.#top.push({ words, line, block: undefined });
      words = [];
    };
    for (const token of tokens(text)) {
      if (token.kind === 'word') words.push(token.text);
      else {
        add();
        if (token.kind === 'open') this.#open(line);
        else this.#close(line);
      }
    }
    add();
  }

  end(): KeepalivedSyntax {
    const open = this.#stack.length - 1;
    if (open > 0) this.#faults.push(`${open} block${open === 1 ? ' is' : 's are'} not closed at the end of the file`);
    return { directives: this.#root, faults: this.#faults };
  }

  get #top(): Open[] {
    return this.#stack.at(-1) ?? this.#root;
  }

  /** The brace may stand on the line below its name. */
  #open(line: number): void {
    const owner = this.#top.at(-1);
    if (owner === undefined || owner.block !== undefined) this.#faults.push(`line ${line}: a block without a name`);
    const block: Open[] = [];
    if (owner !== undefined && owner.block === undefined) owner.block = block;
    this.#stack.push(block);
  }

  #close(line: number): void {
    if (this.#stack.length > 1) this.#stack.pop();
    else this.#faults.push(`line ${line}: a closing brace without an opening one`);
  }
}

type Token = { readonly kind: 'word'; readonly text: string } | { readonly kind: 'open' | 'close' };

/** Quotes are left away; what stands in them is one word with what touches it. A parameter that nobody set stays as it is. */
function* tokens(line: string): Iterable<Token> {
  const pattern = /\s+|[#!].*$|([{}])|((?:"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|\$\{\w*\}|[^\s"'{}#!])+)/y;
  while (pattern.lastIndex < line.length) {
    const found = pattern.exec(line);
    if (found === null) break;
    const [, brace, word] = found;
    if (brace !== undefined) yield { kind: brace === '{' ? 'open' : 'close' };
    if (word !== undefined) yield { kind: 'word', text: word.replace(/\\(.)|["']/g, '$1') };
  }
}
