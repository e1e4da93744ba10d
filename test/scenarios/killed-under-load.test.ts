import t from 'tap';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { Daemon } from '../support/daemon.ts';
import { contradicted, RecordingPhones } from '../support/recording-phones.ts';
import { inTest } from '../support/soak.ts';
import { tempFolder } from '../support/temp-folder.ts';

const WRITE_THROUGH = 'usrloc:\n  working_mode_preset: single-instance-sql-write-through\n';
const WRITE_BACK = 'usrloc:\n  working_mode_preset: single-instance-sql-write-back\n';

const KILLED_AFTER = inTest([700, 2500, 4200], { inSoak: Array.from({ length: 40 }, (_, round) => 500 + 397 * round) });

for (const answers of KILLED_AFTER) {
  t.test(
    `write-through: killed after ${String(answers)} answers at 2000/s, a restart shows all that phones were told`,
    async (t) => {
      const folder = tempFolder(t);
      const daemon = await Daemon.start(t, { folder, config: WRITE_THROUGH });
      const phones = await RecordingPhones.start(t, daemon);
      await phones.answers(answers);
      await daemon.kill();
      await phones.stop();

      const { address, port } = daemon;
      const again = await Daemon.start(t, { folder, address, port, config: WRITE_THROUGH });
      const told = phones.records();
      t.same(contradicted(told, told, await cseqsShown(again)), []);
      t.same(phones.refusals, []);
    },
  );
}

t.test('write-back: killed at 2000/s, a restart shows all that phones were told before the last flush', async (t) => {
  const folder = tempFolder(t);
  const daemon = await Daemon.start(t, { folder, config: WRITE_BACK });
  const phones = await RecordingPhones.start(t, daemon);
  await phones.answers(3000);
  const before = phones.records();
  const beforeFlush = newestFlush(folder);
  while (newestFlush(folder) < beforeFlush + 2) await phones.answers(phones.answeredCount + 50);
  await daemon.kill();
  await phones.stop();

  const { address, port } = daemon;
  const again = await Daemon.start(t, { folder, address, port, config: WRITE_BACK });
  t.same(contradicted(before, phones.records(), await cseqsShown(again)), []);
});

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
