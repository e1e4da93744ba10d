import t from 'tap';
import type { DaemonAnswer } from '../../lib/doctor/daemon-answer.ts';
import { checkDaemon, readDaemonFacts, type DaemonFacts } from '../../lib/doctor/daemon.ts';
import { answer, config, NOT_RUNNING, pairConfig } from './support/healthy.ts';
import { said } from './support/said.ts';

const check = (answerOfIt: DaemonAnswer, others: Partial<DaemonFacts> = {}) =>
  said(
    checkDaemon({
      answer: answerOfIt,
      installedVersion: '1.2.3',
      openFilesMax: 65_536,
      config: pairConfig(),
      ...others,
    }),
  );

t.test('a daemon that is well', async (t) => {
  t.strictSame(check(answer()), []);
});

t.test('a daemon that does not run, hangs, or cannot be asked', async (t) => {
  t.match(check(NOT_RUNNING), [/^error: the daemon does not answer: there is no socket/]);
  t.match(check({ kind: 'silent', reason: 'it said nothing for 10 s', remedy: 'what' }), [
    /^error: the daemon does not answer: it said nothing/,
  ]);
  t.match(check({ kind: 'unasked', reason: 'why', remedy: 'what' }), [/^unchecked: the daemon \(why\)/]);
});

t.test('another version is installed than runs', async (t) => {
  t.match(check(answer({ version: '1.2.2' })), [
    /^warning: the daemon that runs is version 1.2.2, and installed is 1.2.3/,
  ]);
  const facts = { answer: answer({ version: '1.2.2' }), installedVersion: '1.2.3', openFilesMax: 65_536 };
  const remedies = [pairConfig(), config('')].map((own) => checkDaemon({ ...facts, config: own })[0]?.remedy);
  t.match(remedies, [/^restart the daemon of the passive node/, /^restart the daemon$/]);
});

t.test('what the daemon says of itself', async (t) => {
  t.match(check(answer({ degraded: ['clock'] })), [/^error: degraded: clock/]);
  t.match(check(answer({ degraded: ['mark'] })), [/^warning: degraded: mark/]);
  t.match(check(answer({ degraded: ['address'] })), [/^info: degraded: address/]);
  t.match(check(answer({ degraded: ['tired'] })), [/^warning: degraded: tired/]);
  t.strictSame(check(answer({ degraded: ['twin', 'sync'] })), [], 'that is said of the other node');
  const keepalived = { state: 'FAULT', since: '2026-11-27T03:12:05.000Z' };
  t.match(check(answer({ degraded: ['keepalived'], keepalived })), [
    /^error: keepalived says FAULT since 2026-11-27T03:12:05.000Z: this node gets no address/,
  ]);
  const storage = { mode: 'write-back', state: 'degraded', reason: 'disk full' };
  t.match(check(answer({ degraded: ['disk'], storage })), [/^error: degraded: disk: .*: disk full/]);
});

t.test('too few open files for the connections of phones', async (t) => {
  t.match(check(answer(), { openFilesMax: 1024 }), [
    /^warning: the daemon may open 1024 files, and .*\(10000\) needs 10128/,
  ]);
  t.match(check(answer(), { openFilesMax: undefined }), [/^unchecked: the daemon's limit of open files/]);
  const behindServer = pairConfig('sip: {engine: drachtio}');
  t.strictSame(
    check(answer(), { openFilesMax: 1024, config: behindServer }),
    [],
    'drachtio-server has the connections',
  );
  const { openFilesMax } = await readDaemonFacts(answer({ pid: process.pid }), '1', pairConfig());
  t.ok(Number(openFilesMax) > 0);
});

t.test('management over HTTP that is configured and not served', async (t) => {
  t.match(check(answer({ management: ['/tmp/fifo'] })), [/^error: management over HTTP is not served/]);
  t.match(check(answer({ management: [] }), { config: config('') }), [/^warning: management over HTTP is not served/]);
  t.strictSame(check(answer({ management: [] }), { config: config('mi: {http: off}') }), []);
});
