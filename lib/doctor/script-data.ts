import { error, unchecked, type Finding } from './finding.ts';
import type { KeepalivedProcess } from './keepalived-process.ts';
import { readText } from './read-path.ts';

export interface ScriptDataFacts {
  /** Undefined where the configuration has problems. */
  readonly dataFolder: string | undefined;
  /** TWINREG_DATA as the scripts will find it: `unset`, or undefined where it could not be seen. */
  readonly found: string | undefined;
}

/** What notify.sh takes where nothing says it. */
const USUAL_FOLDER = '/var/lib/twinreg';
/** The unit of Debian's keepalived reads it. */
const DEFAULTS_PATH = '/etc/default/keepalived';
const FILE_BYTES_MAX = 65_536;

/** Scripts have the environment of the keepalived that runs; for one that does not run, the file says it. */
export async function readScriptDataFacts(
  dataFolder: string | undefined,
  [running]: readonly KeepalivedProcess[],
  defaultsPath = DEFAULTS_PATH,
): Promise<ScriptDataFacts> {
  return { dataFolder, found: running === undefined ? await fromDefaults(defaultsPath) : running.scriptData };
}

async function fromDefaults(path: string): Promise<string | undefined> {
  const file = await readText(path, FILE_BYTES_MAX);
  if (file.kind === 'unreadable') return undefined;
  const lines = file.kind === 'text' ? [...file.text.matchAll(/^\s*TWINREG_DATA=(.*)$/gm)] : [];
  return (
    lines
      .at(-1)?.[1]
      ?.trim()
      .replace(/^(["'])(.*)\1$/, '$2') ?? 'unset'
  );
}

/** Whether notify.sh writes the role file where the daemon reads it. */
export function checkScriptData({ dataFolder, found }: ScriptDataFacts): readonly Finding[] {
  if (dataFolder === undefined) return [];
  if (found === undefined) {
    const isUsual = dataFolder === USUAL_FOLDER;
    return isUsual ? [] : [unchecked('TWINREG_DATA in the environment of keepalived', 'run twinreg doctor as root')];
  }
  const used = found === 'unset' ? USUAL_FOLDER : found.replace(/(.)\/+$/, '$1');
  if (used === dataFolder) return [];
  const name =
    found === 'unset' ? 'TWINREG_DATA is not set in the environment of keepalived' : `TWINREG_DATA is ${found}`;
  return [
    error(
      `${name}: notify.sh writes the role into ${used}, and the daemon reads it in ${dataFolder}`,
      `write TWINREG_DATA=${dataFolder} into ${DEFAULTS_PATH}, and restart keepalived`,
    ),
  ];
}
