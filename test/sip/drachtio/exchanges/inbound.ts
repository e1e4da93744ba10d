import { ask } from './answered.ts';
import { requestText, rowsText, transactionOf, type Exchange } from './exchange.ts';

/** Requests of phones: how they reach apps, and what becomes of them without one. */
export const INBOUND_EXCHANGES: readonly Exchange[] = [
  {
    name: 'register-retransmitted',
    title:
      'A REGISTER that comes again is absorbed: without a word while the app thinks, with the same answer after that',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      const text = requestText(phone, { id: 'register-retransmitted' });
      phone.send(text);
      const request = await app.get();
      phone.send(text);
      await phone.nothing();
      await app.nothing();
      app.send(`1|sip|${transactionOf(request)}|`, 'SIP/2.0 200 OK\r\n\r\n');
      const answer = await phone.get();
      await app.get();
      await phone.getsAgain(text, answer);
      await app.nothing();
    },
  },
  {
    name: 'no-app',
    title: 'Without an app that wants them the server answers 503 by itself',
    async play(stage) {
      const phone = await stage.phone();
      phone.send(requestText(phone, { id: 'no-app' }));
      await phone.get();
    },
  },
  {
    name: 'no-app-then-one',
    title:
      'What the server answered by itself it has forgotten: the same request again goes to an app that has come meanwhile',
    async play(stage) {
      const phone = await stage.phone();
      const text = requestText(phone, { id: 'no-app-then-one' });
      phone.send(text);
      await phone.get();
      const app = await stage.routed('register');
      phone.send(text);
      await phone.rest();
      await app.rest();
      const refused = requestText(phone, { id: 'no-app-then-one', cseq: 2 }).replace(/^Call-ID.*\r\n/m, '');
      phone.send(refused);
      await phone.get();
      phone.send(refused);
      await phone.rest();
      await app.rest();
    },
  },
  {
    name: 'app-gone',
    title: 'The app goes while a request is with it: that one is never answered, new ones get 503',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      const text = requestText(phone, { id: 'app-gone' });
      phone.send(text);
      await app.get();
      await app.close();
      phone.send(text);
      await phone.nothing();
      phone.send(requestText(phone, { id: 'app-gone', cseq: 2 }));
      await phone.get();
    },
  },
  {
    name: 'another-app-answers',
    title: 'A transaction belongs to nobody: another app may answer it',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      phone.send(requestText(phone, { id: 'another-app-answers' }));
      const request = await app.get();
      await app.close();
      const other = await stage.app();
      other.send(`1|sip|${transactionOf(request)}|`, 'SIP/2.0 200 OK\r\n\r\n');
      await phone.get();
      await other.get();
    },
  },
  {
    name: 'via',
    title: 'What the server adds to Via: received and rport, whether asked for or not, and where the answer goes',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      const variants = [
        `Via: SIP/2.0/UDP ${phone.host};branch=z9hG4bK-via-a`,
        `Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-via-b`,
        `v: SIP/2.0/UDP   192.0.2.1;rport;branch=z9hG4bK-via-c;x=y`,
        `Via: SIP/2.0/UDP phone.example.com;branch=z9hG4bK-via-d, SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK-via-e`,
        `Via: SIP/2.0/UDP 192.0.2.1;received=192.0.2.9;rport=1;branch=z9hG4bK-via-f`,
      ];
      let cseq = 0;
      for (const via of variants) {
        cseq += 1;
        const text = requestText(phone, { id: 'via', cseq }).replace(/^Via: .*$/m, via);
        await ask(app, phone, text, 'SIP/2.0 200 OK\r\n\r\n');
      }
    },
  },
  {
    name: 'header-forms',
    title: 'Headers reach the app as they came: compact names, case, order, folding, spaces',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      const text = rowsText([
        'REGISTER sip:example.com;user=phone SIP/2.0',
        `v: SIP/2.0/UDP ${phone.host};branch=z9hG4bK-header-forms`,
        `m: <sip:alice@${phone.host}>`,
        'X-CUSTOM:tight',
        'f : Alice <sip:alice@example.com>;tag=from-header-forms',
        't:<sip:alice@example.com>',
        'i: header-forms',
        'CSEQ: 0001 REGISTER',
        'subject: folded',
        '  over two',
        '\tand three lines',
        'Contact: <sip:alice@192.0.2.7>',
        ' ;expires=5',
        'k: path',
        'x-unknown;param: no',
        'l: 0',
      ]).replace('x-unknown;param: no\r\n', '');
      await ask(app, phone, text, 'SIP/2.0 200 OK\r\n\r\n');
    },
  },
  {
    name: 'register-tcp',
    title: 'A REGISTER over TCP, two in one piece, one in pieces, and keep-alives',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone('tcp');
      await ask(app, phone, requestText(phone, { id: 'register-tcp' }), 'SIP/2.0 200 OK\r\n\r\n');
      phone.send('\r\n\r\n');
      await phone.get();
      phone.send(
        requestText(phone, { id: 'register-tcp', cseq: 2 }) + requestText(phone, { id: 'register-tcp', cseq: 3 }),
      );
      for (const request of [await app.get(), await app.get()]) {
        app.send(`1|sip|${transactionOf(request)}|`, 'SIP/2.0 200 OK\r\n\r\n');
        await phone.get();
        await app.get();
      }
      const text = requestText(phone, { id: 'register-tcp', cseq: 4 });
      const half = text.indexOf('x-Forwards');
      phone.send(text.slice(0, half));
      await stage.settled();
      await ask(app, phone, text.slice(half), 'SIP/2.0 200 OK\r\n\r\n');
    },
  },
  {
    name: 'keepalive-udp',
    title: 'Keep-alives over UDP are ignored',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      for (const text of ['\r\n\r\n', '\r\n', '\0\0\0\0', '\0', 'hello']) {
        phone.send(text);
        await phone.nothing();
      }
      await app.nothing();
    },
  },
  {
    name: 'tcp-phone-gone',
    title: 'A phone that closed its connection before the answer',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone('tcp');
      phone.send(requestText(phone, { id: 'tcp-phone-gone' }));
      const request = await app.get();
      await phone.hangUp();
      const fence = await stage.phone();
      await fence.nothing();
      app.send(`1|sip|${transactionOf(request)}|`, 'SIP/2.0 200 OK\r\n\r\n');
      await app.get();
    },
  },
  {
    name: 'options-in',
    title: 'OPTIONS of a phone is a request as any other',
    async play(stage) {
      const app = await stage.routed('options');
      const phone = await stage.phone();
      await ask(
        app,
        phone,
        requestText(phone, { id: 'options-in', method: 'OPTIONS', rows: [] }),
        rowsText(['SIP/2.0 200 OK', 'Allow: REGISTER, OPTIONS', 'Accept: application/sdp', 'Supported: path']),
      );
    },
  },
  {
    name: 'other-methods',
    title: 'Methods that no app wants, and such as the server decides itself',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      for (const method of ['INVITE', 'MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'NOTIFY', 'INFO', 'OPTIONS']) {
        phone.send(requestText(phone, { id: `other-methods-${method}`, method }));
        await phone.get();
        if (method === 'INVITE') await phone.get();
      }
      for (const method of ['BYE', 'CANCEL', 'UPDATE']) {
        phone.send(requestText(phone, { id: `other-methods-${method}`, method }));
        await phone.get();
      }
      for (const method of ['ACK', 'REFER', 'DANCE', 'register']) {
        phone.send(requestText(phone, { id: `other-methods-${method}`, method }));
        await phone.nothing();
      }
      await app.nothing();
    },
  },
  {
    // An assertion of its: a server that was built with NDEBUG lives on.
    name: 'prack',
    title: 'A PRACK outside of a dialog ends the server',
    own: {},
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      phone.send(requestText(phone, { id: 'prack', method: 'PRACK', rows: ['RAck: 1 1 INVITE'] }));
      await app.closed();
      await stage.server.ended();
      stage.note('the server has ended');
    },
  },
];
