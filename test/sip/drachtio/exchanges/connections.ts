import { asked, pinged } from './asked.ts';
import { requestText, rowsText, transactionOf, type Exchange } from './exchange.ts';

/** Requests of apps to phones that the server has a connection with. */
export const CONNECTION_EXCHANGES: readonly Exchange[] = [
  {
    name: 'options-tcp',
    title: 'OPTIONS to a phone over the connection that it registered over, found by its address',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone('tcp');
      phone.send(
        requestText(phone, { id: 'options-tcp-register', rows: ['Contact: <sip:alice@192.0.2.7;transport=tcp>'] }),
      );
      const request = await app.get();
      app.send(`1|sip|${transactionOf(request)}|`, 'SIP/2.0 403 Forbidden\r\n\r\n');
      await phone.get();
      await app.get();
      await pinged(app, phone, { id: 'options-tcp', uri: 'sip:bob@192.0.2.7;transport=tcp' });
    },
  },
  {
    name: 'options-tcp-closed',
    title: 'OPTIONS to an address where the connection is closed: the server dials, and is refused',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone('tcp');
      const { host } = phone;
      phone.send(requestText(phone, { id: 'options-tcp-closed-register', rows: [] }));
      const request = await app.get();
      app.send(`1|sip|${transactionOf(request)}|`, 'SIP/2.0 200 OK\r\n\r\n');
      await phone.get();
      await app.get();
      await phone.hangUp();
      const other = await stage.phone();
      await other.nothing();
      app.send(
        ...asked(other, { id: 'options-tcp-closed', uri: 'sip:bob@192.0.2.7', hop: `sip:${host};transport=tcp` }),
      );
      await app.get();
      await app.get();
    },
  },
  {
    name: 'options-remembered',
    title:
      'The connection of a REGISTER is remembered by user and host of its first contact, and goes before any next hop; closed, it is a 410',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone('tcp');
      const other = await stage.phone();
      phone.send(
        requestText(phone, { id: 'options-remembered', rows: ['Contact: <sip:carol@192.0.2.9:4711;transport=tcp>'] }),
      );
      const request = await app.get();
      app.send(
        `1|sip|${transactionOf(request)}|`,
        rowsText(['SIP/2.0 200 OK', 'Contact: <sip:carol@192.0.2.9:4711;transport=tcp>;expires=600']),
      );
      await phone.get();
      await app.get();
      await pinged(app, phone, {
        id: 'options-remembered-1',
        uri: 'sip:carol@192.0.2.9',
        hop: `sip:${other.host};transport=udp`,
      });
      await phone.hangUp();
      await other.nothing();
      app.send(...asked(other, { id: 'options-remembered-2', uri: 'sip:carol@192.0.2.9' }));
      await app.get();
      await app.get();
      await app.nothing();
    },
  },
  {
    name: 'options-forgotten',
    title: 'A remembered connection is forgotten when its contact is taken out',
    async play(stage) {
      const app = await stage.routed('register');
      const phone = await stage.phone('tcp');
      const other = await stage.phone();
      for (const [cseq, expires] of [
        [1, 600],
        [2, 0],
      ] as const) {
        phone.send(requestText(phone, { id: 'options-forgotten', cseq, rows: ['Contact: <sip:dave@192.0.2.10>'] }));
        const request = await app.get();
        app.send(
          `1|sip|${transactionOf(request)}|`,
          rowsText(['SIP/2.0 200 OK', `Contact: <sip:dave@192.0.2.10>;expires=${String(expires)}`]),
        );
        await phone.get();
        await app.get();
      }
      await pinged(app, other, { id: 'options-forgotten-1', uri: 'sip:dave@192.0.2.10' });
    },
  },
  {
    name: 'web-socket',
    title: 'A phone on WebSocket: the server calls that tcp; a ping finds it by its address, and by what it registered',
    own: { hasWebSocket: true },
    async play(stage) {
      const app = await stage.routed('register');
      app.send(`auth|authenticate|${stage.server.secret}`);
      await app.get();
      const phone = await stage.phone('ws');
      phone.send(
        requestText(phone, { id: 'web-socket', rows: ['Contact: <sip:erin@a1b2c3.invalid;transport=ws>;expires=600'] }),
      );
      const request = await app.get();
      app.send(
        `1|sip|${transactionOf(request)}|`,
        rowsText(['SIP/2.0 200 OK', 'Contact: <sip:erin@a1b2c3.invalid;transport=ws>;expires=600']),
      );
      await phone.get();
      await app.get();
      await pinged(app, phone, { id: 'web-socket-1', uri: 'sip:other@a1b2c3.invalid;transport=ws' });
      await pinged(app, phone, { id: 'web-socket-2', uri: 'sip:erin@a1b2c3.invalid;transport=ws' });
      const hop = `sip:${phone.host};transport=ws`;
      await phone.hangUp();
      await (await stage.phone()).nothing();
      app.send(...asked(phone, { id: 'web-socket-3', uri: 'sip:erin@a1b2c3.invalid;transport=ws', hop }));
      await app.get();
      await app.get();
    },
  },
];
