interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface FamilyText {
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

export interface Exposition {
  readonly families: ReadonlyMap<string, FamilyText>;
  /** Lines that Prometheus would not read, or not as they are meant. */
  readonly problems: readonly string[];
  /** Of the sample with exactly these labels. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*",?)*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"/g;

/** A plain reader of Prometheus's text form 0.0.4, strict about what is ambiguous. */
export function expositionOf(text: string): Exposition {
  const families = new Map<string, FamilyText>();
  const problems: string[] = [];
  const seen = new Map<string, number>();
  let help: readonly [name: string, text: string] | undefined;
  let family: (FamilyText & { readonly name: string }) | undefined;
  if (!text.endsWith('\n')) problems.push('no line end at the end');
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, comment = '', about = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (comment === 'HELP') {
      help = [about, rest];
    } else if (comment === 'TYPE') {
      if (help?.[0] !== about) problems.push(`no HELP before ${line}`);
      if (families.has(about)) problems.push(`twice: ${about}`);
      if (!['counter', 'gauge', 'histogram', 'summary'].includes(rest)) problems.push(`type of ${line}`);
      family = { name: about, type: rest, help: help?.[1] ?? '', samples: [] };
      families.set(about, family);
    } else {
      const sample = sampleOf(line);
      if (sample === undefined || family === undefined || !belongs(sample.name, family)) {
        problems.push(line);
        continue;
      }
      const key = keyOf(sample.name, sample.labels);
      if (seen.has(key)) problems.push(`twice: ${line}`);
      seen.set(key, sample.value);
      family.samples.push(sample);
    }
  }
  return { families, problems, value: (name, labels = {}) => seen.get(keyOf(name, labels)) };
}

function sampleOf(line: string): Sample | undefined {
  const [, name, labelText = '', valueText = ''] = SAMPLE.exec(line) ?? [];
  const value = Number(valueText.replace('+Inf', 'Infinity'));
  if (name === undefined || Number.isNaN(value)) return undefined;
  const labels = Object.fromEntries(
    Array.from(labelText.matchAll(LABEL), ([, label = '', text = '']) => [label, text]),
  );
  return { name, labels, value };
}

function belongs(name: string, family: { readonly name: string; readonly type: string }): boolean {
  if (family.type !== 'histogram') return name === family.name;
  return ['_bucket', '_sum', '_count'].some((suffix) => name === family.name + suffix);
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  return `${name} ${JSON.stringify(Object.entries(labels).sort(([a], [b]) => a.localeCompare(b)))}`;
}
