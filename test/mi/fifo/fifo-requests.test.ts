import t from 'tap';
import { FifoRequests, type FifoRequest } from '../../../lib/mi/fifo/fifo-requests.ts';

const BYTES_MAX = 100;

function requestsIn(...chunks: readonly string[]): FifoRequest[] {
  const requests = new FifoRequests(BYTES_MAX);
  return chunks.flatMap((chunk) => requests.push(Buffer.from(chunk)));
}

const json = (replyName: string, text: string) => ({ kind: 'json', replyName, text });
const text = (method: string, replyName: string, ...params: string[]) => ({ kind: 'text', method, replyName, params });

t.test('a JSON request ends with its object, with or without a line end', (t) => {
  t.strictSame(requestsIn(':r1:{"a":{"b":"}"}}'), [json('r1', '{"a":{"b":"}"}}')]);
  t.strictSame(requestsIn('::{"a":"\\"}"}\n:r2:{}\n\n'), [json('', '{"a":"\\"}"}'), json('r2', '{}')]);
  t.strictSame(requestsIn(':r:{"ü":1}'), [json('r', '{"ü":1}')]);
  t.end();
});

t.test('a JSON request whose line ends before it does is handed on as it is, and the next one is whole', (t) => {
  t.strictSame(requestsIn(':r1:{"a":\n:r2:{}'), [json('r1', '{"a":'), json('r2', '{}')]);
  t.end();
});

t.test('the text form of 2.4 has a parameter a line and ends with an empty line', (t) => {
  t.strictSame(requestsIn(':nh_enable_ping:osips_rply_1\n1\n\n'), [text('nh_enable_ping', 'osips_rply_1', '1')]);
  t.strictSame(requestsIn(':which:r\n\n:ul_rm:\nlocation\n"a b"\n\n'), [
    text('which', 'r'),
    text('ul_rm', '', 'location', 'a b'),
  ]);
  t.strictSame(
    requestsIn(':which:r\n:ps:r2\n\n'),
    [text('which', 'r'), text('ps', 'r2')],
    'the next request ends it too',
  );
  t.end();
});

t.test('requests may be cut anywhere', (t) => {
  const all = ':r1:{"a":"}\\""}:which:r2\n\njunk\n::{}\n:list:r3\n"x"\ny\n\n';
  const whole = requestsIn(all);
  t.equal(whole.length, 5);
  for (let at = 1; at < all.length; at++) t.strictSame(requestsIn(all.slice(0, at), all.slice(at)), whole, `at ${at}`);
  t.strictSame(requestsIn(...all), whole, 'one by one');
  t.end();
});

t.test('junk is skipped up to its line end', (t) => {
  t.strictSame(requestsIn('junk {} :x:\n:r:{}'), [{ kind: 'junk' }, json('r', '{}')]);
  t.strictSame(requestsIn('ju', 'nk', '\n:r:{}'), [{ kind: 'junk' }, json('r', '{}')]);
  t.strictSame(requestsIn(':no colon\n:r:{}'), [{ kind: 'junk' }, json('r', '{}')]);
  t.end();
});

t.test('a request that is too long is skipped up to its line end, and what is held stays bounded', (t) => {
  const long = `:r:{"a":"${'x'.repeat(BYTES_MAX)}`;
  t.strictSame(requestsIn(`${long}"}\n:s:{}`), [{ kind: 'too-long' }, json('s', '{}')]);
  t.strictSame(requestsIn(long, 'y'.repeat(500), '\n:s:{}'), [{ kind: 'too-long' }, json('s', '{}')]);
  t.strictSame(requestsIn(`:m:r\n${'p\n'.repeat(60)}`)[0], { kind: 'too-long' });
  t.end();
});

t.test('an unfinished request can be given up', (t) => {
  const requests = new FifoRequests(BYTES_MAX);
  t.strictSame(requests.push(Buffer.from(':r:{"a":"')), []);
  t.ok(requests.isUnfinished);
  requests.reset();
  t.notOk(requests.isUnfinished);
  t.strictSame(requests.push(Buffer.from(':s:{}')), [json('s', '{}')]);
  t.end();
});
