import t from 'tap';
import type { DumpedAor, DumpedContact } from './daemon.ts';
import { cseqsOf, differences, tableOf } from './shown-table.ts';

function contact(fields: Partial<DumpedContact> = {}): DumpedContact {
  return {
    Contact: 'sip:a@192.0.2.1',
    ContactID: '1',
    Expires: 3600,
    Callid: 'a',
    Cseq: 1,
    State: 'CS_NEW',
    ...fields,
  };
}

function alice(...contacts: DumpedContact[]): readonly DumpedAor[] {
  return [{ AOR: 'alice@example.com', Contacts: contacts }];
}

const MOBILE = contact({ Contact: 'sip:a@192.0.2.2', Callid: 'b', Cseq: 7 });

t.test('two dumps are alike whatever the order of contacts and their ids', (t) => {
  const one = tableOf(alice(contact(), MOBILE));
  const two = tableOf(alice({ ...MOBILE, ContactID: '9' }, contact({ State: 'CS_SYNC', Expires: 3599 })));
  t.same(differences(one, two), []);
  t.same(cseqsOf(one), new Map(Object.entries({ a: 1, b: 7 })));
  t.end();
});

t.test('another contact, Call-ID, CSeq or expiry is a difference, and so is one more or less', (t) => {
  const one = tableOf(alice(contact()));
  const others: readonly (readonly DumpedAor[])[] = [
    [],
    alice(contact(), MOBILE),
    alice(contact({ Contact: 'sip:a@192.0.2.3' })),
    alice(contact({ Callid: 'c' })),
    alice(contact({ Cseq: 2 })),
    alice(contact({ Expires: 3500 })),
  ];
  for (const other of others) {
    t.equal(differences(one, tableOf(other)).length, 1);
    t.equal(differences(tableOf(other), one).length, 1);
  }
  t.end();
});
