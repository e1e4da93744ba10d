import { isAbsolute, join } from 'node:path';
import type { Config, Persistence } from './config.ts';
import type { ConfigKeys } from './config-schema.ts';
import { dataFolder } from './data-folder.ts';
import type { Surroundings } from './data-folder.ts';
import { clusterConfig, nodeIdOf } from './cluster-config.ts';
import { isReplication, isSip, parseListen } from './listen-address.ts';
import type { Listener } from './listen-address.ts';
import { parseKeys } from './parse-keys.ts';
import type { ParsedKeys } from './parse-keys.ts';
import type { ConfigProblem } from './problem.ts';
import { checkRules } from './rules.ts';
import type { RuleFinding } from './rules.ts';
import { workingMode } from './working-mode.ts';
import { readYaml } from './yaml-source.ts';
import type { LocateLine } from './yaml-source.ts';

export interface ConfigSource {
  /** What stands in the configuration file; undefined without one, which is the same as an empty one. */
  readonly text: string | undefined;
  /** `--listen`, once for each time it was given; any replaces the file's list. */
  readonly listen: readonly string[];
  /** `--data`. */
  readonly data: string | undefined;
  readonly surroundings: Surroundings;
}

/** Looks at keys whose syntax belongs to somebody else, and says what is wrong with them. */
export type KeyCheck = (keys: ConfigKeys) => readonly RuleFinding[];

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigProblem[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** What sockaddr_un has room for on Linux, without its closing zero. */
const SOCKET_PATH_BYTES_MAX = 107;

/**
 * Reads the configuration. All that is wrong is said at once; when nothing is, every key has a value. Pure, and throws
 * on no input.
 */
export function loadConfig(source: ConfigSource, check: KeyCheck = () => []): LoadedConfig {
  const yaml = readYaml(source.text ?? '');
  const options = readOptions(source);
  if (!yaml.ok) return { ok: false, problems: [...options.problems, ...yaml.problems] };
  const parsed = parseKeys(yaml.root, yaml.locate);
  const overridden = withListen(parsed, options.listen);
  const findings = [...checkRules(overridden), ...check(parsed.keys).filter(({ keys }) => !keys.some(parsed.broken))];
  const config = resolveConfig(overridden.keys, options.folder ?? '/');
  const problems = [
    ...options.problems,
    ...parsed.problems,
    ...located(findings, 'problem', yaml.locate),
    ...(options.folder === undefined ? [] : socketPathProblems(config.miSocketPath, parsed, yaml.locate)),
  ];
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, config, warnings: located(findings, 'warning', yaml.locate) };
}

interface Options {
  readonly listen: readonly Listener[];
  readonly folder: string | undefined;
  readonly problems: readonly ConfigProblem[];
}

function readOptions({ listen, data, surroundings }: ConfigSource): Options {
  const problems: ConfigProblem[] = [];
  const addresses = listen.flatMap((text) => {
    const parsed = parseListen(text);
    if (parsed.ok) return parsed.value;
    problems.push({ key: '--listen', line: undefined, message: `${JSON.stringify(text)}: ${parsed.message}` });
    return [];
  });
  const folder = dataFolder(data, surroundings);
  if (folder === undefined) {
    problems.push({ key: '--data', line: undefined, message: noFolderText(data) });
  }
  return { listen: addresses, folder, problems };
}

/** @param data as `--data` has it */
function noFolderText(data: string | undefined): string {
  if (data === undefined) return 'needed, because this user has no home folder to keep data in';
  if (data === '') return 'expected a folder, found nothing';
  return `${data}: expected an absolute path, since the current folder was removed or is closed to this user`;
}

/** Listeners of the command line replace those of the file that are for the same: SIP or replication. */
function withListen(parsed: ParsedKeys, listen: readonly Listener[]): ParsedKeys {
  const kept = parsed.keys.listen.filter((old) => !listen.some((given) => isReplication(given) === isReplication(old)));
  return { ...parsed, keys: { ...parsed.keys, listen: [...kept, ...listen] } };
}

function located(
  findings: readonly RuleFinding[],
  severity: RuleFinding['severity'],
  locate: LocateLine,
): ConfigProblem[] {
  return findings
    .filter((finding) => finding.severity === severity)
    .map(({ keys: [key], message }) => ({ key, line: locate(key.split('.')), message }));
}

function socketPathProblems(path: string, parsed: ParsedKeys, locate: LocateLine): readonly ConfigProblem[] {
  const bytes = Buffer.byteLength(path);
  if (bytes <= SOCKET_PATH_BYTES_MAX) return [];
  const message = `${path} has ${bytes} bytes, and the path of a socket at most ${SOCKET_PATH_BYTES_MAX}; give a shorter absolute one`;
  const line = parsed.given('mi.socket') ? locate(['mi', 'socket']) : undefined;
  return [{ key: 'mi.socket', line, message }];
}

function resolveConfig(keys: ConfigKeys, folder: string): Config {
  const { listen, usrloc, registrar, nathelper, policy, clusterer, tls_mgm, mi, sip, log } = keys;
  const path = (relative: string) => below(folder, relative);
  return {
    listen: listen.filter(isSip),
    dataFolder: folder,
    persistence: persistence(usrloc, folder),
    miSocketPath: path(mi.socket),
    mi: mi.http_token_file === undefined ? mi : { ...mi, http_token_file: path(mi.http_token_file) },
    nodeId: nodeIdOf(clusterer),
    cluster: clusterConfig(keys, path),
    clustererPath: path(clusterer.db_url ?? usrloc.db_url),
    usrloc,
    registrar,
    nathelper,
    policy,
    clusterer,
    tls_mgm,
    sip:
      sip.drachtio_secret_file === undefined ? sip : { ...sip, drachtio_secret_file: path(sip.drachtio_secret_file) },
    log,
  };
}

function persistence(usrloc: ConfigKeys['usrloc'], folder: string): Persistence {
  const { sql_write_mode: writeMode } = workingMode(usrloc.working_mode_preset, usrloc);
  if (writeMode === 'none') return { kind: 'none' };
  const flushIntervalMs = usrloc.flush_interval_ms ?? (writeMode === 'write-back' ? 1000 : 10);
  return { kind: 'sqlite', path: below(folder, usrloc.db_url), writeMode, flushIntervalMs };
}

function below(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}
