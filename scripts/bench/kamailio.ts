import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, Server, StartServer } from './server.ts';
import { alone, startedServer } from './started-server.ts';

/**
 * Kamailio as the peer: the smallest configuration that saves a REGISTER in memory, one UDP worker on its core (more only
 * wake each other up), a hash table wide enough for half a million AoRs, and no database.
 *
 * It is started with `-x fm -X fm`: Debian's default allocator (qm) is a debugging one and would cost it three times as much.
 */
export const startKamailio: StartServer = (folder, port) =>
  kamailioServer('kamailio 5.6 (-x fm -X fm)', folder, alone(port), {
    modulesBefore: [],
    modules: [],
    parameters: '',
    routes: '',
  });

/** What a configuration has beyond the smallest one. */
interface Additions {
  /** `tm` comes before `sl`, which uses it where it is there. */
  readonly modulesBefore: readonly string[];
  readonly modules: readonly string[];
  readonly parameters: string;
  readonly routes: string;
}

export function kamailioServer(name: string, folder: string, place: Place, additions: Additions): Promise<Server> {
  mkdirSync(folder, { recursive: true });
  const configFile = join(folder, 'kamailio.cfg');
  writeFileSync(configFile, configuration(place, additions));
  const memory = ['-m', '2048', '-M', '16', '-x', 'fm', '-X', 'fm'];
  const command = ['kamailio', '-f', configFile, '-DD', '-E', '-Y', folder, '-w', folder, ...memory];
  return startedServer(name, place, command);
}

function configuration({ address, port }: Place, { modulesBefore, modules, parameters, routes }: Additions): string {
  const all = [...modulesBefore, 'sl', 'usrloc', 'registrar', ...modules];
  const loaded = all.map((name) => `loadmodule "${name}.so"\n`).join('');
  return `#!KAMAILIO
debug=-1
log_stderror=yes
children=1
tcp_children=1
disable_tcp=yes
auto_aliases=no
listen=udp:${address}:${port}
${loaded}modparam("usrloc", "db_mode", 0)
modparam("usrloc", "use_domain", 1)
modparam("usrloc", "hash_size", 16)
modparam("registrar", "max_expires", 86400)
${parameters}request_route {
  if (method == "REGISTER") { save("location"); exit; }
${routes}  sl_send_reply("405", "Method Not Allowed");
}
`;
}
