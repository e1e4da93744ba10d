import { writeSync } from 'node:fs';
import type { ScreenEvents, Terminal } from './cli-command.ts';

// xterm's private modes, which every terminal of today knows: 1049 is a second screen, 25 the cursor.
const TAKE = '\u001b[?1049h\u001b[?25l';
const GIVE_BACK = '\u001b[?25h\u001b[?1049l';

/** Where the terminal does not tell its size. */
const USUAL_SIZE = { columns: 80, rows: 24 } as const;

const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The terminal that a process writes to; undefined when it writes to something else. */
export function processTerminal(host: NodeJS.Process): Terminal | undefined {
  const { stdout, stdin } = host;
  if (!stdout.isTTY) return undefined;
  return {
    size() {
      const { columns, rows } = stdout;
      return { columns: columns || USUAL_SIZE.columns, rows: rows || USUAL_SIZE.rows };
    },
    takeScreen(events) {
      const giveBack = () => {
        // Written at once, whatever stdout still has to write: this may be the last that the process does.
        writeSync(stdout.fd, GIVE_BACK);
        if (stdin.isTTY) stdin.setRawMode(false);
      };
      // Comes also after an exception that nobody caught.
      host.on('exit', giveBack);
      writeSync(stdout.fd, TAKE);
      const stopHearing = hear(host, events);
      return () => {
        stopHearing();
        host.off('exit', giveBack);
        giveBack();
      };
    },
  };
}

function hear(host: NodeJS.Process, events: ScreenEvents): () => void {
  const { stdin, stdout } = host;
  const ended = () => events.ended();
  const resized = () => events.resized();
  const key = (bytes: Buffer) => events.key(bytes.toString('utf8'));
  for (const name of END_SIGNALS) host.on(name, ended);
  stdout.on('resize', resized);
  if (stdin.isTTY) {
    // Raw: keys come without Enter, and Ctrl-C is a key like others.
    stdin.setRawMode(true);
    stdin.on('data', key);
  }
  return () => {
    for (const name of END_SIGNALS) host.off(name, ended);
    stdout.off('resize', resized);
    stdin.off('data', key);
    stdin.pause();
  };
}
