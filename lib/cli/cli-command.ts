import type { LoadedConfig } from '../config/load-config.ts';
import type { Clock } from '../core/clock.ts';

/** Where text goes. */
export interface TextOutput {
  /** Resolves when there is room for more. */
  write(text: string): Promise<void>;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** What a live view hears while it has the terminal. */
export interface ScreenEvents {
  /** What was typed: a character, or the bytes of a special key. */
  key(text: string): void;
  resized(): void;
  /** The process is told to end. */
  ended(): void;
}

/** The terminal that the output goes to. */
export interface Terminal {
  size(): TerminalSize;
  /**
   * Takes the whole screen, with the cursor hidden and keys read as they are typed, until the returned function gives it
   * back. However the process ends meanwhile, the terminal is as it was.
   */
  takeScreen(events: ScreenEvents): () => void;
}

/** What a command may use of the process it runs in. */
export interface CliEdges {
  readonly version: string;
  readonly out: TextOutput;
  readonly err: TextOutput;
  readonly clock: Clock;
  /** Absent where `out` is no terminal. */
  readonly terminal?: Terminal | undefined;
  loadConfig(options: ConfigOptions): Promise<LoadedConfig>;
  /** Serves until it is told to stop; resolves to the exit code. */
  runDaemon(options: ConfigOptions): Promise<number>;
}

/** What the command line says about the configuration. It goes before what the file says. */
export interface ConfigOptions {
  readonly configFile: string | undefined;
  readonly listen: readonly string[];
  readonly dataFolder: string | undefined;
}

/** A subcommand of `twinreg`. */
export interface CliCommand {
  /** One or two words. */
  readonly name: string;
  /** A phrase for the list of commands. */
  readonly summary: string;
  /** What follows the name: `[--json] AOR`. */
  readonly usage: string;
  /** Lines of help, one for each option and argument. */
  readonly help: readonly string[];
  /** What its first argument may be, where that is one of a few words. */
  readonly words?: readonly string[];
  /**
   * @param args what follows the name on the command line
   * @returns the exit code; rejects with a UsageError, a ConfigError or an OperationalError where there is a sentence for
   *   the operator
   */
  run(args: readonly string[], edges: CliEdges): Promise<number>;
}
