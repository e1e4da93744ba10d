import t, { type Test } from 'tap';
import { connect } from 'node:net';
import { once } from 'node:events';
import { Authority } from '../support/certificates.ts';
import { Daemon } from '../support/daemon.ts';
import { loopbackAddress } from '../support/free-port.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const openssl = requireTool('openssl');

const BIN_PORT = 5555;

interface NodePlace {
  readonly id: number;
  readonly address: string;
}

interface TlsFiles {
  readonly certificate: string;
  readonly privateKey: string;
  readonly caPath: string;
}

function configText(own: NodePlace, other: NodePlace, { certificate, privateKey, caPath }: TlsFiles): string {
  const info = ({ id, address }: NodePlace) =>
    `cluster_id=1,node_id=${id},url=bins:${address}:${BIN_PORT}${id === 1 ? ',flags=seed' : ''}`;
  return [
    'usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}',
    `clusterer: {my_node_id: ${own.id}, db_mode: 0, my_node_info: "${info(own)}", neighbor_node_info: "${info(other)}",`,
    '  secret: 0123456789abcdef0123456789abcdef}',
    `tls_mgm: {certificate: ${certificate}, private_key: ${privateKey}, ca_list: ${caPath}}`,
  ].join('\n');
}

function start(t: Test, own: NodePlace, other: NodePlace, files: TlsFiles): Promise<Daemon> {
  const config = configText(own, other, files);
  return Daemon.start(t, { address: own.address, bin: BIN_PORT, bins: true, config });
}

async function outgoing(daemon: Daemon): Promise<string | undefined> {
  return (await daemon.status()).replication?.outgoing;
}

t.test('two nodes with certificates of one authority replicate over TLS', { skip: openssl.skip }, async (t) => {
  const authority = new Authority(tempFolder(t), 'ca', openssl.path ?? '');
  const [a, b] = [1, 2].map((id) => ({ id, address: loopbackAddress() })) as [NodePlace, NodePlace];
  const caPath = authority.caPath;
  const first = await start(t, a, b, { ...authority.issue('a'), caPath });
  const second = await start(t, b, a, { ...authority.issue('b'), caPath });
  await until(async () => (await outgoing(first)) === 'in-sync' && (await outgoing(second)) === 'in-sync');
  const phone = await first.phone(t);
  const { status } = await phone.register({ aor: 'sip:alice@example.com' });
  t.equal(status, 200);
  t.equal((await second.contactsOf('alice@example.com')).length, 1);

  // What speaks no TLS gets nowhere, and does no harm.
  const plain = connect({ host: a.address, port: BIN_PORT });
  const octets: Buffer[] = [];
  plain.on('data', (data) => octets.push(data));
  plain.on('error', () => undefined);
  plain.write('TWNR');
  plain.end();
  await once(plain, 'close');
  t.notOk(Buffer.concat(octets).includes('TWNR'), 'no hello for somebody without a certificate');
  t.equal(await outgoing(first), 'in-sync');
});

t.test('a node with a certificate of another authority is no twin', { skip: openssl.skip }, async (t) => {
  const folder = tempFolder(t);
  const ours = new Authority(folder, 'ours', openssl.path ?? '');
  const others = new Authority(folder, 'others', openssl.path ?? '');
  const [a, b] = [1, 2].map((id) => ({ id, address: loopbackAddress() })) as [NodePlace, NodePlace];
  const first = await start(t, a, b, { ...ours.issue('a'), caPath: ours.caPath });
  const second = await start(t, b, a, { ...others.issue('b'), caPath: ours.caPath });
  const trouble = await until(async () => {
    const waitsFor = (await second.status()).replication?.waits_for ?? '';
    return /last time/.test(waitsFor) ? waitsFor : undefined;
  });
  t.match(trouble, /the other end closed the connection before it said who it is|alert/);
  t.match(await first.logged('replication link refused'), {
    reason: 'certificate',
    text: /the certificate of the other end is not accepted/,
  });
  t.not(await outgoing(first), 'in-sync');
  const phone = await first.phone(t);
  t.equal((await phone.register({ aor: 'sip:alice@example.com' })).status, 200, 'phones are served all the same');
});
