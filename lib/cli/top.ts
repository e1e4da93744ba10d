import type { CliCommand, CliEdges, Terminal } from './cli-command.ts';
import { EXIT_OK } from './exit-code.ts';
import { jsonLine } from './json-line.ts';
import { DAEMON_HELP, DAEMON_OPTIONS, DAEMON_USAGE, parseOptions, socketPath } from './options.ts';
import type { TopView } from './top-history.ts';
import { TopPoller } from './top-poller.ts';
import { topText } from './top-text.ts';
import { UsageError } from './usage-error.ts';

const INTERVAL_MS = 1000;

/** A block in a file or a pipe is not cut. */
const UNBOUNDED = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY } as const;

const OPTIONS = {
  ...DAEMON_OPTIONS,
  json: { type: 'boolean' },
  once: { type: 'boolean' },
  count: { type: 'string', short: 'n' },
} as const;

export const topCommand: CliCommand = {
  name: 'top',
  summary: 'watch the running daemon: registrations, contacts, pings, delays',
  usage: `[--once | -n COUNT] [--json] ${DAEMON_USAGE}`,
  help: [
    '-n COUNT, --count COUNT end after so many blocks of text, one a second',
    '--once                  the same as -n 1',
    '--json                  one JSON object a line and second, for programs',
    ...DAEMON_HELP,
    '',
    'On a terminal it takes the screen until q or Ctrl-C; elsewhere it writes blocks of text. Rates are of the last second.',
  ],
  async run(args, edges) {
    const { values } = parseOptions(args, OPTIONS);
    const count = values.once === true ? 1 : countOf(values.count);
    const poller = new TopPoller(await socketPath(values, edges), edges.clock);
    const isLive = edges.terminal !== undefined && count === undefined && values.json !== true;
    try {
      // A daemon that is not there at the beginning is an error; one that goes away later may come back.
      const first = await poller.ask();
      if (isLive) await watch(poller, first, edges.terminal, edges);
      else await list(poller, count ?? Number.POSITIVE_INFINITY, values.json === true ? jsonText : blockText, edges);
    } finally {
      poller.close();
    }
    return EXIT_OK;
  },
};

function countOf(text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d{0,8}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new UsageError(`-n: expected how many blocks to write, found '${text}'`);
}

/** The first poll was made: each block has the rates since the one before. */
async function list(
  poller: TopPoller,
  count: number,
  textOf: (view: TopView, atMs: number) => string,
  { out, clock }: CliEdges,
): Promise<void> {
  for (let shown = 0; shown < count; shown++) {
    await new Promise<void>((resolve) => clock.after(INTERVAL_MS, resolve));
    const view = await poller.askOrGone();
    await out.write(textOf(view, clock.wallMs()));
  }
}

function blockText(view: TopView): string {
  return `${topText(view, UNBOUNDED)}\n\n`;
}

function jsonText(view: TopView, atMs: number): string {
  const at = new Date(atMs).toISOString();
  if (view.kind === 'gone') return jsonLine({ at, up: false, reason: view.reason });
  const { status, rates, tcpConnections } = view;
  const perSecond = rates === undefined ? null : ratesJson(rates);
  return jsonLine({
    at,
    up: true,
    per_second: perSecond,
    cpu_percent: rates?.cpuPercent,
    tcp_connections: tcpConnections,
    status,
  });
}

function ratesJson(rates: NonNullable<Extract<TopView, { readonly kind: 'up' }>['rates']>) {
  const { accepted, rejected, pingsSent, pingsAnswered, pingsLost, removed } = rates;
  return {
    accepted,
    rejected,
    pings_sent: pingsSent,
    pings_answered: pingsAnswered,
    pings_lost: pingsLost,
    contacts_removed: removed,
  };
}

const QUIT_KEYS: ReadonlySet<string> = new Set(['q', 'Q', '\u0003', '\u0004', '\u001b']);

/** Shows the view on the whole screen until it is quit. */
async function watch(poller: TopPoller, first: TopView, terminal: Terminal, { out, clock }: CliEdges): Promise<void> {
  let view = first;
  const quit = Promise.withResolvers<'quit'>();
  const show = () => out.write(screenText(view, terminal));
  const giveBack = terminal.takeScreen({
    key: (text) => {
      if (QUIT_KEYS.has(text)) quit.resolve('quit');
    },
    resized: () => void show(),
    ended: () => quit.resolve('quit'),
  });
  try {
    for (;;) {
      const due = Promise.withResolvers<'due'>();
      const timer = clock.after(INTERVAL_MS, () => due.resolve('due'));
      await show();
      if ((await Promise.race([due.promise, quit.promise])) === 'quit') return timer.cancel();
      const next = await Promise.race([poller.askOrGone(), quit.promise]);
      if (next === 'quit') return;
      view = next;
    }
  } finally {
    giveBack();
  }
}

/** Written over what is there, line by line, so that nothing flickers; the rest of each line and of the screen is cleared. */
function screenText(view: TopView, terminal: Terminal): string {
  const size = terminal.size();
  const body = topText(view, { columns: size.columns, rows: size.rows - 1 });
  const shown = body.replaceAll('\n', `${CLEAR_LINE}\r\n`);
  return `${HOME}${shown}${CLEAR_LINE}\r\n${'q quits'.slice(0, size.columns)}${CLEAR_BELOW}`;
}

const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
