import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADDRESS, type StartServer } from './server.ts';
import { startedServer } from './started-server.ts';

/**
 * Kamailio as the peer: the smallest configuration that saves a REGISTER in memory, one UDP worker on its core (more only
 * wake each other up), a hash table wide enough for half a million AoRs, and no database.
 *
 * It is started with `-x fm -X fm`: Debian's default allocator (qm) is a debugging one and would cost it three times as much.
 */
export const startKamailio: StartServer = (folder, port) => {
  mkdirSync(folder, { recursive: true });
  const configFile = join(folder, 'kamailio.cfg');
  writeFileSync(configFile, configuration(port));
  const memory = ['-m', '2048', '-M', '16', '-x', 'fm', '-X', 'fm'];
  const command = ['kamailio', '-f', configFile, '-DD', '-E', '-Y', folder, '-w', folder, ...memory];
  return startedServer('kamailio 5.6 (-x fm -X fm)', port, command);
};

function configuration(port: number): string {
  return `#!KAMAILIO
debug=-1
log_stderror=yes
children=1
tcp_children=1
disable_tcp=yes
auto_aliases=no
listen=udp:${ADDRESS}:${port}
loadmodule "sl.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "use_domain", 1)
modparam("usrloc", "hash_size", 16)
modparam("registrar", "max_expires", 86400)
request_route {
  if (method == "REGISTER") { save("location"); exit; }
  sl_send_reply("405", "Method Not Allowed");
}
`;
}
