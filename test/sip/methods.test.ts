import t from 'tap';
import { KNOWN_METHODS, methodsBitmask } from '../../lib/sip/methods.ts';

void t.test('the methods of SIP are known, in upper case only', (t) => {
  t.equal(KNOWN_METHODS.size, 14);
  t.ok(KNOWN_METHODS.has('REGISTER'));
  t.notOk(KNOWN_METHODS.has('register'));
  t.end();
});

void t.test('a list of methods becomes usrloc`s bitmask', (t) => {
  t.equal(methodsBitmask('INVITE'), 1);
  t.equal(methodsBitmask('INVITE, ACK,CANCEL , BYE'), 15);
  t.equal(methodsBitmask('INFO,OPTIONS,UPDATE,REGISTER,MESSAGE,SUBSCRIBE,NOTIFY,PRACK,REFER,PUBLISH'), 16_383 - 15);
  t.equal(methodsBitmask('INVITE,NEWMETHOD,,invite'), 1, 'what is unknown counts nothing');
  t.equal(methodsBitmask(''), 0);
  t.end();
});
