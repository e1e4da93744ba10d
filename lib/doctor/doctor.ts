import { hostname, networkInterfaces } from 'node:os';
import { isIP } from 'node:net';
import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { parseNodeUrl } from '../core/node-url.ts';
import { checkAddress } from './address.ts';
import { canonicalAddress, movableAddresses } from './movable-addresses.ts';
import { checkClock, readClockFacts } from './clock.ts';
import { checkConfiguration, type ConfigurationFacts } from './configuration.ts';
import { statusIn, type DaemonAnswer } from './daemon-answer.ts';
import { checkDaemon, readDaemonFacts } from './daemon.ts';
import { checkDataFolder, readDataFolderFacts } from './data-folder.ts';
import { checkDatabases, readDatabaseFacts } from './database.ts';
import { checkDrachtio, readDrachtioFacts } from './drachtio.ts';
import { error, unchecked, type Finding } from './finding.ts';
import { readKeepalivedConfig, type KeepalivedConfig } from './keepalived-config.ts';
import {
  checkKeepalivedProcess,
  findKeepalived,
  testKeepalivedConfig,
  USUAL_KEEPALIVED_PATH,
  type KeepalivedProcess,
} from './keepalived-process.ts';
import { checkKeepalivedRules, checkMovedAddress } from './keepalived-rules.ts';
import { readInterfaces, type Interfaces } from './interfaces.ts';
import { checkKernel, readKernelFacts } from './kernel.ts';
import { checkPorts, readPortsFacts } from './ports.ts';
import { lookAt, readText, type TextFacts } from './read-path.ts';
import { runProgram } from './run-program.ts';
import { checkScriptVariables, readScriptVariablesFacts } from './script-variables.ts';
import { checkScripts, readScriptsFacts } from './scripts.ts';
import { checkSecretFiles, readSecretFilesFacts } from './secret-files.ts';
import { checkTwin, readTwinFacts } from './twin.ts';

/** What is looked at, and what others have found out about it. */
export interface SetUp {
  readonly configuration: ConfigurationFacts;
  /** Undefined where it has problems. */
  readonly config: Config | undefined;
  /** Undefined for the defaults. */
  readonly configFile: string | undefined;
  /** Known also where the configuration has problems, as far as an option says it. */
  readonly dataFolder: string | undefined;
  readonly answer: DaemonAnswer;
  readonly installedVersion: string;
  /** Where the other node takes replication, if the daemon does not say it. */
  readonly twinUrl: string | undefined;
  /** `--keepalived`. */
  readonly keepalivedPath: string | undefined;
}

export interface Diagnosis {
  /** In the order of the subjects. */
  readonly findings: readonly Finding[];
  /** The subjects, in a few words each. */
  readonly lookedAt: readonly string[];
}

interface Host {
  readonly addresses: ReadonlySet<string>;
  readonly interfaces: Interfaces;
  readonly isRoot: boolean;
}

interface Subject {
  readonly name: string;
  readonly findings: readonly Finding[];
}

/** Looks at everything, one subject after the other, and changes nothing. */
export async function examine(setUp: SetUp, clock: Clock): Promise<Diagnosis> {
  const { configuration, config, answer, installedVersion } = setUp;
  const host = await thisHost();
  const keepalived = await keepalivedFile(setUp);
  const subjects: Subject[] = [
    { name: 'configuration', findings: checkConfiguration(configuration) },
    { name: 'daemon', findings: checkDaemon(await readDaemonFacts(answer, installedVersion, config)) },
  ];
  if (config === undefined) {
    subjects.push({
      name: '',
      findings: [unchecked('what depends on the configuration (it has problems)', 'mend it first')],
    });
  } else {
    subjects.push(...(await configuredSubjects(config, setUp, keepalived, host, clock)));
  }
  subjects.push({ name: 'clock', findings: checkClock(await readClockFacts(answer)) });
  if (setUp.dataFolder !== undefined) {
    const facts = await readDataFolderFacts(setUp.dataFolder, answer, keepalived !== undefined, clock);
    subjects.push({ name: 'data folder', findings: checkDataFolder(facts) });
  }
  if (keepalived !== undefined) subjects.push(await keepalivedSubject(setUp, keepalived, host));
  return {
    findings: subjects.flatMap(({ findings }) => findings),
    lookedAt: subjects.map(({ name }) => name).filter((name) => name !== ''),
  };
}

async function configuredSubjects(
  config: Config,
  { answer, twinUrl, configFile }: SetUp,
  keepalived: KeepalivedFile | undefined,
  { addresses }: Host,
  clock: Clock,
): Promise<readonly Subject[]> {
  const virtualAddresses = virtualAddressesOf(keepalived);
  const place = twinUrlOf(answer, twinUrl);
  const subjects: Subject[] = [
    { name: 'ports', findings: checkPorts(await readPortsFacts(config, answer)) },
    { name: 'kernel', findings: checkKernel(await readKernelFacts(config, addresses)) },
    { name: 'secrets', findings: checkSecretFiles(await readSecretFilesFacts(config, configFile, answer, clock)) },
  ];
  const databases = await readDatabaseFacts(config, answer);
  if (databases.length > 0) subjects.push({ name: 'database', findings: checkDatabases(databases) });
  if (config.sip.engine === 'drachtio')
    subjects.push({ name: 'drachtio-server', findings: checkDrachtio(await readDrachtioFacts(config, answer)) });
  const moved = movedAddressFindings(config, keepalived);
  if (config.cluster === undefined) return [...subjects, { name: '', findings: moved }];
  const address = checkAddress({ config, answer, ownAddresses: addresses, virtualAddresses });
  const twin = checkTwin(await readTwinFacts(config, answer, place, clock));
  return [
    ...subjects,
    { name: 'address and role', findings: [...moved, ...address] },
    { name: 'other node', findings: twin },
  ];
}

function movedAddressFindings(config: Config, file: KeepalivedFile | undefined): readonly Finding[] {
  if (file?.config === undefined) return [];
  return checkMovedAddress({ path: file.path, config: file.config, listenAddresses: movableAddresses(config) });
}

function twinUrlOf(answer: DaemonAnswer, otherwise: string | undefined): string | undefined {
  return statusIn(answer)?.replication?.twin_url ?? otherwise;
}

const ROOT = 0;

async function thisHost(): Promise<Host> {
  // `userInfo` would throw where the user has no account.
  const self = await lookAt('/proc/self');
  const addresses = Object.values(networkInterfaces()).flatMap((own) =>
    (own ?? []).map(({ address }) => canonicalAddress(address)),
  );
  return {
    addresses: new Set(addresses),
    interfaces: await readInterfaces(),
    isRoot: 'uid' in self && self.uid === ROOT,
  };
}

interface KeepalivedFile {
  readonly path: string;
  readonly content: TextFacts;
  /** Undefined where there is no text. */
  readonly config: KeepalivedConfig | undefined;
  readonly configId: string;
  readonly processes: readonly KeepalivedProcess[];
}

function virtualAddressesOf(file: KeepalivedFile | undefined): readonly string[] {
  const instances = file?.config?.instances ?? [];
  return instances.flatMap(({ addresses }) => addresses.map(canonicalAddress));
}

/** Undefined where nothing is to be moved: a node without another one, or with addresses that stay. */
async function keepalivedFile({ config, keepalivedPath }: SetUp): Promise<KeepalivedFile | undefined> {
  const isNeeded = config?.cluster !== undefined && movableAddresses(config).length > 0;
  if (keepalivedPath === undefined && !isNeeded) return undefined;
  const processes = await findKeepalived();
  const path = keepalivedPath ?? processes[0]?.configPath ?? USUAL_KEEPALIVED_PATH;
  const running = processes.find(({ configPath }) => configPath === path);
  const [shortName = ''] = hostname().split('.', 1);
  const configId = running?.configId ?? shortName;
  const content = await readText(path, KEEPALIVED_BYTES_MAX);
  return {
    path,
    content,
    config: content.kind === 'text' ? readKeepalivedConfig(content.text, configId) : undefined,
    configId,
    processes,
  };
}

/** A pair needs two kilobytes. */
const KEEPALIVED_BYTES_MAX = 1 << 20;

async function keepalivedSubject(setUp: SetUp, file: KeepalivedFile, host: Host): Promise<Subject> {
  const { path, content, config, configId, processes } = file;
  const { dataFolder } = setUp;
  const version = await runProgram('keepalived', ['--version']);
  const isAddressHere = virtualAddressesOf(file).some((address) => host.addresses.has(address));
  const configTest =
    content.kind === 'text' ? await testKeepalivedConfig(path, content.text, configId, host.isRoot) : undefined;
  const findings = [
    ...checkKeepalivedProcess({ path, version, processes, isAddressHere, configTest }),
    ...checkScriptVariables(await readScriptVariablesFacts(setUp, processes)),
    ...fileFindings(path, content),
  ];
  if (config === undefined) return { name: 'keepalived', findings };
  const rules = checkKeepalivedRules({
    path,
    config,
    dataFolder,
    listenAddresses: setUp.config === undefined ? [] : movableAddresses(setUp.config),
    twinAddress: hostAddress(twinUrlOf(setUp.answer, setUp.twinUrl)),
    ownAddresses: host.addresses,
    ownInterfaces: host.interfaces.names,
    downInterfaces: host.interfaces.down,
  });
  const scripts = checkScripts(await readScriptsFacts(config, dataFolder));
  return { name: 'keepalived', findings: [...findings, ...rules, ...scripts] };
}

/** A name is not compared: it may be any address. */
function hostAddress(url: string | undefined): string | undefined {
  const parsed = url === undefined ? undefined : parseNodeUrl(url);
  return parsed?.ok === true && isIP(parsed.value.host) !== 0 ? parsed.value.host : undefined;
}

function fileFindings(path: string, content: TextFacts): readonly Finding[] {
  const remedy = `copy keepalived/keepalived.conf of twinreg to ${USUAL_KEEPALIVED_PATH} and fill it in`;
  switch (content.kind) {
    case 'text':
      return [];
    case 'missing':
      return [error(`${path} does not exist: nothing moves the address`, remedy)];
    case 'unreadable':
      return [unchecked(`${path} (${content.reason})`, 'run twinreg doctor as root')];
    case 'unusable':
      return [error(`${path} cannot be used: ${content.reason}`, remedy)];
  }
}
