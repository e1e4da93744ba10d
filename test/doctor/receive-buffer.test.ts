import t from 'tap';
import { buffersIn } from '../../lib/doctor/receive-buffer.ts';

t.test('the memory of a socket stands behind it or on the next line', async (t) => {
  const head = 'UNCONN 0      0      ';
  t.strictSame(
    buffersIn(
      `${head}10.0.0.150:5060  0.0.0.0:*  skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d0)\n` +
        `${head}[2001:DB8::1]:5060  [::]:* \n\t skmem:(r0,rb4194304,t0,tb212992,f0,w0,o0,bl0,d0)\n` +
        `${head}10.0.0.1%eth0:68  0.0.0.0:*    ino:7 skmem:(r0,rb1,t0)\n` +
        `${head}10.0.0.2:99  0.0.0.0:*\nnonsense\n`,
    ),
    [
      ['10.0.0.150:5060', 212_992],
      ['[2001:db8::1]:5060', 4_194_304],
      ['10.0.0.1:68', 1],
    ],
  );
});
