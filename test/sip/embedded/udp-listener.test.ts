import t from 'tap';
import { Dispatcher } from '../../../lib/sip/serving/dispatcher.ts';
import type { EngineContext } from '../../../lib/sip/embedded/engine-context.ts';
import { EngineStatistics } from '../../../lib/sip/serving/engine-statistics.ts';
import { FlushQueue } from '../../../lib/sip/serving/flush-queue.ts';
import { OccasionalLog } from '../../../lib/sip/serving/occasional-log.ts';
import { ReplyReceiver } from '../../../lib/sip/embedded/reply-receiver.ts';
import { StallGuard } from '../../../lib/sip/serving/stall-guard.ts';
import { UdpListener } from '../../../lib/sip/embedded/udp-listener.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordedLog } from './recorded-log.ts';
import { requestText } from './sip-text.ts';
import { listener, UDP } from './test-engine.ts';

/** A listener that is not bound, with whatever its request handler saw. */
function unboundListener(): { udp: UdpListener; statistics: EngineStatistics; log: RecordedLog; callIds: string[] } {
  const [clock, log, statistics] = [new ManualClock(), new RecordedLog(), new EngineStatistics()];
  const callIds: string[] = [];
  const handlers = new Map([
    ['REGISTER', ({ request }: { request: { callId: string } }) => void callIds.push(request.callId)],
  ]);
  const replyReceiver = new ReplyReceiver(() => undefined, statistics);
  const dispatcher = new Dispatcher(handlers, [], { send: () => undefined }, replyReceiver, statistics);
  const occasionalLog = new OccasionalLog(log, clock);
  const [flushQueue, stallGuard] = [new FlushQueue(), new StallGuard(0, clock, log, statistics)];
  const context: EngineContext = { dispatcher, statistics, flushQueue, stallGuard, clock, log, occasionalLog };
  return { udp: new UdpListener(listener('udp', '192.0.2.1', 5060), UDP, context), statistics, log, callIds };
}

t.test('all datagrams of a batch are taken in their order, but what comes from port 0 cannot be answered', (t) => {
  const { udp, statistics, callIds } = unboundListener();
  const datagram = (callId: string, port: number) => ({
    bytes: Buffer.from(requestText({ callId })),
    address: '192.0.2.7',
    port,
  });
  udp.onBatch([datagram('a', 5060), datagram('b', 0), datagram('c', 5060)]);
  t.same(callIds, ['a', 'c']);
  t.equal(statistics.drops['source_port'], 1);
  t.end();
});

t.test('failures to receive are counted each, and logged once a minute', (t) => {
  const { udp, statistics, log } = unboundListener();
  udp.onReceiveError(new Error('ENETDOWN'));
  udp.onReceiveError(new Error('ENETDOWN'));
  t.equal(statistics.receiveErrors, 2);
  t.match(log.lines, [{ level: 'warn', fields: { err: { message: 'ENETDOWN' }, socket: 'udp:192.0.2.1:5060' } }]);
  t.equal(log.lines.length, 1);
  t.end();
});
