import { readKeepalivedSyntax, type Directive } from './keepalived-syntax.ts';

/** What this node's set-up needs to know of keepalived's configuration. Times in seconds. */
export interface KeepalivedConfig {
  readonly scriptUser: ScriptUser | undefined;
  readonly isScriptSecurityOn: boolean;
  readonly instances: readonly VrrpInstance[];
  readonly trackFiles: ReadonlyMap<string, TrackFile>;
  readonly scripts: ReadonlyMap<string, VrrpScript>;
  /** Files that it includes, as they are written; they are not read here. */
  readonly includes: readonly string[];
  /** What is not understood, a sentence each. */
  readonly faults: readonly string[];
}

export interface ScriptUser {
  readonly user: string;
  /** Undefined: the user's own. */
  readonly group: string | undefined;
}

export interface TrackFile {
  readonly path: string;
  /** 1 where nothing says it. */
  readonly weight: number;
}

/** The program that is run, with the user it is run as, where that is said beside it. */
export interface ScriptCommand {
  /** `notify`, `notify_master`, `vrrp_script check`. */
  readonly name: string;
  /** The first word of the command line. */
  readonly program: string;
  readonly runAs: ScriptUser | undefined;
}

export interface VrrpScript {
  readonly command: ScriptCommand | undefined;
  readonly weight: number;
  readonly fall: number;
  /** Whether the node counts as sick until the first success. */
  readonly isInitFail: boolean;
}

/** A reference to a script or file; its weight goes before that of the block. */
export interface Tracked {
  readonly name: string;
  readonly weight: number | undefined;
}

export interface VrrpInstance {
  readonly name: string;
  readonly state: string | undefined;
  readonly interface: string | undefined;
  readonly virtualRouterId: number | undefined;
  readonly advertIntS: number;
  readonly version: number;
  readonly isNopreempt: boolean;
  /** Without their masks. */
  readonly addresses: readonly string[];
  readonly unicastPeers: readonly string[];
  readonly unicastSource: string | undefined;
  readonly garpMasterRefreshS: number;
  readonly notifies: readonly ScriptCommand[];
  readonly trackedScripts: readonly Tracked[];
  readonly trackedFiles: readonly Tracked[];
}

const INCLUDE = /^include[rmwba]?$/;

export function readKeepalivedConfig(text: string, configId: string): KeepalivedConfig {
  const { directives, faults } = readKeepalivedSyntax(text, configId);
  const globals = named(directives, 'global_defs').flatMap(blockOf);
  const [scriptUser] = named(globals, 'script_user');
  return {
    scriptUser: scriptUser === undefined ? undefined : userOf(scriptUser.words.slice(1)),
    isScriptSecurityOn: named(globals, 'enable_script_security').length > 0,
    instances: named(directives, 'vrrp_instance').map((directive) => instanceOf(directive, globals)),
    trackFiles: byName(named(directives, 'track_file', 'vrrp_track_file'), trackFileOf),
    scripts: byName(named(directives, 'vrrp_script'), scriptOf),
    includes: includesIn(directives),
    faults,
  };
}

/** Each command that it runs. */
export function commandsOf({ instances, scripts }: KeepalivedConfig): readonly ScriptCommand[] {
  const tracked = [...scripts.values()].flatMap(({ command }) => command ?? []);
  return [...instances.flatMap(({ notifies }) => notifies), ...tracked];
}

function instanceOf(directive: Directive, globals: readonly Directive[]): VrrpInstance {
  const block = blockOf(directive);
  const refresh = wordOf(block, 'garp_master_refresh') ?? wordOf(globals, 'vrrp_garp_master_refresh');
  const routerId = wordOf(block, 'virtual_router_id');
  return {
    name: directive.words[1] ?? '',
    state: wordOf(block, 'state'),
    interface: wordOf(block, 'interface'),
    virtualRouterId: routerId === undefined ? undefined : Number(routerId),
    advertIntS: Number(wordOf(block, 'advert_int') ?? 1),
    version: Number(wordOf(block, 'version') ?? wordOf(globals, 'vrrp_version') ?? 2),
    isNopreempt: named(block, 'nopreempt').length > 0,
    addresses: itemsOf(block, 'virtual_ipaddress', 'virtual_ipaddress_excluded').map(([word = '']) =>
      bareAddress(word),
    ),
    unicastPeers: itemsOf(block, 'unicast_peer').map(([word = '']) => word),
    unicastSource: wordOf(block, 'unicast_src_ip', 'mcast_src_ip'),
    garpMasterRefreshS: Number(refresh ?? 0),
    notifies: block.flatMap(notifyOf),
    trackedScripts: itemsOf(block, 'track_script').map(trackedOf),
    trackedFiles: itemsOf(block, 'track_file').map(trackedOf),
  };
}

/** `10.0.0.150/24 dev eth0`: the address. */
function bareAddress(word: string): string {
  return word.replace(/\/.*$/, '');
}

function notifyOf({ words }: Directive): readonly ScriptCommand[] {
  const [name = '', commandLine = '', ...user] = words;
  if (!/^notify(_master|_backup|_fault|_stop)?$/.test(name) || commandLine === '') return [];
  return [{ name, program: programOf(commandLine), runAs: userOf(user) }];
}

function scriptOf(directive: Directive): VrrpScript {
  const block = blockOf(directive);
  const commandLine = wordOf(block, 'script');
  const [user] = named(block, 'user');
  const name = directive.words.slice(0, 2).join(' ');
  return {
    command:
      commandLine === undefined
        ? undefined
        : {
            name,
            program: programOf(commandLine),
            runAs: user === undefined ? undefined : userOf(user.words.slice(1)),
          },
    weight: Number(wordOf(block, 'weight') ?? 0),
    fall: Number(wordOf(block, 'fall') ?? 1),
    isInitFail: named(block, 'init_fail').length > 0,
  };
}

function trackFileOf(directive: Directive): TrackFile {
  const block = blockOf(directive);
  return { path: wordOf(block, 'file') ?? '', weight: Number(wordOf(block, 'weight') ?? 1) };
}

function trackedOf([name = '', ...rest]: readonly string[]): Tracked {
  const at = rest.indexOf('weight');
  return { name, weight: at === -1 ? undefined : Number(rest[at + 1]) };
}

function programOf(commandLine: string): string {
  return commandLine.trim().split(/\s+/, 1).join('');
}

function userOf([user, group]: readonly string[]): ScriptUser | undefined {
  return user === undefined ? undefined : { user, group };
}

function named(directives: readonly Directive[], ...names: readonly string[]): readonly Directive[] {
  return directives.filter(({ words: [name = ''] }) => names.includes(name));
}

/** The word behind the last of these, as keepalived takes it. */
function wordOf(directives: readonly Directive[], ...names: readonly string[]): string | undefined {
  return named(directives, ...names).at(-1)?.words[1];
}

function blockOf({ block }: Directive): readonly Directive[] {
  return block ?? [];
}

/** The words of each line of these blocks. */
function itemsOf(directives: readonly Directive[], ...names: readonly string[]): readonly (readonly string[])[] {
  return named(directives, ...names).flatMap((directive) => blockOf(directive).map(({ words }) => words));
}

function byName<T>(directives: readonly Directive[], read: (directive: Directive) => T): ReadonlyMap<string, T> {
  return new Map(directives.map((directive) => [directive.words[1] ?? '', read(directive)]));
}

function includesIn(directives: readonly Directive[]): readonly string[] {
  const waiting = [...directives];
  const found: string[] = [];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [name = '', path = ''] = next.words;
    if (INCLUDE.test(name)) found.push(path);
    waiting.push(...blockOf(next));
  }
  return found;
}
