import { statusIn, type DaemonAnswer } from './daemon-answer.ts';
import { error, unchecked, warning, type Finding } from './finding.ts';
import { lookAt } from './read-path.ts';
import { runProgram } from './run-program.ts';

export interface ClockFacts {
  readonly answer: DaemonAnswer;
  /** Whether this machine's clock is kept right by others; undefined where nobody could say. */
  readonly isSynchronised: boolean | undefined;
}

/** Below this two clocks are as good as right. */
const OFFSET_WARN_MS = 1000;
/** Above this two nodes refuse each other. */
const OFFSET_ERROR_MS = 60_000;
/** A quick restart leaves cluster time up to two seconds ahead of the wall clock, on purpose. */
const WALL_OFFSET_WARN_MS = 3000;

/** systemd-timesyncd makes it when it has set the clock. */
const TIMESYNC_MARK = '/run/systemd/timesync/synchronized';

export async function readClockFacts(answer: DaemonAnswer): Promise<ClockFacts> {
  if ((await lookAt(TIMESYNC_MARK)).kind === 'file') return { answer, isSynchronised: true };
  // Whichever daemon keeps the clock, the kernel knows, and timedatectl shows what it knows.
  const ran = await runProgram('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
  const said = ran.kind === 'ended' && ran.code === 0 ? ran.out.trim() : '';
  return { answer, isSynchronised: said === 'yes' ? true : said === 'no' ? false : undefined };
}

/** Whether the clocks of both nodes agree, and with the rest of the world. */
export function checkClock({ answer, isSynchronised }: ClockFacts): readonly Finding[] {
  return [...synchronisation(isSynchronised), ...offsets(answer)];
}

function* synchronisation(isSynchronised: boolean | undefined): Iterable<Finding> {
  const remedy = 'run chrony or systemd-timesyncd on both nodes (timedatectl set-ntp true)';
  if (isSynchronised === undefined) {
    yield unchecked(
      'whether the clock is kept right (timedatectl does not say)',
      'look at the time service of this host',
    );
  } else if (!isSynchronised) {
    yield warning(
      'the clock of this host is not synchronised: bindings end by it, and two nodes have to agree',
      remedy,
    );
  }
}

function* offsets(answer: DaemonAnswer): Iterable<Finding> {
  const { clock_offset_ms: offsetMs = 0, wall_clock_offset_ms: wallMs = 0 } = statusIn(answer)?.replication ?? {};
  const remedy = 'compare timedatectl on both nodes, and set the wrong clock right';
  if (Math.abs(offsetMs) > OFFSET_WARN_MS) {
    const what = `the clock of the other node is ${aheadText(offsetMs)} this one's`;
    yield Math.abs(offsetMs) > OFFSET_ERROR_MS ? error(what, remedy) : warning(what, remedy);
  }
  if (Math.abs(wallMs) > WALL_OFFSET_WARN_MS) {
    yield warning(`the time that both nodes go by is ${aheadText(wallMs)} this machine's clock`, remedy);
  }
}

function aheadText(byMs: number): string {
  return `${Math.abs(byMs)} ms ${byMs < 0 ? 'behind' : 'ahead of'}`;
}
