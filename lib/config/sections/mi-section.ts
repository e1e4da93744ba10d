import * as z from 'zod';
import { TOKEN_CHARS_MIN } from '../../core/token-chars-min.ts';
import { HTTP_EXPECTED, parseHttpAddress } from '../http-address.ts';
import { keyNotes, sectionNotes, valueNotes } from '../notes.ts';
import { asciiText, parsedText, pathText, wholeNumber } from '../values.ts';

const TOKEN_CHARS_MAX = 512;
const ROOT_CHARS_MAX = 64;
const MODE_MAX = 0o777;

export const miSection = z
  .strictObject({
    socket: pathText().default('twinreg.sock').register(keyNotes, {
      meaning:
        'Unix socket on which `twinreg status` and the other commands reach the daemon. A relative path is below the data folder.',
      opensips: 'ours (mi_datagram `socket_name` comes nearest)',
    }),
    http: parsedText(parseHttpAddress, HTTP_EXPECTED).optional().register(keyNotes, {
      meaning:
        'Where MI over HTTP is served (`POST /mi`), and beside it `/metrics`, `/health` and `/ready`. An address that other machines reach needs a token. Without this key a port that another program has is only a warning.',
      opensips: 'httpd `ip` and `port`',
      defaultText: '127.0.0.1:8888',
    }),
    http_root: asciiText(ROOT_CHARS_MAX, 'a path without its first slash', /^[A-Za-z0-9_-]+$/)
      .default('mi')
      .register(keyNotes, { meaning: 'Path of MI over HTTP, without its slash.', opensips: 'mi_http `root`' }),
    http_token: z
      .string()
      .min(TOKEN_CHARS_MIN)
      .max(TOKEN_CHARS_MAX)
      .regex(/^[\x21-\x7e]*$/)
      .register(valueNotes, { expected: `at least ${TOKEN_CHARS_MIN} visible ASCII characters`, isSecret: true })
      .optional()
      .register(keyNotes, {
        meaning:
          'What clients of MI over HTTP have to show, as `Authorization: Bearer TOKEN`. `http_token_file` keeps it out of this file.',
        opensips: 'ours',
        defaultText: 'none is asked for on loopback',
      }),
    http_token_file: pathText().optional().register(keyNotes, {
      meaning:
        'A file with the token of `http_token`, on one line; it is read when the daemon starts. A relative path is below the data folder.',
      opensips: 'ours',
      defaultText: 'none',
    }),
    fifo_name: z
      .string()
      .regex(/^(off|\/[^\0]*[^\0/])?$/)
      .register(valueNotes, { expected: 'the absolute path of a FIFO, or off', type: 'absolute path, or off' })
      .optional()
      .register(keyNotes, {
        meaning:
          'FIFO for opensips-cli, and for opensipsctl in the text form of 2.4. Without this key a FIFO that another program has is only a warning.',
        opensips: 'mi_fifo `fifo_name`',
        defaultText: '/run/opensips/opensips_fifo where that folder can be written, else /tmp/opensips_fifo',
      }),
    fifo_mode: wholeNumber(0, MODE_MAX).default(0o660).register(keyNotes, {
      meaning: 'Permissions of the FIFO. Octal numbers begin with 0o here; the default is 0o660.',
      opensips: 'mi_fifo `fifo_mode` (there 0660)',
    }),
    reply_dir: z
      .string()
      .regex(/^\/[^\0]*$/)
      .register(valueNotes, { expected: 'the absolute path of a folder' })
      .default('/tmp/')
      .register(keyNotes, {
        meaning: 'Folder in which clients of the FIFO make theirs for the reply.',
        opensips: 'mi_fifo `reply_dir`',
      }),
  })
  .register(sectionNotes, {
    meaning: 'The management interface.',
    example: `mi:
  http: 10.0.0.150:8888
  http_token_file: /etc/twinreg/http-token
  fifo_name: /run/opensips/opensips_fifo`,
    refusedKeys: {
      socket_name: 'is called socket here',
      root: 'is called http_root here',
      ip: 'stands in http here, as ADDRESS:PORT',
      port: 'stands in http here, as ADDRESS:PORT',
      fifo_user: 'the FIFO belongs to who runs the daemon; remove it',
      fifo_group: 'the FIFO belongs to who runs the daemon; remove it',
    },
  });
