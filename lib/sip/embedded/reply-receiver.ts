import type { OptionsReplyListener } from '../engine.ts';
import type { SipResponse } from '../response.ts';
import type { EngineStatistics } from '../serving/engine-statistics.ts';
import { probeToken } from './probe-branch.ts';

const FINAL_STATUS_MIN = 200;

/** Takes responses: all are counted, and final ones to our OPTIONS are told. */
export class ReplyReceiver {
  readonly #optionsReply: OptionsReplyListener;
  readonly #statistics: EngineStatistics;

  constructor(optionsReply: OptionsReplyListener, statistics: EngineStatistics) {
    this.#optionsReply = optionsReply;
    this.#statistics = statistics;
  }

  receive(response: SipResponse): void {
    this.#statistics.countReplyReceived(response.status);
    const token = probeToken(response);
    if (token === undefined) this.#statistics.countDrop('response');
    else if (response.status >= FINAL_STATUS_MIN) this.#optionsReply(token, response.status);
  }
}
