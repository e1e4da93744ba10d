import type { SipReply } from '../engine.ts';
import type { Inbound, ReplySender } from '../serving/inbound.ts';
import type { EngineStatistics } from '../serving/engine-statistics.ts';
import type { OccasionalLog } from '../serving/occasional-log.ts';
import { Fault } from '../fault.ts';
import type { LinkStatistics } from './link-statistics.ts';
import { cutReplyText, replyText } from './reply-text.ts';

export interface ServerReplierParts {
  /** Value of the Server header, '' for none. */
  readonly serverHeader: string;
  /** Octets that a reply may have. */
  readonly room: number;
  readonly statistics: EngineStatistics;
  readonly linkStatistics: LinkStatistics;
  readonly occasionalLog: OccasionalLog;
}

/** Writes replies for drachtio-server. One that it has no room for would stop it from reading for ever. */
export class ServerReplier implements ReplySender {
  readonly #parts: ServerReplierParts;

  constructor(parts: ServerReplierParts) {
    this.#parts = parts;
  }

  send(inbound: Inbound, reply: SipReply): void {
    const { serverHeader, room, statistics } = this.#parts;
    const text = replyText(reply, serverHeader);
    statistics.countReply(reply.status);
    const { sourceAddress, sourcePort } = inbound;
    inbound.path.sendReply(text.length <= room ? text : this.#cut(inbound, reply), sourceAddress, sourcePort);
  }

  #cut(inbound: Inbound, reply: SipReply): string {
    const { serverHeader, room, linkStatistics, occasionalLog } = this.#parts;
    linkStatistics.cutReplies++;
    const to = inbound.request.header('to') ?? '';
    occasionalLog.warn({ to, room }, 'a reply has more contacts than drachtio-server takes in one: it was cut');
    return cutReplyText(reply, serverHeader, ownContacts(inbound), room);
  }
}

function ownContacts({ request }: Inbound): ReadonlySet<string> {
  const contacts = request.contacts();
  if (contacts instanceof Fault || contacts.kind !== 'list') return new Set();
  return new Set(contacts.contacts.map(({ uriText }) => uriText));
}
