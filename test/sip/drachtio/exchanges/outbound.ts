import { freePort } from '../../../support/free-port.ts';
import { asked, pinged, type AskedParts } from './asked.ts';
import { answerText, rowsText, type Exchange } from './exchange.ts';
import type { App, Phone, Stage } from './stage.ts';

/** The app asks for a request that the server does not send. */
async function refused(app: App, phone: Phone, parts: AskedParts): Promise<void> {
  app.send(...asked(phone, parts));
  await app.get();
}

/** A port where nobody listens, known by a name. */
async function deadPort(stage: Stage): Promise<number> {
  const port = await freePort(stage.server.address);
  stage.transcript.names.fix(String(port), '<port of nobody>');
  return port;
}

/** Requests of apps, and what becomes of them. */
export const OUTBOUND_EXCHANGES: readonly Exchange[] = [
  {
    name: 'options-200',
    title: 'OPTIONS to a next hop, answered with 200',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      await pinged(app, phone, { id: 'options-200', uri: 'sip:alice@192.0.2.7:5070;line=1' }, '200 OK', [
        'Allow: INVITE, ACK',
        `Contact: <sip:alice@${phone.host}>`,
        'User-Agent: phone/1.0',
      ]);
      await phone.nothing();
      await app.nothing();
    },
  },
  {
    name: 'options-no-next-hop',
    title: 'OPTIONS without a next hop goes where its URI says',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      await pinged(app, phone, { id: 'options-no-next-hop', hop: '' });
    },
  },
  {
    name: 'options-refused',
    title: 'Answers that are no 200 reach the app the same way, a provisional one too, but for 100',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      for (const status of [
        '404 Not Found',
        '486 Busy Here',
        '500 Server Internal Error',
        '503 Service Unavailable',
        '603 Decline',
      ]) {
        await pinged(app, phone, { id: `options-refused-${status.slice(0, 3)}` }, status);
      }
      app.send(...asked(phone, { id: 'options-refused-100' }));
      await app.get();
      const request = await phone.get();
      phone.send(answerText(request, '100 Trying'));
      await phone.nothing();
      await app.nothing();
      phone.send(answerText(request, '180 Ringing'));
      await app.get();
      phone.send(answerText(request, '200 OK'));
      await app.get();
    },
  },
  {
    name: 'options-headers',
    title:
      'What the app may say in a request: From, To, Call-ID, CSeq, Max-Forwards and the like; what it may not is dropped',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      await pinged(app, phone, {
        id: 'options-headers',
        rows: [
          'From: "Registrar" <sip:registrar@example.com>;x=y',
          'To: <sip:someone@example.com>',
          'Call-ID: options-headers',
          'CSeq: 99 OPTIONS',
          'Max-Forwards: 5',
          'User-Agent: registrar',
          'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-of-the-app',
          'Route: <sip:192.0.2.1;lr>',
          'Record-Route: <sip:192.0.2.1;lr>',
          'RSeq: 1',
          'Content-Length: 17',
          'Accept: application/sdp',
          'Event: registration',
          'X-Custom: one',
          'Contact: <sip:registrar@192.0.2.1:5060;x=y>',
        ],
      });
    },
  },
  {
    name: 'options-bare',
    title: 'A request with nothing but its first line: the server makes From, To, Call-ID, CSeq and Max-Forwards',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      await pinged(app, phone, { id: 'options-bare', rows: [] });
    },
  },
  {
    name: 'options-localhost',
    title: 'localhost in From is the server',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      await pinged(app, phone, {
        id: 'options-localhost',
        rows: ['From: <sip:registrar@localhost>', `To: <sip:alice@${phone.host}>`, 'Call-ID: options-localhost'],
      });
    },
  },
  {
    name: 'options-path',
    title: 'Path as a header of the URI: the server makes Route of it, and sends to the first one',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      const route = `%3Csip:${phone.host}%3Blr%3E%2C%3Csip:p2.example.com%3Blr%3E`;
      const rows = (id: string) => [
        'From: <sip:registrar@example.com>',
        'To: <sip:alice@192.0.2.7>',
        `Call-ID: ${id}`,
        'CSeq: 7 OPTIONS',
      ];
      await pinged(app, phone, {
        id: 'options-path',
        uri: `sip:alice@192.0.2.7?Route=${route}`,
        hop: '',
        rows: rows('options-path'),
      });
      await pinged(app, phone, {
        id: 'options-path-hop',
        uri: 'sip:alice@192.0.2.7:5070;line=1?Route=%3Csip:p1.example.com%3Blr%3E%2C%3Csip:p2.example.com%3Blr%3E',
        rows: rows('options-path-hop'),
      });
      await pinged(app, phone, {
        id: 'options-path-params',
        uri: 'sip:alice@192.0.2.7?Route=%3Csip:abc%40p1.example.com:5070%3Btransport=tcp%3Blr%3Breceived=%22x%22%3E',
        rows: rows('options-path-params'),
      });
    },
  },
  {
    name: 'options-uri-headers',
    title: 'Other headers of a URI become real ones too: what a phone registered would write them',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      await pinged(app, phone, {
        id: 'options-uri-headers',
        uri: 'sip:alice@192.0.2.7?X-Injected=1&Subject=hello',
        rows: ['From: <sip:registrar@example.com>', 'To: <sip:alice@192.0.2.7>', 'Call-ID: options-uri-headers'],
      });
    },
  },
  {
    name: 'options-strange-uris',
    title: 'URIs with parameters, escapes, sips and without a user',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      const uris = [
        'sip:192.0.2.7',
        'sip:alice%40home@192.0.2.7;user=phone;ob',
        'sip:a%3Bb@[2001:db8::1]:5070;transport=tcp',
        'sip:alice;x=y@192.0.2.7',
        'sip:+1-23@phone.example.com;transport=UDP',
        'SIP:Alice@PHONE.example.com:05060',
        'sip:alice:secret@192.0.2.7',
        'sip:"alice"@192.0.2.7',
        'http://192.0.2.7/',
      ];
      let number = 0;
      for (const uri of uris) {
        number += 1;
        const id = `options-strange-uris-${String(number)}`;
        await pinged(app, phone, {
          id,
          uri,
          rows: ['From: <sip:registrar@example.com>', `To: <${uri}>`, `Call-ID: ${id}`, 'CSeq: 7 OPTIONS'],
        });
      }
    },
  },
  {
    name: 'options-not-sent',
    title:
      'Requests that the server does not send: to itself, over a transport that it has not, to a URI that it does not understand',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      const { address, sipPort } = stage.server;
      const own = `sip:alice@${address}:${String(sipPort)}`;
      const to = 'To: <sip:alice@example.com>';
      await refused(app, phone, { id: 'to-itself', uri: own, rows: [to] });
      await refused(app, phone, { id: 'tls', hop: `sip:${phone.host};transport=tls`, rows: [to] });
      await refused(app, phone, { id: 'ws', hop: `sip:${phone.host};transport=ws`, rows: [to] });
      await refused(app, phone, { id: 'ipv6', hop: 'sip:[::1]:5060', rows: [to] });
      await refused(app, phone, { id: 'no-uri', uri: 'alice', rows: [to] });
      await refused(app, phone, { id: 'method', method: 'DANCE', rows: [to] });
      await refused(app, phone, { id: 'to-of-headers', uri: 'sip:alice@192.0.2.7?Route=%3Csip:p1%3Blr%3E', rows: [] });
      await phone.nothing();
      await app.nothing();
    },
  },
  {
    name: 'options-unreachable',
    title:
      'A place that refuses is a 503 of the server itself, over UDP and over TCP; a name that does not resolve too',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      const host = `${stage.server.address}:${String(await deadPort(stage))}`;
      const hops = [
        `sip:${host};transport=udp`,
        `sip:${host};transport=tcp`,
        `sip:${host}`,
        'sip:nowhere.invalid:5060;transport=udp',
      ];
      let number = 0;
      for (const hop of hops) {
        number += 1;
        const id = `options-unreachable-${String(number)}`;
        app.send(...asked(phone, { id, hop, uri: 'sip:alice@192.0.2.7' }));
        await app.get();
        await app.get();
      }
      await app.nothing();
    },
  },
  {
    name: 'options-sips',
    title: 'A sips URI without a TLS socket',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      app.send(...asked(phone, { id: 'options-sips', uri: 'sips:alice@192.0.2.7', hop: '' }));
      await app.get();
      await app.get();
    },
  },
  {
    name: 'options-408',
    title: 'A phone that says nothing is a 408 of the server itself',
    own: { timers: { t1x64Ms: 3000 } },
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      app.send(...asked(phone, { id: 'options-408' }));
      await app.get();
      await phone.get();
      await app.get();
    },
  },
  {
    name: 'options-late',
    title: 'Answers that nobody waits for: again the same, after the 408, to no request at all, with another branch',
    own: { timers: { t1x64Ms: 3000 } },
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      app.send(...asked(phone, { id: 'options-late' }));
      await app.get();
      const request = await phone.get();
      phone.send(answerText(request, '200 OK').replace(/branch=z9hG4bK\w+/, 'branch=z9hG4bK-other'));
      await phone.nothing();
      await app.nothing();
      phone.send(answerText(request, '200 OK'));
      await app.get();
      phone.send(answerText(request, '200 OK'));
      phone.send(answerText(request, '404 Not Found'));
      await phone.nothing();
      await app.nothing();
      app.send(...asked(phone, { id: 'options-late-2' }));
      await app.get();
      const unanswered = await phone.get();
      await app.get();
      phone.send(answerText(unanswered, '200 OK'));
      await phone.nothing();
      await app.nothing();
    },
  },
  {
    name: 'options-answer-malformed',
    title: 'Answers that are no SIP, or have another From tag, are ignored',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      app.send(...asked(phone, { id: 'options-answer-malformed' }));
      await app.get();
      const request = await phone.get();
      phone.send('SIP/2.0 200 OK\r\n\r\n');
      phone.send(answerText(request, '200 OK').replace(/^CSeq: .*\r\n/m, ''));
      phone.send(answerText(request, '99 Nothing'));
      phone.send(answerText(request, 'OK OK'));
      await phone.nothing();
      await app.nothing();
      phone.send(answerText(request, '200 OK').replace(/^From: .*$/m, 'From: <sip:other@example.com>;tag=other'));
      await phone.nothing();
      await app.nothing();
      phone.send(answerText(request, '200 OK').replace(/^From: .*(;tag=.*)$/m, 'From: <sip:other@example.com>$1'));
      phone.send(answerText(request, '404 Not Found'));
      await app.get();
    },
  },
  {
    name: 'options-cancel',
    title: 'OPTIONS cannot be cancelled',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      app.send(...asked(phone, { id: 'options-cancel' }));
      const { tokens } = await app.get();
      const request = await phone.get();
      app.send(`cancel|sip|${tokens[10] ?? ''}|`, rowsText([`CANCEL sip:alice@${phone.host} SIP/2.0`]));
      await app.get();
      phone.send(answerText(request, '200 OK'));
      await app.get();
    },
  },
  {
    name: 'options-app-gone',
    title: 'The app goes before the answer: nobody else gets it',
    async play(stage) {
      const app = await stage.app();
      const other = await stage.app();
      const phone = await stage.phone();
      app.send(...asked(phone, { id: 'options-app-gone' }));
      await app.get();
      const request = await phone.get();
      await app.close();
      phone.send(answerText(request, '200 OK'));
      await phone.nothing();
      await other.nothing();
    },
  },
  {
    name: 'options-large',
    title: 'A request that is longer than a datagram should be leaves in one where the next hop says UDP',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      await pinged(app, phone, {
        id: 'options-large',
        uri: 'sip:alice@192.0.2.7',
        rows: ['From: <sip:registrar@example.com>', 'To: <sip:alice@192.0.2.7>', `X-Long: ${'x'.repeat(2000)}`],
      });
    },
  },
  {
    name: 'options-long-line',
    title: 'The server keeps 512 octets of a first line',
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      await refused(app, phone, { id: 'long-line', uri: `sip:alice@192.0.2.7;line=${'x'.repeat(1200)}`, rows: [] });
      await phone.nothing();
    },
  },
  {
    name: 'options-tel',
    title: 'OPTIONS to a tel URI ends the server',
    own: {},
    async play(stage) {
      const app = await stage.app();
      const phone = await stage.phone();
      app.send(...asked(phone, { id: 'options-tel', uri: 'tel:+4930123' }));
      await app.closed();
      await stage.server.ended();
      stage.note('the server has ended');
    },
  },
];
