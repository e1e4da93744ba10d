import { OperationalError } from '../core/errors.ts';
import type { CliCommand, CliEdges } from './cli-command.ts';
import { EXIT_OK } from './exit-code.ts';
import { callMi, MiRefusal, type Params } from './mi-client.ts';
import { miParams } from './mi-words.ts';
import { DAEMON_HELP, DAEMON_OPTIONS, DAEMON_USAGE, JSON_OPTION, parseOptions, socketPath } from './options.ts';
import { resultChunks } from './result-chunks.ts';
import { ulDumpTable } from './ul-dump-table.ts';
import { valueText } from './value-text.ts';

/** 4.0's name for it, too: what may be too large to be held is shown as it comes. */
const DUMPS: ReadonlySet<string> = new Set(['ul_dump', 'usrloc:dump']);

export const miCommand: CliCommand = {
  name: 'mi',
  summary: "call a management command by OpenSIPS's name",
  usage: `[--json] ${DAEMON_USAGE} [--] COMMAND [NAME=VALUE…]`,
  help: [
    'COMMAND                 which lists them; which COMMAND lists its parameters, help COMMAND says what it does',
    'NAME=VALUE              a parameter by its name, or for all of them the values alone, in their order',
    '                        NAME=A NAME=B makes a list; a value that begins with [ or { is JSON',
    '--                      what follows is no option, even where it begins with -',
    '--json                  the result as it is, for programs',
    ...DAEMON_HELP,
    '',
    'For example: twinreg mi nh_enable_ping status=1    twinreg mi get_statistics core: usrloc:',
    'An error of the command is "CODE MESSAGE (DATA)" and exit code 1.',
  ],
  async run(args, edges) {
    const { values, args: words } = parseOptions(args, { ...DAEMON_OPTIONS, ...JSON_OPTION }, ['COMMAND', '[VALUE…]']);
    const [method = '', ...rest] = words;
    const params = miParams(rest);
    const path = await socketPath(values, edges);
    try {
      await (values.json === true ? showJson : showText)({ path, method, params, edges });
    } catch (err) {
      throw err instanceof MiRefusal ? new OperationalError(explained(err, method), { cause: err }) : err;
    }
    return EXIT_OK;
  },
};

const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;

function explained({ code, coded }: MiRefusal, method: string): string {
  if (code === METHOD_NOT_FOUND) return `${coded}: ${method}; 'twinreg mi which' lists all commands`;
  if (code === INVALID_PARAMS) return `${coded}; 'twinreg mi which ${method}' lists its parameters`;
  return coded;
}

interface Call {
  readonly path: string;
  readonly method: string;
  readonly params: Params;
  readonly edges: CliEdges;
}

async function showJson({ path, method, params, edges }: Call): Promise<void> {
  for await (const text of resultChunks(path, method, params, edges.clock)) await edges.out.write(text);
  await edges.out.write('\n');
}

async function showText({ path, method, params, edges }: Call): Promise<void> {
  if (DUMPS.has(method)) return ulDumpTable(path, params, edges);
  await edges.out.write(valueText(await callMi(path, method, params, edges.clock)));
}
