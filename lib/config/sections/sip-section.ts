import * as z from 'zod';
import { keyNotes, sectionNotes, valueNotes } from '../notes.ts';
import { asciiText, oneOf, pathText, seconds, wholeNumber, yesNo } from '../values.ts';

const CONNECTIONS_MAX = 1_000_000;

export const sipSection = z
  .strictObject({
    engine: oneOf(['embedded', 'drachtio']).default('embedded').register(keyNotes, {
      meaning:
        'Where SIP comes from: sockets of this process, or a drachtio-server beside it, which has the sockets (its `contacts` and not `listen` open them). With drachtio the keys of this section about TCP, `udp_receive_buffer` and `force_rport` have no effect.',
      opensips: 'ours',
    }),
    drachtio_host: asciiText(255, 'a host name or address', /^[\x21-\x7e]+$/)
      .default('127.0.0.1')
      .register(keyNotes, {
        meaning:
          'With `engine: drachtio`: where the admin port of drachtio-server is. Keep that on loopback, since the server lets in whoever reaches it.',
        opensips: 'ours',
      }),
    drachtio_port: wholeNumber(1, 65_535).default(9022).register(keyNotes, {
      meaning: 'The admin port itself.',
      opensips: 'ours',
    }),
    drachtio_secret: z
      .string()
      .max(255)
      .regex(/^[\x21-\x7b\x7d\x7e]+$/)
      .register(valueNotes, { expected: 'visible ASCII characters but "|", at most 255', isSecret: true })
      .default('cymru')
      .register(keyNotes, {
        meaning: "The secret in the server's `admin`; its own default.",
        opensips: 'ours',
      }),
    drachtio_secret_file: pathText().optional().register(keyNotes, {
      meaning:
        'A file with the secret of `drachtio_secret`, on one line; it is read when the daemon starts. A relative path is below the data folder.',
      opensips: 'ours',
      defaultText: 'none',
    }),
    force_rport: yesNo().default(true).register(keyNotes, {
      meaning:
        'Sends replies over UDP to the address and port that the request came from, whether or not its Via asks for it (RFC 3581).',
      opensips: 'script function `force_rport()`',
    }),
    server_header: asciiText(128, 'printable ASCII').default('twinreg').register(keyNotes, {
      meaning: 'Server header of replies; empty = none.',
      opensips: 'core `server_header`, `server_signature`',
    }),
    udp_receive_buffer: wholeNumber(0, 1 << 28, 'bytes')
      .default(1 << 22)
      .register(keyNotes, {
        meaning:
          'What the kernel may hold of datagrams not yet read, per UDP socket; 0 = as the kernel has it. The kernel grants no more than its `net.core.rmem_max`.',
        opensips: 'ours (core `maxbuffer` comes nearest)',
      }),
    tcp_max_connections: wholeNumber(1, CONNECTIONS_MAX).default(10_000).register(keyNotes, {
      meaning:
        'TCP connections of all listeners together. At the limit a connection that was idle for long makes room, else the new one is closed.',
      opensips: 'core `tcp_max_connections` (there 2048)',
    }),
    tcp_max_connections_per_source: wholeNumber(1, CONNECTIONS_MAX).default(500).register(keyNotes, {
      meaning:
        'TCP connections from one IP address; a further one is closed at once. An office behind one NAT needs one for each phone.',
      opensips: 'ours',
    }),
    tcp_connection_lifetime: seconds(10, 90_000).default(3900).register(keyNotes, {
      meaning:
        'A TCP connection on which nothing arrived for so long is closed. Phones are reached through it, so give it more time than the longest lifetime that they ask for, or let them send keep-alives.',
      opensips: 'core `tcp_connection_lifetime` (there 120, prolonged by registrar `tcp_persistent_flag`)',
    }),
    tcp_max_msg_time: seconds(1, 60).default(4).register(keyNotes, {
      meaning: 'How long a message over TCP may take from its first octet to its last.',
      opensips: 'core `tcp_max_msg_time`',
    }),
  })
  .register(sectionNotes, {
    meaning: 'The SIP engine: sockets, replies, limits.',
    example: `sip:
  server_header: ""
  tcp_max_connections: 2048`,
    refusedKeys: {
      advertised_address: 'is said for each listener: listen: udp:10.0.0.150 as sip.example.com',
      advertised_port: 'is said for each listener: listen: udp:10.0.0.150 as sip.example.com:5080',
      server_signature: 'write server_header: "" for no Server header',
      udp_workers: 'one process serves everything; remove it',
      tcp_workers: 'one process serves everything; remove it',
    },
  });
