import t from 'tap';
import { sipDate } from '../../lib/sip/date.ts';

void t.test('a date has the form of RFC 1123, in GMT', (t) => {
  t.equal(sipDate(Date.UTC(2010, 10, 3, 23, 29, 0)), 'Wed, 03 Nov 2010 23:29:00 GMT');
  t.equal(sipDate(Date.UTC(2010, 10, 3, 23, 29, 0, 999)), 'Wed, 03 Nov 2010 23:29:00 GMT');
  t.equal(sipDate(Date.UTC(2010, 10, 3, 23, 29, 1)), 'Wed, 03 Nov 2010 23:29:01 GMT');
  t.equal(sipDate(Date.UTC(2010, 10, 3, 23, 29, 0)), 'Wed, 03 Nov 2010 23:29:00 GMT', 'time may go back');
  t.end();
});
