import { ask } from './answered.ts';
import { requestText, rowsText, transactionOf, type Exchange } from './exchange.ts';

/** What apps answer to a REGISTER, and what the phone gets of it. */
export const ANSWER_EXCHANGES: readonly Exchange[] = [
  {
    name: 'register-200',
    title: 'A REGISTER, and a 200 with several contacts, Path, Service-Route and headers that SIP does not know',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      await ask(
        app,
        phone,
        requestText(phone, {
          id: 'register-200',
          rows: [
            `Contact: "Alice" <sip:alice@${phone.host};line=1>;q=0.5;expires=600;+sip.instance="<urn:uuid:00000000-0000-0000-0000-00000000000a>"`,
            `Contact: <sip:alice@192.0.2.7>, <sip:alice@192.0.2.8:5070;transport=tcp>`,
            'Path: <sip:p1.example.com;lr>,<sip:p2.example.com;lr>',
            'Supported: path, outbound',
            'User-Agent: phone/1.0',
            'Expires: 3600',
            'X-Anything: Value  with   spaces',
          ],
        }),
        rowsText([
          'SIP/2.0 200 OK',
          `Contact: <sip:alice@${phone.host};line=1>;expires=600;q=0.5`,
          'Contact: <sip:alice@192.0.2.7>;expires=3600',
          'Contact: <sip:alice@192.0.2.8:5070;transport=tcp>;expires=3600',
          'Path: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>',
          'Service-Route: <sip:orig@proxy.example.com;lr>',
          'P-Associated-URI: <sip:alice@example.com>, <tel:+49301234>',
          'Supported: path',
          'Date: Sat, 13 Nov 2010 23:29:00 GMT',
          'X-More: yes',
          'Server: registrar',
        ]),
      );
      await phone.nothing();
      await app.nothing();
    },
  },
  {
    name: 'register-one-contact-row',
    title: 'A 200 whose contacts stand in one row',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      await ask(
        app,
        phone,
        requestText(phone, { id: 'register-one-contact-row' }),
        rowsText([
          'SIP/2.0 200 OK',
          `Contact: <sip:alice@${phone.host}>;expires=600, <sip:alice@192.0.2.7>;expires=3600;q=0.7,"A, B" <sip:b@192.0.2.8>`,
        ]),
      );
    },
  },
  {
    name: 'register-40-contacts',
    title: 'A 200 with 40 contacts, and two of them without a pause',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      const contacts = Array.from(
        { length: 40 },
        (_, number) => `Contact: <sip:alice@192.0.2.${String(number)}:5060;line=0123456789abcdef>;expires=3600;q=0.5`,
      );
      const answer = rowsText(['SIP/2.0 200 OK', ...contacts]);
      await ask(app, phone, requestText(phone, { id: 'register-40-contacts' }), answer);
      phone.send(requestText(phone, { id: 'register-40-contacts', cseq: 2 }));
      phone.send(requestText(phone, { id: 'register-40-contacts', cseq: 3 }));
      const requests = [await app.get(), await app.get()];
      // The server tells orders under way by their identifiers.
      for (const [index, request] of requests.entries()) {
        app.send(`${String(index + 2)}|sip|${transactionOf(request)}|`, answer);
      }
      for (let turn = 0; turn < requests.length; turn += 1) {
        await phone.get();
        await app.get();
      }
    },
  },
  {
    name: 'register-no-contact',
    title: 'A 200 without a header of its own, and one with a reason of its own',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      await ask(app, phone, requestText(phone, { id: 'register-no-contact' }), 'SIP/2.0 200 OK\r\n\r\n');
      await ask(
        app,
        phone,
        requestText(phone, { id: 'register-no-contact', cseq: 2 }),
        'SIP/2.0 200 All right\r\n\r\n',
      );
    },
  },
  {
    name: 'register-401',
    title: 'A 401 with a challenge, then a REGISTER with credentials',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      await ask(
        app,
        phone,
        requestText(phone, { id: 'register-401' }),
        rowsText([
          'SIP/2.0 401 Unauthorized',
          'WWW-Authenticate: Digest realm="example.com", nonce="5f1e", algorithm=MD5, qop="auth"',
        ]),
      );
      await ask(
        app,
        phone,
        requestText(phone, {
          id: 'register-401',
          cseq: 2,
          rows: [
            `Contact: <sip:alice@${phone.host}>`,
            'Authorization: Digest username="alice", realm="example.com", nonce="5f1e", uri="sip:example.com", response="0"',
          ],
        }),
        rowsText(['SIP/2.0 200 OK', `Contact: <sip:alice@${phone.host}>;expires=60`]),
      );
    },
  },
  {
    name: 'register-refused',
    title:
      'Refusals: 423 with Min-Expires, 420 with Unsupported, 503 with Retry-After and an error that only twinreg knows',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      const answers = [
        ['SIP/2.0 423 Interval Too Brief', 'Min-Expires: 60'],
        ['SIP/2.0 420 Bad Extension', 'Unsupported: gruu'],
        ['SIP/2.0 503 Service Unavailable', 'Retry-After: 5', 'P-Registrar-Error: table full'],
        ['SIP/2.0 400 Bad Request', 'Warning: 399 example.com "Something is wrong"'],
        ['SIP/2.0 500 Server Internal Error', 'Retry-After: 3'],
        ['SIP/2.0 405 Method Not Allowed', 'Allow: REGISTER, OPTIONS'],
      ];
      let cseq = 0;
      for (const rows of answers) {
        cseq += 1;
        await ask(app, phone, requestText(phone, { id: 'register-refused', cseq }), rowsText(rows));
      }
    },
  },
  {
    name: 'register-dialog-headers',
    title:
      'Headers of an answer that belong to the server: Via, Route, Record-Route, RSeq and Content-Length are dropped, Call-ID, CSeq, From and To are its own',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      await ask(
        app,
        phone,
        requestText(phone, { id: 'register-dialog-headers' }),
        rowsText([
          'SIP/2.0 200 OK',
          'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-other',
          'Route: <sip:192.0.2.1;lr>',
          'Record-Route: <sip:192.0.2.1;lr>',
          'RSeq: 1',
          'Content-Length: 10',
          'Subject: kept',
          'x-small: letters',
          'p-charging-vector: letters',
        ]),
      );
    },
  },
  {
    name: 'register-to-tag',
    title: 'A To tag that the app chose',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      await ask(
        app,
        phone,
        requestText(phone, { id: 'register-to-tag' }),
        rowsText(['SIP/2.0 200 OK', 'To: <sip:alice@example.com>;tag=of-the-app']),
      );
    },
  },
  {
    name: 'register-provisional',
    title:
      'A 100 is the last word that an app has: the server ends the transaction with 500, and the 200 finds none any more',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      phone.send(requestText(phone, { id: 'register-provisional' }));
      const request = await app.get();
      app.send(`1|sip|${transactionOf(request)}|`, 'SIP/2.0 100 Trying\r\n\r\n');
      await phone.get();
      await phone.get();
      await app.get();
      app.send(`2|sip|${transactionOf(request)}|`, 'SIP/2.0 200 OK\r\n\r\n');
      await app.get();
      await phone.nothing();
    },
  },
  {
    name: 'register-answered-twice',
    title: 'The second answer to a request, and one to a transaction that never was, are refused',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      await ask(app, phone, requestText(phone, { id: 'register-answered-twice' }), 'SIP/2.0 200 OK\r\n\r\n');
      phone.send(requestText(phone, { id: 'register-answered-twice', cseq: 2 }));
      const request = await app.get();
      app.send(`1|sip|${transactionOf(request)}|`, 'SIP/2.0 200 OK\r\n\r\n');
      await phone.get();
      await app.get();
      app.send(`2|sip|${transactionOf(request)}|`, 'SIP/2.0 403 Forbidden\r\n\r\n');
      await app.get();
      app.send('3|sip|00000000-0000-0000-0000-000000000000|', 'SIP/2.0 200 OK\r\n\r\n');
      await app.get();
      await phone.nothing();
    },
  },
  {
    name: 'answer-without-transaction',
    title: 'An answer that names no transaction closes the connection',
    async play(stage) {
      const app = await stage.routed('register');
      app.send('1|sip||', 'SIP/2.0 200 OK\r\n\r\n');
      await app.get();
      await app.closed();
    },
  },
  {
    name: 'answer-folded',
    title: 'An answer with a Contact that is empty, or folded, ends as 500, and the app is told',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      await ask(app, phone, requestText(phone, { id: 'answer-folded' }), 'SIP/2.0 200 OK\r\nContact:\r\n\r\n');
      await ask(
        app,
        phone,
        requestText(phone, { id: 'answer-folded', cseq: 2 }),
        'SIP/2.0 200 OK\r\nContact: <sip:alice@192.0.2.7>;expires=1,\r\n <sip:alice@192.0.2.8>\r\n\r\n',
      );
    },
  },
  {
    name: 'answer-octets',
    title: 'Octets above 127 in an answer, and a header with a character that no name may have',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone();
      await ask(
        app,
        phone,
        requestText(phone, {
          id: 'answer-octets',
          rows: [`Contact: "M\xc3\xbcller \xe9" <sip:alice@${phone.host}>`, 'User-Agent: \xe9t\xe9'],
        }),
        rowsText([
          'SIP/2.0 200 OK',
          `Contact: "M\xc3\xbcller \xe9" <sip:alice@${phone.host}>;expires=60`,
          'X-Octets: \xc3\xbc',
          'X Bad: dropped',
          'no colon at all',
        ]),
      );
    },
  },
];
