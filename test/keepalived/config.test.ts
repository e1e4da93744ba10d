import t from 'tap';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownScripts } from '../support/appliance-script.ts';
import { keepalivedConf } from '../support/keepalived.ts';
import { namespaceSkip, networkNamespace } from '../support/network-namespace.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';

const keepalived = requireTool('keepalived');
const skip = keepalived.skip === false ? namespaceSkip() : keepalived.skip;

for (const [own, twin, priority] of [
  ['10.0.0.177', '10.0.0.178', 150],
  ['10.0.0.178', '10.0.0.177', 100],
] as const) {
  t.test(`keepalived finds nothing wrong with the file of ${own}`, { skip }, async (t) => {
    const values = { OWN_ADDRESS: own, TWIN_ADDRESS: twin, PRIORITY: priority, INTERFACE: 'phone0', USER: 'root' };
    const namespace = networkNamespace(t);
    const path = join(tempFolder(t), 'keepalived.conf');
    writeFileSync(path, keepalivedConf({ ...values, DATA: tempFolder(t), SCRIPTS: ownScripts(t) }));
    const { status, stderr } = spawnSync(
      ...namespace.command(keepalived.path ?? '', '--config-test', '--use-file', path),
    );
    t.equal(stderr.toString(), '');
    t.equal(status, 0);
  });
}
