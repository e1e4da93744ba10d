import { AdminClient } from '../../../support/drachtio/admin-client.ts';
import { requestText, transactionOf, type Exchange } from './exchange.ts';

/** The connection between app and server. */
export const ADMIN_EXCHANGES: readonly Exchange[] = [
  {
    name: 'authenticate',
    title: 'An app that knows the secret is told where the server listens and which version it is',
    async play(stage) {
      const app = await stage.app();
      app.send(`1|authenticate|${stage.server.secret}`);
      await app.get();
      app.send(`2|authenticate|${stage.server.secret}|red,blue`);
      await app.get();
    },
  },
  {
    name: 'authenticate-refused',
    title: 'An app with another secret is refused, and its connection closed',
    async play(stage) {
      const app = await stage.app();
      app.send('1|authenticate|wrong');
      await app.get();
      await app.closed();
    },
  },
  {
    name: 'unauthenticated',
    title: 'The secret is asked for by nobody: an app that never said it gets requests and answers them',
    async play(stage) {
      const app = await stage.app();
      app.send('1|route|register');
      await app.get();
      const phone = await stage.phone();
      phone.send(requestText(phone, { id: 'unauthenticated' }));
      const request = await app.get();
      app.send(`2|sip|${transactionOf(request)}|`, 'SIP/2.0 200 OK\r\n\r\n');
      await phone.get();
      await app.get();
    },
  },
  {
    name: 'ping',
    title: 'A ping is answered',
    async play(stage) {
      const app = await stage.app();
      app.send('1|ping');
      await app.get();
    },
  },
  {
    name: 'route',
    title: 'Routes: any word is taken, and removing one removes all of that app',
    async play(stage) {
      const app = await stage.app();
      app.send('1|route|register');
      await app.get();
      app.send('2|route|nonsense');
      await app.get();
      const phone = await stage.phone();
      app.send('3|remove_route|options');
      await app.get();
      phone.send(requestText(phone, { id: 'route' }));
      await phone.get();
      await app.nothing();
    },
  },
  {
    name: 'route-upper-case',
    title: 'A route with a method in capitals is taken and never used',
    async play(stage) {
      const app = await stage.app();
      app.send('1|route|REGISTER');
      await app.get();
      const phone = await stage.phone();
      phone.send(requestText(phone, { id: 'route-upper-case' }));
      await phone.get();
      await app.nothing();
    },
  },
  {
    name: 'several-apps',
    title: 'Requests go around the apps that want them, and past one that has gone',
    own: {},
    async play(stage) {
      const apps = [await stage.routed('register'), await stage.routed('register'), await stage.routed('register')];
      const phone = await stage.phone();
      for (let turn = 1; turn <= 6; turn += 1) {
        // Which app comes first is the server's affair; that a departed one is passed over is not.
        if (turn === 5) await apps.shift()?.close();
        phone.send(requestText(phone, { id: 'several-apps', cseq: turn }));
        const app = await Promise.race(apps.map((each) => each.client.arrived().then(() => each)));
        const request = await app.get();
        app.send(`${String(turn)}|sip|${transactionOf(request)}|`, 'SIP/2.0 200 OK\r\n\r\n');
        await phone.get();
        await app.get();
      }
    },
  },
  {
    name: 'unknown-frame',
    title: 'A frame of an unknown type is refused, and the connection closed',
    async play(stage) {
      const app = await stage.app();
      app.send('1|dance');
      await app.get();
      await app.closed();
    },
  },
  {
    name: 'short-frame',
    title: 'A frame of one token is refused, and the connection closed',
    async play(stage) {
      const app = await stage.app();
      app.send('1');
      await app.get();
      await app.closed();
    },
  },
  {
    name: 'length-no-number',
    title: 'A length that is no number closes the connection',
    async play(stage) {
      const app = await stage.app();
      app.client.sendRaw('1x#1|ping');
      stage.note('app 1 sends 1x#1|ping');
      await app.closed();
    },
  },
  {
    name: 'length-of-six-digits',
    title: 'A length of six digits closes the connection',
    async play(stage) {
      const app = await stage.app();
      app.client.sendRaw('000006#1|ping');
      stage.note('app 1 sends 000006#1|ping');
      await app.closed();
    },
  },
  {
    name: 'split-frames',
    title: 'Frames may come in pieces, and several in one',
    async play(stage) {
      const app = await stage.app();
      app.client.sendRaw('6');
      await stage.settled();
      app.client.sendRaw('#1|pi');
      await stage.settled();
      app.client.sendRaw('ng6#2|ping6#3|pi');
      await stage.settled();
      app.client.sendRaw('ng');
      stage.note('app 1 sends three pings in four pieces');
      await app.get();
      await app.get();
      await app.get();
    },
  },
  {
    name: 'frame-of-12000',
    title: 'A frame of 12000 octets is read',
    async play(stage) {
      const app = await stage.app();
      app.client.send(`1|ping|${'x'.repeat(12_000 - 7)}`);
      stage.note('app 1 sends a ping of 12000 octets');
      await app.get();
    },
  },
  {
    name: 'frame-of-12300',
    title:
      'A frame of 12300 octets is more than the server can hold: the connection stays, and nothing on it is answered any more',
    async play(stage) {
      const app = await stage.app();
      app.client.send(`1|ping|${'x'.repeat(12_300 - 7)}`);
      app.client.send('2|ping');
      stage.note('app 1 sends a ping of 12300 octets, and a short one');
      for (let look = 0; look < 5; look += 1) await stage.settled();
      const outcome = await Promise.race([
        app.client.next().then(() => 'an answer'),
        stage.settled().then(() => 'nothing'),
      ]);
      stage.note(`app 1 gets ${outcome}`);
    },
  },
  {
    name: 'frames-without-pause',
    title:
      'Frames of 4500 octets without a pause overrun what the server can hold: it loses its place in the stream and closes the connection',
    async play(stage) {
      const app = await stage.app();
      const frame = AdminClient.frame(`1|ping|${'x'.repeat(4500 - 7)}`);
      app.client.sendRaw(Buffer.concat(Array.from({ length: 300 }, () => frame)));
      stage.note('app 1 sends 300 pings of 4500 octets in one piece');
      let answers = 0;
      while ((await app.client.next()) !== undefined) answers += 1;
      stage.note(`the server closes the connection of app 1 after ${answers < 300 ? 'some' : 'all'} of them`);
    },
  },
  {
    name: 'small-frames-without-pause',
    title: 'Frames of 3900 octets without a pause are all answered',
    async play(stage) {
      const app = await stage.app();
      const frame = AdminClient.frame(`1|ping|${'x'.repeat(3900 - 7)}`);
      app.client.sendRaw(Buffer.concat(Array.from({ length: 300 }, () => frame)));
      stage.note('app 1 sends 300 pings of 3900 octets in one piece');
      for (let answer = 1; answer <= 300; answer += 1) await app.client.next();
      await app.nothing();
    },
  },
];
