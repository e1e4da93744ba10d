import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { CliEdges, ConfigOptions } from './cli-command.ts';
import { checkedConfig } from './checked-config.ts';
import { UsageError } from './usage-error.ts';

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;

interface ParseConfig<O extends OptionsConfig> {
  readonly args: string[];
  readonly options: O;
  readonly strict: true;
  readonly allowPositionals: true;
}

type Parsed<O extends OptionsConfig> = ReturnType<typeof parseArgs<ParseConfig<O>>>;

/** Options that say what the daemon is configured with. */
export const CONFIG_OPTIONS = {
  config: { type: 'string', short: 'f' },
  listen: { type: 'string', multiple: true },
  data: { type: 'string' },
} as const satisfies OptionsConfig;

export const CONFIG_HELP: readonly string[] = [
  '-f FILE, --config FILE  configuration file; without one SIP is served on 127.0.0.1:5060, UDP and TCP',
  '--listen ADDRESS        listen there instead, e.g. 192.0.2.10:5060 (UDP and TCP) or udp:192.0.2.10 (repeatable)',
  '--data DIR              folder for the database and the management socket',
];

/** How usage lines show the options that say which daemon is meant. */
export const DAEMON_USAGE = '[-f FILE | --data DIR | --socket PATH]';

/** Options that say which daemon is meant. */
export const DAEMON_OPTIONS = {
  socket: { type: 'string' },
  config: { type: 'string', short: 'f' },
  data: { type: 'string' },
} as const satisfies OptionsConfig;

export const DAEMON_HELP: readonly string[] = [
  '-f FILE, --config FILE  configuration file of the daemon, which says where its management socket is',
  '--data DIR              data folder of the daemon, if it was started with this option',
  '--socket PATH           management socket of the daemon',
];

/** For commands that answer people with text. */
export const JSON_OPTION = { json: { type: 'boolean' } } as const satisfies OptionsConfig;

export const JSON_HELP = '--json                  one JSON object, for programs';

interface DaemonValues {
  readonly socket?: string | undefined;
  readonly config?: string | undefined;
  readonly data?: string | undefined;
}

/** Where the daemon is to be found: `--socket`, else as the configuration says, else in the default data folder. */
export async function socketPath(values: DaemonValues, edges: CliEdges): Promise<string> {
  if (values.socket !== undefined) return values.socket;
  const options = configOptions(values);
  return checkedConfig(await edges.loadConfig(options), options).config.miSocketPath;
}

interface ConfigValues {
  readonly config?: string | undefined;
  readonly listen?: readonly string[] | undefined;
  readonly data?: string | undefined;
}

export function configOptions({ config, listen, data }: ConfigValues): ConfigOptions {
  return { configFile: config, listen: listen ?? [], dataFolder: data };
}

/**
 * Parses what follows a command's name. Throws a UsageError.
 * @param argumentNames the arguments in order, as the usage line has them: `AOR` has to be there, `[CONTACT]` may be, and
 *   `[NAME…]` at the end may come any number of times
 */
export function parseOptions<const O extends OptionsConfig>(
  args: readonly string[],
  options: O,
  argumentNames: readonly string[] = [],
): { readonly values: Parsed<O>['values']; readonly args: readonly string[] } {
  const { values, positionals } = parseStrictly(args, options);
  const missing = argumentNames[positionals.length];
  if (missing?.startsWith('[') === false) throw new UsageError(`${missing} is missing`);
  const extra = positionals[argumentNames.length];
  const takesAll = argumentNames.at(-1)?.endsWith('…]') === true;
  if (extra !== undefined && !takesAll) throw new UsageError(`unexpected argument '${extra}'`);
  return { values, args: positionals };
}

function parseStrictly<const O extends OptionsConfig>(args: readonly string[], options: O): Parsed<O> {
  try {
    return parseArgs<ParseConfig<O>>({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (err) {
    if (err instanceof TypeError && 'code' in err) throw new UsageError(firstSentence(err.message), { cause: err });
    throw err;
  }
}

/** Node goes on with advice about positional arguments, which is not what is wrong here. */
function firstSentence(message: string): string {
  const [sentence = message] = message.split(/\.(?:\s|$)/, 1);
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
