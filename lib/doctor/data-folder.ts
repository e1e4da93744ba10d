import { constants } from 'node:fs';
import { access, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { StoredRole } from '../role/role-file.ts';
import { RoleFile } from '../role/role-file.ts';
import type { DaemonAnswer } from './daemon-answer.ts';
import { error, unchecked, warning, type Finding } from './finding.ts';
import { lookAt, mayDo, modeText, readText, type Looked, type PathFacts, type TextFacts } from './read-path.ts';

export interface DataFolderFacts {
  readonly path: string;
  readonly answer: DaemonAnswer;
  /** Whether keepalived moves the address, and so goes by the files `down` and `handover`. */
  readonly isTracked: boolean;
  readonly folder: Looked<PathFacts>;
  /** Who the daemon runs as: the process, else who has the folder. */
  readonly daemonUid: number | undefined;
  /** Undefined where it could not be asked. */
  readonly freeBytes: number | undefined;
  readonly isReadOnly: boolean;
  /** Everything in the folder, by its name; undefined where it could not be listed. */
  readonly entries: ReadonlyMap<string, PathFacts> | undefined;
  readonly role: { readonly facts: Looked<PathFacts>; readonly stored: StoredRole | undefined };
  readonly down: TextFacts;
  /** Since `down` was written; undefined where that cannot be seen. */
  readonly downAgeMs: number | undefined;
  readonly handover: TextFacts;
}

const LINE_BYTES_MAX = 64;
const ENTRIES_MAX = 1000;
const STATUS_BYTES_MAX = 8192;
const FREE_BYTES_WARN = 200 * 2 ** 20;
const FREE_BYTES_ERROR = 20 * 2 ** 20;

export async function readDataFolderFacts(
  path: string,
  answer: DaemonAnswer,
  isTracked: boolean,
  clock: Pick<Clock, 'wallMs'>,
): Promise<DataFolderFacts> {
  const folder = await lookAt(path);
  const rolePath = join(path, 'role');
  const role = await lookAt(rolePath);
  return {
    path,
    answer,
    isTracked,
    folder,
    daemonUid: (await processUid(answer)) ?? ('uid' in folder ? folder.uid : undefined),
    freeBytes: await freeBytes(path),
    isReadOnly: await isReadOnly(path),
    entries: await entriesOf(path),
    role: { facts: role, stored: role.kind === 'file' ? await new RoleFile(rolePath).read() : undefined },
    down: await readText(join(path, 'down'), LINE_BYTES_MAX),
    downAgeMs: await ageMs(join(path, 'down'), clock),
    handover: await readText(join(path, 'handover'), LINE_BYTES_MAX),
  };
}

async function processUid(answer: DaemonAnswer): Promise<number | undefined> {
  if (answer.kind !== 'status') return undefined;
  const found = await readText(`/proc/${answer.status.pid}/status`, STATUS_BYTES_MAX);
  const [, uid] = (found.kind === 'text' && /^Uid:\s+\d+\s+(\d+)/m.exec(found.text)) || [];
  return uid === undefined ? undefined : Number(uid);
}

async function ageMs(path: string, clock: Pick<Clock, 'wallMs'>): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => clock.wallMs() - mtimeMs,
    () => undefined,
  );
}

async function freeBytes(path: string): Promise<number | undefined> {
  return statfs(path).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );
}

async function isReadOnly(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => false,
    (err: NodeJS.ErrnoException) => err.code === 'EROFS',
  );
}

async function entriesOf(path: string): Promise<ReadonlyMap<string, PathFacts> | undefined> {
  const names = await readdir(path).catch(() => undefined);
  if (names === undefined) return undefined;
  const found = new Map<string, PathFacts>();
  for (const name of names.slice(0, ENTRIES_MAX)) {
    const facts = await lookAt(join(path, name), true);
    if ('uid' in facts) found.set(name, facts);
  }
  return found;
}

/** The folder that the daemon keeps everything in, and the small files in it by which daemon, keepalived and scripts agree. */
export function checkDataFolder(facts: DataFolderFacts): readonly Finding[] {
  const { path, folder } = facts;
  if (folder.kind === 'missing') {
    return [
      error(
        `the data folder ${path} does not exist`,
        'name the right one with --data, or start the daemon, which makes it',
      ),
    ];
  }
  if (folder.kind === 'unreadable') {
    return [
      unchecked(
        `the data folder ${path} (${folder.reason})`,
        'run twinreg doctor as root, or as a member of its group',
      ),
    ];
  }
  if (folder.kind !== 'folder') {
    return [
      error(
        `the data folder ${path} is a ${folder.kind}, no folder`,
        'move it away, or name another folder with --data',
      ),
    ];
  }
  return [
    ...rightFindings(facts, folder),
    ...spaceFindings(facts),
    ...roleFindings(facts),
    ...(facts.isTracked ? [...downFindings(facts), ...handoverFindings(facts)] : []),
  ];
}

const READ_WRITE = 6;
const ALL = 7;

function* rightFindings({ path, daemonUid, entries }: DataFolderFacts, folder: PathFacts): Iterable<Finding> {
  if ((folder.mode & 0o007) !== 0) {
    const what = `the data folder ${path} has mode ${modeText(folder)}: every user of this host sees who is registered`;
    yield warning(what, `chmod 750 ${path}`);
  }
  if (entries === undefined) {
    yield unchecked(`what is in the data folder ${path} (this user may not list it)`, 'run twinreg doctor as root');
  }
  if (daemonUid === undefined) return;
  const gid = folder.uid === daemonUid ? folder.gid : -1;
  if (!mayDo(folder, daemonUid, gid, ALL)) {
    yield error(
      `the daemon's user (${daemonUid}) may not write in the data folder ${path} (owner ${folder.uid}, mode ${modeText(folder)})`,
      `give it the folder: chown -R twinreg:twinreg ${path}`,
    );
    return;
  }
  for (const [name, file] of entries ?? []) {
    if (file.kind !== 'file' || mayDo(file, daemonUid, gid, READ_WRITE)) continue;
    const what = `the daemon's user (${daemonUid}) may not write ${join(path, name)} (owner ${file.uid}, mode ${modeText(file)})`;
    const remedy = `give it to whom the folder belongs: chown --reference=${path} ${join(path, name)}`;
    // Its supervisor writes this one, which need not be the same user.
    yield name === 'down' ? warning(`${what}, as twinreg.service does`, remedy) : error(what, remedy);
  }
}

function* spaceFindings({ path, freeBytes: free, isReadOnly: readOnly }: DataFolderFacts): Iterable<Finding> {
  if (readOnly)
    yield error(
      `${path} is on a file system that is mounted read-only`,
      'mount it for writing; see dmesg for why it is not',
    );
  if (free === undefined) {
    yield unchecked(`free space of ${path} (the file system does not say)`, `look at df ${path}`);
  } else if (free < FREE_BYTES_WARN) {
    const what = `${Math.floor(free / 2 ** 20)} MiB are free where the data folder ${path} is`;
    const remedy = 'make room, or move the folder; without room bindings are in memory only';
    yield free < FREE_BYTES_ERROR ? error(what, remedy) : warning(what, remedy);
  }
}

function* roleFindings({ path, role: { facts, stored } }: DataFolderFacts): Iterable<Finding> {
  const rolePath = join(path, 'role');
  const remedy = 'say the role once more, which writes it anew: twinreg ping on, or off';
  if (facts.kind === 'unreadable')
    yield unchecked(`the role file ${rolePath} (${facts.reason})`, 'run twinreg doctor as root');
  else if (facts.kind !== 'missing' && facts.kind !== 'file') {
    yield error(`the role file ${rolePath} is a ${facts.kind}, no file`, `remove it, then ${remedy}`);
  }
  if (stored?.kind === 'unreadable')
    yield unchecked(`the role file ${rolePath} (${stored.reason})`, 'run twinreg doctor as root');
  if (stored?.kind === 'unknown') {
    const found = JSON.stringify(stored.content);
    yield error(`the role file ${rolePath} says nothing usable: ${found}; a restart would forget the role`, remedy);
  }
}

/**
 * For so long after the supervisor has written 0 the daemon may have nothing by which it could be seen. One that ends again and again
 * is written 0 for at each start.
 */
const START_MS = 10_000;

function* downFindings({ path, answer, down, downAgeMs = 0 }: DataFolderFacts): Iterable<Finding> {
  const file = join(path, 'down');
  const value = valueIn(down);
  if (typeof value !== 'number') {
    yield trackedFile(file, value, 'ExecStartPost and ExecStopPost of twinreg.service write it: restart the service');
  } else if (value !== 0 && answer.kind === 'status') {
    yield error(
      `${file} says ${value} while the daemon runs: keepalived keeps the address away from this node`,
      `ExecStartPost of twinreg.service has to write 0 there; to mend it now: echo 0 > ${file}`,
    );
  } else if (value === 0 && answer.kind === 'not-running' && downAgeMs > START_MS) {
    yield error(
      `${file} says 0 while the daemon does not run: keepalived does not know that it is down`,
      'start it (systemctl start twinreg); ExecStopPost of twinreg.service has to write 1 there when it ends',
    );
  }
}

function* handoverFindings({ path, handover }: DataFolderFacts): Iterable<Finding> {
  const file = join(path, 'handover');
  const value = valueIn(handover);
  if (typeof value !== 'number') {
    yield trackedFile(file, value, 'the daemon writes it when it starts: restart it');
  } else if (value !== 0) {
    yield warning(
      `${file} says ${value}: keepalived keeps the address away from this node`,
      `wait for twinreg handover to end; if none is under way: echo 0 > ${file}`,
    );
  }
}

/** @param fault why there is no number; `unreadable: …` where that is only so for this user */
function trackedFile(file: string, { fault, isHidden }: Fault, remedy: string): Finding {
  if (isHidden) return unchecked(`${file} (${fault})`, 'run twinreg doctor as root');
  return error(`${file}, which keepalived tracks, ${fault}`, remedy);
}

interface Fault {
  readonly fault: string;
  /** Whether another user may see more. */
  readonly isHidden: boolean;
}

function valueIn(found: TextFacts): number | Fault {
  switch (found.kind) {
    case 'missing':
      return { fault: 'does not exist', isHidden: false };
    case 'unreadable':
      return { fault: found.reason, isHidden: true };
    case 'unusable':
      return { fault: `cannot be used: ${found.reason}`, isHidden: false };
    case 'text': {
      const text = found.text.trim();
      if (/^-?\d{1,10}$/.test(text)) return Number(text);
      return { fault: `has no number in it: ${JSON.stringify(text)}`, isHidden: false };
    }
  }
}
