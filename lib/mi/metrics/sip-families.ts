import { samplesBy, type Family } from './family.ts';
import { refusalSamples } from './refusal-samples.ts';

/** What comes and goes on the SIP sockets. */
export const SIP_FAMILIES: readonly Family[] = [
  {
    kind: 'counter',
    name: 'twinreg_sip_requests_total',
    help: 'Valid SIP requests received, by method.',
    labels: ['method'],
    read: (sources) => samplesBy('method', sources.engine().requests),
  },
  {
    kind: 'counter',
    name: 'twinreg_sip_invalid_requests_total',
    help: 'Requests that are no valid SIP, by the status and reason that their sender was told; REGISTERs among them are not in twinreg_register_requests_total.',
    labels: ['status', 'reason'],
    read: (sources) => refusalSamples(sources.engine().invalid.all()),
  },
  {
    kind: 'counter',
    name: 'twinreg_sip_replies_received_total',
    help: 'SIP replies received, by the class of their status; those to NAT pings, and strays.',
    labels: ['class'],
    read: (sources) => samplesBy('class', sources.engine().repliesReceived),
  },
  {
    kind: 'counter',
    name: 'twinreg_sip_replies_total',
    help: 'SIP replies made, by the class of their status.',
    labels: ['class'],
    read: (sources) => samplesBy('class', sources.engine().replies),
  },
  {
    kind: 'counter',
    name: 'twinreg_sip_drops_total',
    help: 'What arrived and was not answered, and replies that could not be sent, by reason. keep_alive and ack are normal; malformed and framing are no SIP; send_* and *_gone lose replies.',
    labels: ['reason'],
    read: (sources) => samplesBy('reason', sources.engine().drops),
  },
  {
    kind: 'counter',
    name: 'twinreg_sip_receive_errors_total',
    help: 'Failures to read from a UDP socket, as when its interface goes down.',
    read: (sources) => sources.engine().receiveErrors,
  },
  {
    kind: 'counter',
    name: 'twinreg_sip_engine_errors_total',
    help: 'Errors of twinreg itself while it handled a message. Each is a defect; please report it.',
    read: (sources) => sources.engine().engineErrors,
  },
  {
    kind: 'gauge',
    name: 'twinreg_tcp_connections',
    help: 'SIP connections that are open.',
    read: (sources) => sources.openConnections(),
  },
  {
    kind: 'counter',
    name: 'twinreg_tcp_connection_events_total',
    help: 'SIP connections that were accepted, refused or closed by twinreg, by what happened.',
    labels: ['event'],
    read: (sources) => samplesBy('event', sources.engine().connections),
  },
  {
    kind: 'counter',
    name: 'twinreg_tcp_pongs_total',
    help: 'Keep-alives of phones on their connections that were answered.',
    read: (sources) => sources.engine().pongs,
  },
];
