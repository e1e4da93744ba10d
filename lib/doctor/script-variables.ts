import { isIP } from 'node:net';
import type { Config } from '../config/config.ts';
import { HTTP_PORT, USUAL_HTTP, type HttpAddress } from '../config/http-address.ts';
import { hostPortText } from '../core/host-port.ts';
import { isLoopback } from '../core/is-loopback.ts';
import { error, unchecked, type Finding } from './finding.ts';
import type { KeepalivedProcess } from './keepalived-process.ts';
import { canonicalAddress, WILDCARDS } from './movable-addresses.ts';
import { readText } from './read-path.ts';

export interface ScriptVariablesFacts {
  /** Undefined where the configuration has problems. */
  readonly dataFolder: string | undefined;
  /** How it says that management is served over HTTP; undefined where it has problems. */
  readonly mi: ScriptedManagement | undefined;
  /** The environment that keepalived's scripts will have; undefined where it could not be seen. */
  readonly variables: ReadonlyMap<string, string> | undefined;
}

interface ScriptedManagement {
  readonly http: HttpAddress;
  readonly root: string;
  readonly token: 'none' | 'in the configuration' | { readonly path: string };
}

/** What the scripts take where nothing says it. */
const USUAL_FOLDER = '/var/lib/twinreg';
const USUAL_URL = `http://127.0.0.1:${HTTP_PORT}/mi`;
/** The unit of Debian's keepalived reads it. */
const DEFAULTS_PATH = '/etc/default/keepalived';
const FILE_BYTES_MAX = 65_536;

/** Scripts have the environment of the keepalived that runs; for one that does not run, the file says it. */
export async function readScriptVariablesFacts(
  { dataFolder, config }: { readonly dataFolder: string | undefined; readonly config: Pick<Config, 'mi'> | undefined },
  [running]: readonly KeepalivedProcess[],
  defaultsPath = DEFAULTS_PATH,
): Promise<ScriptVariablesFacts> {
  const variables = running === undefined ? await fromDefaults(defaultsPath) : running.variables;
  return { dataFolder, mi: config === undefined ? undefined : managementOf(config.mi), variables };
}

function managementOf({
  http,
  http_root: root,
  http_token: text,
  http_token_file: path,
}: Config['mi']): ScriptedManagement {
  const token = path === undefined ? (text === undefined ? 'none' : 'in the configuration') : { path };
  return { http: http ?? USUAL_HTTP, root, token };
}

async function fromDefaults(path: string): Promise<ReadonlyMap<string, string> | undefined> {
  const file = await readText(path, FILE_BYTES_MAX);
  if (file.kind === 'unreadable') return undefined;
  const lines = file.kind === 'text' ? [...file.text.matchAll(/^\s*(\w+)=(.*)$/gm)] : [];
  return new Map(
    lines.map(([, name = '', value = '']) => [name, value.trim().replace(/^(["'])(.*)\1$/, '$2')] as const),
  );
}

/** Whether notify.sh writes the role file where the daemon reads it, and both scripts ask where the daemon answers. */
export function checkScriptVariables(facts: ScriptVariablesFacts): readonly Finding[] {
  return [...folderFindings(facts), ...urlFindings(facts), ...tokenFindings(facts)];
}

function* folderFindings({ dataFolder, variables }: ScriptVariablesFacts): Iterable<Finding> {
  if (dataFolder === undefined) return;
  const name = 'TWINREG_DATA';
  const used = valueOf(name, USUAL_FOLDER, variables).replace(/(.)\/+$/, '$1');
  if (used === dataFolder) return;
  yield variables === undefined
    ? notSeen(name)
    : error(
        `${said(name, variables)}: notify.sh writes the role into ${used}, and the daemon reads it in ${dataFolder}`,
        setTo(name, dataFolder),
      );
}

function* urlFindings({ mi, variables }: ScriptVariablesFacts): Iterable<Finding> {
  if (mi === undefined) return;
  const { http, root } = mi;
  if (http.kind === 'off') {
    yield error(
      'mi.http is off: check.sh and notify.sh cannot reach the daemon, and keepalived takes this node for sick',
      `write mi.http: 127.0.0.1:${HTTP_PORT} into twinreg.yaml, and restart the daemon`,
    );
    return;
  }
  const name = 'TWINREG_MI';
  const used = valueOf(name, USUAL_URL, variables);
  if (leadsTo(used, http, root)) return;
  yield variables === undefined
    ? notSeen(name)
    : error(
        `${said(name, variables)}: check.sh and notify.sh ask at ${used}, and mi.http is ${hostPortText(http.address, http.port)} with /${root}: keepalived takes this node for sick`,
        setTo(name, `http://${hostPortText(NEAREST.get(http.address) ?? http.address, http.port)}/${root}`),
      );
}

function* tokenFindings({ mi, variables }: ScriptVariablesFacts): Iterable<Finding> {
  if (mi === undefined || mi.http.kind === 'off' || mi.token === 'none') return;
  const name = 'TWINREG_TOKEN_FILE';
  if (valueOf(name, '', variables) !== '') return;
  const path = typeof mi.token === 'string' ? 'a file with the token of mi.http_token' : mi.token.path;
  yield variables === undefined
    ? notSeen(name)
    : error(
        `${said(name, variables)}, and mi.http asks for a token: notify.sh is refused, and the pings do not follow what keepalived says`,
        setTo(name, path),
      );
}

/** By which address of this host somebody who listens at all of them is asked. */
const NEAREST: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/** Whether who asks there reaches a daemon that serves here. Names other than localhost may stand for any address. */
function leadsTo(used: string, { address, port }: Extract<HttpAddress, { kind: 'on' }>, root: string): boolean {
  const text = used.includes('://') ? used : `http://${used}`;
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.pathname !== `/${root}`) return false;
  if (url.protocol !== 'http:' || Number(url.port === '' ? 80 : url.port) !== port) return false;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (WILDCARDS.has(address) || WILDCARDS.has(host)) return true;
  if (host === 'localhost') return isLoopback(address);
  return isIP(host) === 0 || host === canonicalAddress(address);
}

/** As the scripts read it: what is empty is not set. */
function valueOf(name: string, usual: string, variables: ScriptVariablesFacts['variables']): string {
  const value = variables?.get(name) ?? '';
  return value === '' ? usual : value;
}

function said(name: string, variables: ReadonlyMap<string, string>): string {
  const value = valueOf(name, '', variables);
  return value === '' ? `${name} is not set in the environment of keepalived` : `${name} is ${value}`;
}

function notSeen(name: string): Finding {
  return unchecked(`${name} in the environment of keepalived`, 'run twinreg doctor as root');
}

function setTo(name: string, value: string): string {
  return `write ${name}=${value} into ${DEFAULTS_PATH}, and restart keepalived`;
}
