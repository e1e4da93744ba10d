import t from 'tap';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { Daemon } from '../support/daemon.ts';
import { DRACHTIO, EMBEDDED } from '../support/engines.ts';
import { contradicted, RecordingPhones } from '../support/recording-phones.ts';
import { inTest } from '../support/soak.ts';
import { tempFolder } from '../support/temp-folder.ts';

const WRITE_THROUGH = 'usrloc:\n  working_mode_preset: single-instance-sql-write-through\n';
const WRITE_BACK = 'usrloc:\n  working_mode_preset: single-instance-sql-write-back\n';

/** A drachtio-server takes fewer in a second than we do, and what is to be seen is seen at its rate too. */
const LOADS = [
  {
    engine: EMBEDDED,
    perSecond: 2000,
    killedAfter: inTest([700, 2500, 4200], { inSoak: Array.from({ length: 40 }, (_, round) => 500 + 397 * round) }),
    flushedAfter: 3000,
  },
  {
    engine: DRACHTIO,
    perSecond: 400,
    killedAfter: inTest([700], { inSoak: Array.from({ length: 10 }, (_, round) => 500 + 397 * round) }),
    flushedAfter: 600,
  },
];

for (const { engine, perSecond, killedAfter, flushedAfter } of LOADS) {
  for (const answers of killedAfter) {
    t.test(
      `write-through: killed after ${String(answers)} answers at ${String(perSecond)}/s, a restart shows all that phones were told (${engine.name})`,
      async (t) => {
        const folder = tempFolder(t);
        const daemon = await Daemon.start(t, { engine, folder, config: WRITE_THROUGH });
        const phones = await RecordingPhones.start(t, daemon, { perSecond });
        await phones.answers(answers);
        await daemon.kill();
        await phones.stop();

        const { address, port } = daemon;
        const again = await Daemon.start(t, { engine, folder, address, port, config: WRITE_THROUGH });
        const told = phones.records();
        t.same(contradicted(told, told, await cseqsShown(again)), []);
        t.same(engine.unexpected(phones.refusals), []);
      },
    );
  }

  t.test(
    `write-back: killed at ${String(perSecond)}/s, a restart shows all that phones were told before the last flush (${engine.name})`,
    async (t) => {
      const folder = tempFolder(t);
      const daemon = await Daemon.start(t, { engine, folder, config: WRITE_BACK });
      const phones = await RecordingPhones.start(t, daemon, { perSecond });
      await phones.answers(flushedAfter);
      const before = phones.records();
      const beforeFlush = newestFlush(folder);
      while (newestFlush(folder) < beforeFlush + 2) await phones.answers(phones.answeredCount + 50);
      await daemon.kill();
      await phones.stop();

      const { address, port } = daemon;
      const again = await Daemon.start(t, { engine, folder, address, port, config: WRITE_BACK });
      t.same(contradicted(before, phones.records(), await cseqsShown(again)), []);
    },
  );
}

/** The greatest number of a flush that the database file holds, as another process sees it. */
function newestFlush(folder: string): number {
  const database = new Database(join(folder, 'location.db'), { readonly: true });
  const newest = database.prepare('SELECT coalesce(max(seq), 0) FROM journal').pluck().get();
  database.close();
  return Number(newest);
}

async function cseqsShown(daemon: Daemon): Promise<Map<string, number>> {
  const { out } = await daemon.twinreg('ul', 'dump', '--json');
  const dump = JSON.parse(out) as UlDump;
  const contacts = dump.Domains.flatMap(({ AORs }) => AORs.flatMap(({ Contacts }) => Contacts));
  return new Map(contacts.map(({ Callid, Cseq }) => [Callid, Cseq]));
}

interface UlDump {
  readonly Domains: readonly {
    readonly AORs: readonly { readonly Contacts: readonly { readonly Callid: string; readonly Cseq: number }[] }[];
  }[];
}
