import { OperationalError } from '../core/errors.ts';
import { aorArgument } from './aor-argument.ts';
import type { CliCommand } from './cli-command.ts';
import { jsonLine } from './json-line.ts';
import { liveEvents } from './mi-client.ts';
import { DAEMON_HELP, DAEMON_OPTIONS, DAEMON_USAGE, JSON_OPTION, parseOptions, socketPath } from './options.ts';
import { shownEvent, type ShownEvent } from './shown-trace.ts';
import { traceText } from './trace-text.ts';

export const traceCommand: CliCommand = {
  name: 'trace',
  summary: 'show live what happens to one address-of-record',
  usage: `[--json] ${DAEMON_USAGE} AOR`,
  help: [
    'AOR                     alice@example.com or sip:alice@example.com; it need not be registered yet',
    '--json                  one JSON object a line, for programs',
    ...DAEMON_HELP,
    '',
    'Shown are REGISTERs as they came (passwords and Authorization redacted), what was decided, the reply with how long it',
    'waited for what (the twin, the disk), pings, losses, removals, expiry, and changes by management commands. Not shown is',
    'what names nobody: a REGISTER without a readable To, and what is no SIP at all. Ends with Ctrl-C.',
  ],
  async run(args, edges) {
    const { values, args: found } = parseOptions(args, { ...DAEMON_OPTIONS, ...JSON_OPTION }, ['AOR']);
    const aor = aorArgument(found[0] ?? '');
    const path = await socketPath(values, edges);
    for await (const event of liveEvents(path, 'trace', { aor }, edges.clock)) {
      const shown = readEvent(event, path);
      if (shown?.event === 'no-room') throw new OperationalError('there are too many traces; end one of them first');
      const missing = missingBefore(event);
      if (values.json === true) await edges.out.write(jsonLine(event));
      else await edges.out.write(missing + (shown === undefined ? '' : traceText(shown)));
    }
    throw new OperationalError(`the daemon behind ${path} ended the trace; it has stopped`);
  },
};

/** An event that only a newer daemon knows is passed over; `--json` shows it. */
function readEvent(event: unknown, path: string): ShownEvent | undefined {
  if (typeof event !== 'object' || event === null || !('event' in event)) {
    throw new OperationalError(`what answers on ${path} is not twinreg's trace`);
  }
  const parsed = shownEvent.safeParse(event);
  return parsed.success ? parsed.data : undefined;
}

/** The daemon keeps only so much for who does not read, and says with the next event how many were dropped. */
function missingBefore(event: unknown): string {
  if (typeof event !== 'object' || event === null || !('dropped' in event)) return '';
  return `${String(event.dropped)} events are missing here: they came faster than they were read\n`;
}
