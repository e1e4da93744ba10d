import type { Test } from 'tap';
import type { Host } from './appliance-network.ts';
import { Program } from './program.ts';
import { requireTool } from './require-tool.ts';
import { until } from './until.ts';

/** A SIP message that left a host. */
interface Sent {
  /** By the wall clock of the machine. */
  readonly atMs: number;
  /** An OPTIONS, or an answer 200. */
  readonly kind: 'ping' | 'answer';
}

const LINE = /^(?<seconds>\d+\.\d+) .* SIP: (?:(?<ping>OPTIONS)|SIP\/2\.0 200)/gm;

/** What a host sends from the address that moves, as it was on the wire. */
export class WireCapture {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  /** @param from the address and port of the source */
  static async start(
    t: Test,
    host: Host,
    from: { readonly address: string; readonly port: number },
  ): Promise<WireCapture> {
    const filter = `udp and src host ${from.address} and src port ${String(from.port)}`;
    const options = ['-i', 'eth0', '-n', '-tt', '-l', '--immediate-mode', '-s', '256', '-B', '8192', '-Q', 'out'];
    const program = new Program(t, ...host.within(requireTool('tcpdump').path ?? '', ...options, filter));
    await program.printed('listening on');
    return new WireCapture(program);
  }

  /** All pings, or all answers, after this moment. */
  sent(kind: Sent['kind'], sinceMs: number): readonly Sent[] {
    return [...this.#program.output.matchAll(LINE)]
      .map(({ groups }) => ({
        atMs: Number(groups?.['seconds']) * 1000,
        kind: groups?.['ping'] === undefined ? ('answer' as const) : ('ping' as const),
      }))
      .filter((sent) => sent.kind === kind && sent.atMs > sinceMs);
  }

  /** When the first one after this moment was sent, waiting for it. */
  async first(kind: Sent['kind'], sinceMs: number): Promise<number> {
    return (await until(() => this.sent(kind, sinceMs)[0])).atMs;
  }
}
