import type { NextHop, OptionsRequest } from '../../../lib/sip/engine.ts';
import { headerOf } from './sip-text.ts';

let tokensGiven = 0;

/** An OPTIONS to there, with a token of its own. */
export function optionsTo(nextHop: NextHop, request: Partial<OptionsRequest> = {}): OptionsRequest {
  tokensGiven += 1;
  return {
    token: `token${String(tokensGiven)}`,
    requestUri: 'sip:alice@192.0.2.7:5060',
    fromUri: 'sip:pinger@example.com',
    route: '',
    nextHop,
    socketName: '',
    ...request,
  };
}

export interface OptionsAnswer {
  readonly status?: number;
  /** In place of the rows of the request. */
  readonly via?: string;
  readonly cseq?: string;
}

/** What a phone answers to an OPTIONS. */
export function answerText(options: string, { status = 200, via, cseq }: OptionsAnswer = {}): string {
  const copied = ['From', 'To', 'Call-ID'].map((name) => `${name}: ${headerOf(options, name) ?? ''}\r\n`).join('');
  return (
    `SIP/2.0 ${String(status)} Reason\r\nVia: ${via ?? headerOf(options, 'Via') ?? ''}\r\n${copied}` +
    `CSeq: ${cseq ?? headerOf(options, 'CSeq') ?? ''}\r\nContent-Length: 0\r\n\r\n`
  );
}

export function branchOf(options: string): string | undefined {
  return /;branch=([^;\s]+)/.exec(headerOf(options, 'Via') ?? '')?.[1];
}
