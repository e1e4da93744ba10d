import t from 'tap';
import { Daemon } from '../support/daemon.ts';

const WARNING = 'nodes are in the table clusterer, and the configuration has no cluster';

t.test('a daemon of a pair that is started without its configuration says that it serves alone', async (t) => {
  const first = await Daemon.start(t);
  t.notOk(
    first.log.some(({ msg }) => msg === WARNING),
    'nobody has named a node yet',
  );
  t.match(await first.twinreg('cluster', 'add', '1', 'bin:10.0.0.177', '--seed'), { code: 0 });
  await first.stop();
  const second = await Daemon.start(t, { folder: first.folder });
  t.match(await second.logged(WARNING), {
    level: 40,
    subsystem: 'cluster',
    path: `${first.folder}/location.db`,
    rows: 1,
  });
});
