import t, { type Test } from 'tap';
import type { ScreenEvents, Terminal } from '../../lib/cli/cli-command.ts';
import { TopHistory, type TopSample } from '../../lib/cli/top-history.ts';
import { topText } from '../../lib/cli/top-text.ts';
import type { Clock } from '../../lib/core/clock.ts';
import { Statistics } from '../../lib/mi/commands/statistics.ts';
import { statisticsCommands } from '../../lib/mi/commands/statistics-commands.ts';
import { statusCommand, type NodeStatus } from '../../lib/mi/commands/status.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { commandLine, type Outcome } from './support/command-line.ts';
import { miServer } from './support/mi-server.ts';
import { STATUS } from './support/node-status.ts';

const WIDE = { columns: 200, rows: 50 };

type Changes = Partial<NodeStatus> & { readonly cpu_ms?: number };

function sample(atMs: number, changes: Changes = {}): TopSample {
  return {
    atMs,
    status: {
      ...STATUS,
      ...changes,
      listen: [],
      degraded: [],
      invalid_requests: [],
      registrations: { ...(changes.registrations ?? STATUS.registrations), refusals: [] },
    },
    statistics: new Map([['twinreg:tcp_open', 3]]),
  };
}

function registered(accepted: number, rejected: number): Pick<NodeStatus, 'registrations'> {
  return { registrations: { ...STATUS.registrations, accepted, rejected } };
}

t.test('rates are what the counters grew by over the time that passed', async (t) => {
  const history = new TopHistory();
  t.match(history.take(sample(0, registered(100, 10))), { kind: 'up', rates: undefined, history: [] });
  const pings = { ...STATUS.pings, sent: 45, answered: 42, lost: 3, removed: 1, latency_sum_ms: 810 };
  const view = history.take(sample(2000, { ...registered(350, 11), pings }));
  t.match(view, {
    rates: { accepted: 125, rejected: 0.5, pingsSent: 2.5, pingsAnswered: 2, pingsLost: 0.5, removed: 0 },
    history: [125.5],
    tcpConnections: 3,
  });
  t.match(topText(view, WIDE), '\nregistrations  125/s accepted, 0.5/s rejected (in all 350, 11)\n');
  t.match(
    topText(view, WIDE),
    '\n               2.5/s sent, 2/s answered, 0.5/s lost, 0/s removed, latency 12.5 ms (in all 45, 42, 3, 1)\n',
  );
});

t.test('a daemon that was restarted has no rate at first', async (t) => {
  const history = new TopHistory();
  history.take(sample(0, registered(100, 0)));
  t.match(history.take(sample(1000, { ...registered(1, 0), pid: 78 })), { rates: undefined });
  t.match(history.take(sample(2000, { ...registered(3, 0), pid: 78 })), { rates: { accepted: 2 } });
  t.match(history.take(sample(3000, { ...registered(0, 0), pid: 78, uptime_s: 0 })), { rates: undefined });
});

t.test('a node that is not ready says so last', async (t) => {
  const drachtio = { server: '127.0.0.1:9022', connected: false, since_ms: 9000, reason: 'silent', losses: 1 };
  const lost = sample(0, { unready: ['drachtio'] });
  const text = topText(new TopHistory().take({ ...lost, status: { ...lost.status, drachtio } }), WIDE);
  t.match(text, '\npings          waiting: on, but drachtio-server is not connected\n');
  t.match(text, /\ndegraded +no\nready +NO: drachtio \(.*\)$/);
});

t.test('CPU is shown where the daemon tells its CPU time', async (t) => {
  const history = new TopHistory();
  history.take(sample(0, { cpu_ms: 500 }));
  t.match(topText(history.take(sample(1000, { cpu_ms: 620 })), WIDE), '\nprocess        80 MB, 12 % of a core\n');
});

t.test('the last minute is shown as bars', async (t) => {
  const history = new TopHistory();
  let accepted = 0;
  let view = history.take(sample(0, registered(0, 0)));
  for (let second = 1; second <= 70; second++) {
    accepted += second === 70 ? 80 : 40;
    view = history.take(sample(second * 1000, registered(accepted, 0)));
  }
  t.equal(view.history.length, 60);
  t.match(topText(view, WIDE), `\n               ${'▅'.repeat(59)}█ most 80/s\n`);
});

t.test('the view fits the screen, whatever its size, and no control character reaches it', async (t) => {
  const view = new TopHistory().take(sample(0, { version: '1\u001b[2J' }));
  for (const size of [WIDE, { columns: 40, rows: 6 }, { columns: 1, rows: 1 }, { columns: 0, rows: 0 }]) {
    const lines = topText(view, size).split('\n');
    t.ok(lines.length <= Math.max(size.rows, 1) && lines.every((line) => line.length <= Math.max(size.columns, 1)));
  }
  t.match(topText(view, WIDE), /^twinreg 1\\x1b\[2J, node 1, process 77, up 2 h 1 min\n/);
});

/** A daemon whose counters the test moves. */
async function daemon(t: Test, folder = tempFolder(t)) {
  const counters = { accepted: 10 };
  const statistics = new Statistics({ read: () => new Map([['twinreg:tcp_open', 2]]), kindOf: () => 'gauge' });
  const status = (): NodeStatus => ({ ...STATUS, ...registered(counters.accepted, 0) });
  const { stop } = await miServer(t, [statusCommand(status), ...statisticsCommands(statistics)], folder);
  return { folder, counters, stop };
}

/** A clock that passes a second as soon as somebody waits for one. */
function hurriedClock(): Clock {
  const clock = new ManualClock();
  return {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    soon: (run) => clock.soon(run),
    after(delayMs, run) {
      const timer = clock.after(delayMs, run);
      if (delayMs === 1000) setImmediate(() => clock.advance(1000));
      return timer;
    },
  };
}

t.test('without a terminal it writes a block a second, or a JSON object a line', async (t) => {
  const { folder } = await daemon(t);
  const top = (...words: string[]): Promise<Outcome> =>
    commandLine(['top', '--data', folder, ...words], { clock: hurriedClock() });
  const { out } = await top('-n', '3');
  t.equal(out.split('twinreg 1.2.3, node 1').length, 4);
  t.notMatch(out, '\u001b');
  t.equal((await top('--once')).out.split('twinreg 1.2.3, node 1').length, 2);
  const [first, second] = (await top('--json', '-n', '2')).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.match(first, { up: true, per_second: { accepted: 0, pings_sent: 0 }, tcp_connections: 2, status: { contacts: 2 } });
  t.equal(Date.parse(second.at) - Date.parse(first.at), 1000);
  t.match(await top('-n', '0'), { code: 2, err: /-n: expected how many blocks to write, found '0'/ });
});

interface Screen {
  readonly terminal: Terminal;
  readonly out: { write(text: string): Promise<void> };
  /** The screens that were shown, as plain lines. */
  readonly shown: string[];
  size: { columns: number; rows: number };
  events: ScreenEvents | undefined;
  isTaken: boolean;
  /** Resolves when one is shown that has this text. */
  shows(text: string): Promise<void>;
}

function screen(): Screen {
  const waiting: { readonly text: string; readonly done: () => void }[] = [];
  const made: Screen = {
    shown: [],
    size: { columns: 100, rows: 30 },
    events: undefined,
    isTaken: false,
    out: {
      write(text) {
        made.shown.push(text);
        for (const { text: wanted, done } of waiting) if (text.includes(wanted)) done();
        return Promise.resolve();
      },
    },
    terminal: {
      size: () => made.size,
      takeScreen(events) {
        made.events = events;
        made.isTaken = true;
        return () => {
          made.isTaken = false;
        };
      },
    },
    shows: (text) =>
      new Promise((resolve) => {
        if (made.shown.at(-1)?.includes(text) === true) resolve();
        else waiting.push({ text, done: resolve });
      }),
  };
  return made;
}

t.test('on a terminal it takes the screen, follows its size, and gives it back on q, Ctrl-C and SIGTERM', async (t) => {
  const { folder, counters } = await daemon(t);
  const quits: ((events: ScreenEvents) => void)[] = [(e) => e.key('q'), (e) => e.key('\u0003'), (e) => e.ended()];
  for (const quit of quits) {
    const clock = new ManualClock();
    const view = screen();
    const done = commandLine(['top', '--data', folder], { clock, out: view.out, terminal: view.terminal });
    await view.shows('…/s accepted');
    t.equal(view.isTaken, true);
    counters.accepted += 50;
    clock.advance(1000);
    await view.shows('50/s accepted');
    view.size = { columns: 30, rows: 4 };
    view.events?.resized();
    t.match(view.shown.at(-1), '\u001b[Htwinreg 1.2.3, node 1, proces…\u001b[K\r\n');
    view.events?.key('x');
    t.equal(view.isTaken, true);
    if (view.events !== undefined) quit(view.events);
    t.match(await done, { code: 0, err: '' });
    t.equal(view.isTaken, false);
    t.equal(clock.timerCount, 0, 'nothing is left waiting');
  }
});

t.test('a daemon that goes away is said to be gone, and asked again until it is back', async (t) => {
  const { folder, stop } = await daemon(t);
  const clock = new ManualClock();
  const view = screen();
  const done = commandLine(['top', '--data', folder], { clock, out: view.out, terminal: view.terminal });
  await view.shows('…/s accepted');
  await stop();
  clock.advance(1000);
  await view.shows('the daemon does not answer; asking again each second');
  clock.advance(1000);
  await view.shows('nothing answers on');
  await daemon(t, folder);
  clock.advance(1000);
  await view.shows('…/s accepted');
  view.events?.key('q');
  t.match(await done, { code: 0 });
});
