import type { IncomingMessage } from 'node:http';

export type RequestBody =
  | { readonly kind: 'whole'; readonly text: string }
  /** Longer than allowed; the rest has not been read. */
  | { readonly kind: 'too-long' }
  /** The client went away. */
  | { readonly kind: 'lost' };

/** Reads a request's body; of one that is too long nothing is kept. */
export function readRequestBody(request: IncomingMessage, bytesMax: number): Promise<RequestBody> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return Promise.resolve({ kind: 'too-long' });
  return new Promise((resolve) => {
    let parts: Buffer[] = [];
    let bytes = 0;
    const settle = (body: RequestBody) => {
      request.off('data', take);
      parts = [];
      resolve(body);
    };
    const take = (part: Buffer) => {
      bytes += part.length;
      if (bytes > bytesMax) settle({ kind: 'too-long' });
      else parts.push(part);
    };
    request.on('data', take);
    request.once('end', () => settle({ kind: 'whole', text: Buffer.concat(parts).toString('utf8') }));
    request.once('error', () => settle({ kind: 'lost' }));
    request.once('close', () => settle({ kind: 'lost' }));
  });
}
