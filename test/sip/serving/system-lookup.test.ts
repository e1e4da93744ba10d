import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemLookup } from '../../../lib/sip/serving/system-lookup.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const HOSTS = [
  '# proxies',
  '10.0.0.1\tProxy-A.example.com proxy-a # proxy-x',
  'fd00::1 proxy-a',
  '10.0.0.2   proxy-a-2\r',
  '',
].join('\n');

function newLookup(t: Test): { lookup: ReturnType<typeof systemLookup>; asked: string[] } {
  const hostsFile = join(tempFolder(t), 'hosts');
  writeFileSync(hostsFile, HOSTS);
  const asked: string[] = [];
  const ask = (name: string) => Promise.resolve([{ address: asked.push(name) > 0 ? '192.0.2.9' : '' }]);
  return { lookup: systemLookup(hostsFile, ask), asked };
}

t.test('the hosts file goes first', async (t) => {
  const { lookup, asked } = newLookup(t);
  t.same(await lookup('proxy-a'), ['10.0.0.1', 'fd00::1']);
  t.same(await lookup('proxy-a.example.com'), ['10.0.0.1']);
  t.same(await lookup('proxy-a-2.'), ['10.0.0.2']);
  t.same(asked, []);
});

t.test('all others are asked for with a dot at the end, which keeps search domains out', async (t) => {
  const { lookup, asked } = newLookup(t);
  for (const name of ['proxy-x', 'proxy.example.com', 'proxy.example.com.']) t.same(await lookup(name), ['192.0.2.9']);
  t.same(asked, ['proxy-x.', 'proxy.example.com.', 'proxy.example.com.']);
});

t.test('a host without a hosts file has DNS', async (t) => {
  const lookup = systemLookup(join(tempFolder(t), 'none'), () => Promise.resolve([{ address: '192.0.2.9' }]));
  t.same(await lookup('proxy-a'), ['192.0.2.9']);
});

t.test('the system knows localhost', async (t) => {
  const addresses = await systemLookup()('localhost');
  t.ok(addresses.includes('127.0.0.1') || addresses.includes('::1'));
});
