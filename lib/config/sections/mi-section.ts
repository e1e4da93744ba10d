import * as z from 'zod';
import { keyNotes, sectionNotes } from '../notes.ts';
import { pathText } from '../values.ts';

export const miSection = z
  .strictObject({
    socket: pathText().default('twinreg.sock').register(keyNotes, {
      meaning:
        'Unix socket on which `twinreg status` and the other commands reach the daemon. A relative path is below the data folder.',
      opensips: 'ours (mi_datagram `socket_name` comes nearest)',
    }),
  })
  .register(sectionNotes, {
    meaning: 'The management interface.',
    example: `mi:
  socket: /run/twinreg/twinreg.sock`,
    refusedKeys: {
      fifo_name: 'the FIFO is not in this version; remove it',
      socket_name: 'is called socket here',
      root: 'MI over HTTP is not in this version; remove it',
    },
  });
