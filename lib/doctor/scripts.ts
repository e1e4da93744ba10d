import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findAccount, type Account, type FoundAccount } from './accounts.ts';
import { error, info, unchecked, warning, type Finding } from './finding.ts';
import { commandsOf, type KeepalivedConfig, type ScriptCommand, type ScriptUser } from './keepalived-config.ts';
import { lookAt, mayDo, modeText, type Looked, type PathFacts } from './read-path.ts';

export interface ScriptsFacts {
  readonly scripts: readonly ScriptFacts[];
  readonly isScriptSecurityOn: boolean;
  /** Undefined where the configuration has problems. */
  readonly dataFolder: { readonly path: string; readonly facts: Looked<PathFacts> } | undefined;
}

/** A program that keepalived runs. */
export interface ScriptFacts {
  readonly command: ScriptCommand;
  readonly runAs: ScriptUser;
  readonly account: FoundAccount;
  /** Each folder from the root down, and the program at the end, with no symbolic link among them. */
  readonly path: readonly { readonly path: string; readonly facts: Looked<PathFacts> }[];
}

/** Whom scripts run as where nothing says it, if there is such a user; else root. */
const USUAL_USER = 'keepalived_script';
const ROOT: ScriptUser = { user: 'root', group: undefined };

export async function readScriptsFacts(
  config: KeepalivedConfig,
  dataFolderPath: string | undefined,
): Promise<ScriptsFacts> {
  const scripts: ScriptFacts[] = [];
  for (const command of commandsOf(config)) {
    if (scripts.some((known) => isSame(known.command, command))) continue;
    const runAs = command.runAs ?? config.scriptUser ?? (await usualUser(config));
    const account = await findAccount(runAs.user, runAs.group);
    scripts.push({ command, runAs, account, path: await pathFacts(command.program) });
  }
  const { isScriptSecurityOn } = config;
  const dataFolder =
    dataFolderPath === undefined ? undefined : { path: dataFolderPath, facts: await lookAt(dataFolderPath) };
  return { scripts, isScriptSecurityOn, dataFolder };
}

function isSame(a: ScriptCommand, b: ScriptCommand): boolean {
  return a.program === b.program && a.runAs?.user === b.runAs?.user && a.runAs?.group === b.runAs?.group;
}

async function usualUser({ isScriptSecurityOn }: KeepalivedConfig): Promise<ScriptUser> {
  const usual = { user: USUAL_USER, group: undefined };
  return isScriptSecurityOn || typeof (await findAccount(USUAL_USER, undefined)) === 'object' ? usual : ROOT;
}

async function pathFacts(program: string): Promise<ScriptFacts['path']> {
  const real = await realpath(program).catch(() => program);
  const paths: string[] = [];
  for (let path = real; ; path = dirname(path)) {
    paths.unshift(path);
    if (path === dirname(path)) break;
  }
  return Promise.all(paths.map(async (path) => ({ path, facts: await lookAt(path, true) })));
}

/** Whether keepalived will run its scripts: it leaves out, with a line in its log alone, what fails one of its own checks. */
export function checkScripts(facts: ScriptsFacts): readonly Finding[] {
  return facts.scripts.flatMap((script) => scriptFindings(script, facts));
}

function scriptFindings(script: ScriptFacts, facts: ScriptsFacts): readonly Finding[] {
  const { command, runAs, account } = script;
  // `</dev/tcp/…` opens a file, and runs nothing.
  if (command.program.startsWith('<')) return [];
  if (!command.program.startsWith('/')) {
    return [warning(`${command.name}: ${command.program} is no whole path`, 'write the path from / on')];
  }
  const name = runAs.group === undefined ? runAs.user : `${runAs.user}:${runAs.group}`;
  if (account === 'unknown')
    return [unchecked(`whether the user ${name} exists (getent does not say)`, 'see id of it')];
  if (account === 'missing') {
    return [
      error(
        `${command.name}: the user or group ${name} does not exist: keepalived does not run ${command.program}`,
        'make the user, or name another one in script_user',
      ),
    ];
  }
  const fault = firstFault(script, account, name, facts.isScriptSecurityOn);
  if (fault !== undefined) return [fault];
  const role = command.name.startsWith('notify') ? roleFindings(account, name, facts) : [];
  return [...privilegeFindings(script, account, name), ...role];
}

/** keepalived (2.2.7) itself objects only to what runs as root. */
function* privilegeFindings({ command, path }: ScriptFacts, account: Account, name: string): Iterable<Finding> {
  const what = `${command.name}: ${command.program}`;
  if (account.uid === 0) {
    yield info(
      `${what} runs as root, and needs no more than the daemon may`,
      'write script_user twinreg into global_defs',
    );
    return;
  }
  for (const { path: part, facts } of path) {
    if (!('mode' in facts) || !isOpenToOthers(facts, account)) continue;
    const found = `${part} may be changed by others than root (owner ${facts.uid}, mode ${modeText(facts)}), who could run anything as ${name}`;
    yield warning(`${what}: ${found}`, `chown root:root ${part}; chmod go-w ${part}`);
    return;
  }
}

/** Whether somebody else than root and the user that it runs as may change what runs. */
function isOpenToOthers(facts: PathFacts, account: Account): boolean {
  if (facts.uid !== 0 && facts.uid !== account.uid) return true;
  const isSticky = facts.kind === 'folder' && (facts.mode & 0o1000) !== 0;
  const isGroupOpen = facts.gid !== 0 && facts.gid !== account.gid && (facts.mode & 0o020) !== 0;
  return !isSticky && ((facts.mode & 0o002) !== 0 || isGroupOpen);
}

/** From the root down: what is above decides whether what is below can be reached. */
function firstFault(
  { command, path }: ScriptFacts,
  account: Account,
  name: string,
  isScriptSecurityOn: boolean,
): Finding | undefined {
  for (const [at, { path: part, facts }] of path.entries()) {
    const what = `${command.name}: ${command.program}`;
    if (facts.kind === 'missing') return error(`${what}: ${part} does not exist`, 'write the right path');
    if (facts.kind === 'unreadable')
      return unchecked(`${what}: ${part} (${facts.reason})`, 'run twinreg doctor as root');
    const fault = partFault(facts, account, { part, name, isLast: at === path.length - 1 }, isScriptSecurityOn);
    if (fault !== undefined) return error(`${what} is not run: ${part} ${fault.found}`, fault.remedy);
  }
  return undefined;
}

interface Part {
  readonly part: string;
  /** Of the user that the script runs as. */
  readonly name: string;
  readonly isLast: boolean;
}

const ENTER = 1;
/** An interpreter reads what it runs. */
const READ_EXECUTE = 5;

function partFault(
  facts: PathFacts,
  account: Account,
  { part, name, isLast }: Part,
  isScriptSecurityOn: boolean,
): { readonly found: string; readonly remedy: string } | undefined {
  const expected = isLast ? 'file' : 'folder';
  if (facts.kind !== expected) return { found: `is a ${facts.kind}, no ${expected}`, remedy: 'write the right path' };
  // Root may enter every folder, but runs a file only if somebody may.
  const isAllowed =
    account.uid === 0 && isLast
      ? (facts.mode & 0o111) !== 0
      : mayDo(facts, account.uid, account.gid, isLast ? READ_EXECUTE : ENTER);
  if (!isAllowed) {
    const found = `may not be ${isLast ? 'executed' : 'entered'} by ${name} (owner ${facts.uid}, mode ${modeText(facts)})`;
    return { found, remedy: `chmod ${isLast ? '755' : 'o+x'} ${part}` };
  }
  if (!isScriptSecurityOn || (account.uid !== 0 && account.gid !== 0)) return undefined;
  return unsafe(facts, part);
}

/** keepalived.conf(5), enable_script_security: what root runs, nobody else may be able to change, nor any folder above it. */
function unsafe(facts: PathFacts, part: string): { readonly found: string; readonly remedy: string } | undefined {
  if (facts.uid !== 0) {
    return { found: `belongs to user ${facts.uid}, and the script runs as root`, remedy: `chown root:root ${part}` };
  }
  const isSticky = facts.kind === 'folder' && (facts.mode & 0o1000) !== 0;
  const isOpen = (facts.mode & 0o002) !== 0 || (facts.gid !== 0 && (facts.mode & 0o020) !== 0);
  if (isSticky || !isOpen) return undefined;
  const found = `may be written by others than root (mode ${modeText(facts)}), and the script runs as root`;
  return { found, remedy: `chmod go-w ${part}` };
}

const WRITE_ENTER = 3;

/** notify.sh writes the role file, under another name first. */
function roleFindings(account: Account, name: string, { dataFolder }: ScriptsFacts): readonly Finding[] {
  if (dataFolder === undefined) return [];
  const { path, facts } = dataFolder;
  if (facts.kind !== 'folder' || mayDo(facts, account.uid, account.gid, WRITE_ENTER)) return [];
  const what = `notify: ${name} may not write in the data folder ${path}: a role that is given while the daemon is down is lost`;
  return [error(what, 'write script_user twinreg into global_defs')];
}
