import { samplesBy, type Family } from './family.ts';
import type { DrachtioFigures, MetricsSources } from './metrics-sources.ts';

/** The drachtio-server that SIP comes from. With the engine in this process these families are empty. */
export const DRACHTIO_FAMILIES: readonly Family[] = [
  {
    kind: 'gauge',
    name: 'twinreg_drachtio_connected',
    help: '1 while drachtio-server is connected and hands over REGISTER; without it this node is not ready.',
    read: of(({ isConnected }) => Number(isConnected)),
  },
  {
    kind: 'gauge',
    name: 'twinreg_drachtio_missing_sockets',
    help: 'Sockets of listen that drachtio-server does not have while it is connected; when it has none of them this node is not ready.',
    read: of(({ missing }) => missing),
  },
  {
    kind: 'counter',
    name: 'twinreg_drachtio_connects_total',
    help: 'How often drachtio-server was connected and began to hand over REGISTER.',
    read: of(({ connects }) => connects),
  },
  {
    kind: 'counter',
    name: 'twinreg_drachtio_losses_total',
    help: 'Connections to drachtio-server that ended, by reason. silent, unacknowledged and unread (4 MiB waited for it): it was hung; refused: by its own word, as for a wrong secret.',
    labels: ['reason'],
    read(sources) {
      const figures = sources.drachtio?.();
      return figures === undefined ? undefined : samplesBy('reason', figures.losses);
    },
  },
  {
    kind: 'counter',
    name: 'twinreg_drachtio_unsent_replies_total',
    help: 'Replies that drachtio-server was given and did not send.',
    read: of(({ unsentReplies }) => unsentReplies),
  },
  {
    kind: 'counter',
    name: 'twinreg_drachtio_cut_replies_total',
    help: 'Replies with more contacts than drachtio-server takes in one message, sent with fewer of them.',
    read: of(({ cutReplies }) => cutReplies),
  },
  {
    kind: 'counter',
    name: 'twinreg_drachtio_stale_requests_total',
    help: 'Requests refused with 503 since they may have waited while drachtio-server stood still.',
    read: of(({ staleRequests }) => staleRequests),
  },
  {
    kind: 'gauge',
    name: 'twinreg_drachtio_pings_in_flight',
    help: 'OPTIONS that drachtio-server has no answer to yet. It keeps those to silent phones for 32 seconds; at 4000 no more are sent.',
    read: of(({ pingsInFlight }) => pingsInFlight),
  },
];

function of(read: (figures: DrachtioFigures) => number): (sources: MetricsSources) => number | undefined {
  return (sources) => {
    const figures = sources.drachtio?.();
    return figures === undefined ? undefined : read(figures);
  };
}
