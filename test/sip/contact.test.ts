import t from 'tap';
import { CONTACTS_MAX } from '../../lib/sip/limits.ts';
import { register } from './support/register.ts';

function contactsOf(...rows: readonly string[]) {
  return register({ rows }).contacts();
}

void t.test('a request without Contact has none', (t) => {
  t.same(contactsOf(), { kind: 'none' });
  t.end();
});

void t.test('the parameters that a registrar wants are read, the others kept', (t) => {
  const params =
    ';EXPIRES=60;q=0.5;+sip.instance="<urn:uuid:0-1>";received="sip:1.2.3.4:5";methods="INVITE, BYE";other="x,y";flag';
  t.same(contactsOf(`Contact: "A, B" <sip:a@b;x=1?h=2> ${params}`), {
    kind: 'list',
    contacts: [
      {
        uriText: 'sip:a@b;x=1?h=2',
        params,
        q: '0.5',
        expires: '60',
        instance: '<urn:uuid:0-1>',
        received: 'sip:1.2.3.4:5',
        methods: 'INVITE, BYE',
      },
    ],
  });
  t.end();
});

void t.test('rows, comma lists and the compact form read the same', (t) => {
  const one = contactsOf('Contact: <sip:a,1@b>;expires=1, "x,y" <sip:b@b>;q="0.1" , sip:c@b;expires=3');
  const many = contactsOf(
    'Contact: <sip:a,1@b>;expires=1',
    'm: "x,y" <sip:b@b>;q="0.1"',
    'CONTACT : sip:c@b;expires=3',
  );
  const folded = contactsOf(
    'Contact:\r\n <sip:a,1@b>\r\n\t;expires=1 ,\r\n "x,y" <sip:b@b>;q=\r\n "0.1",\r\n sip:c@b;expires=3',
  );
  t.match(one, {
    kind: 'list',
    contacts: [{ uriText: 'sip:a,1@b', expires: '1' }, { q: '0.1' }, { uriText: 'sip:c@b', expires: '3' }],
  });
  t.same(many, one);
  t.match(folded, {
    contacts: [{ uriText: 'sip:a,1@b', expires: '1' }, { q: '0.1' }, { uriText: 'sip:c@b', expires: '3' }],
  });
  t.end();
});

void t.test('a star counts as such, and it is told whether it is alone', (t) => {
  t.same(contactsOf('Contact: *'), { kind: 'star', alone: true });
  t.same(contactsOf('m:*'), { kind: 'star', alone: true });
  t.same(contactsOf('Contact: *, <sip:a@b>'), { kind: 'star', alone: false });
  t.same(contactsOf('Contact: <sip:a@b>', 'Contact: *'), { kind: 'star', alone: false });
  t.same(contactsOf('Contact: *', 'Contact: *'), { kind: 'star', alone: false });
  t.match(contactsOf('Contact: * <sip:a@b>'), { kind: 'list' }, 'a star may be a display name');
  t.match(contactsOf('Contact: *;expires=0'), { status: 400 });
  t.end();
});

void t.test('one malformed Contact makes the whole list a fault', (t) => {
  for (const row of [
    'Contact:',
    'Contact: ,',
    'Contact: <sip:a@b>,',
    'Contact: <sip:a@b>;;',
    'Contact: <sip:a@b',
    'Contact: "a <sip:a@b>',
  ]) {
    t.match(contactsOf('Contact: <sip:ok@b>', row), { status: 400 }, row);
  }
  t.end();
});

void t.test('more contacts than the limit are refused, over rows and lists', (t) => {
  const list = Array.from({ length: CONTACTS_MAX }, (_, at) => `<sip:${String(at)}@b>`).join(',');
  t.match(contactsOf(`Contact: ${list}`), { kind: 'list' });
  t.match(contactsOf(`Contact: ${list}`, 'Contact: <sip:x@b>'), { status: 400, reason: 'Too Many Contacts' });
  t.match(contactsOf(`Contact: ${list},*`), { status: 400, reason: 'Too Many Contacts' });
  t.end();
});
