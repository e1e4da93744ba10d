import type { MiError } from './mi-command.ts';

/** Null is an id of its own in OpenSIPS (it is answered); no id at all is a notification. */
export type RpcId = number | string | null;

export type Params =
  | { readonly kind: 'none' }
  | { readonly kind: 'positional'; readonly values: readonly unknown[] }
  | { readonly kind: 'named'; readonly values: ReadonlyMap<string, unknown> };

export type RpcRequest =
  | { readonly kind: 'call'; readonly id: RpcId | undefined; readonly method: string; readonly params: Params }
  | { readonly kind: 'invalid'; readonly id: RpcId; readonly error: MiError };

/** Codes and messages of JSON-RPC 2.0 as OpenSIPS's mi/item.c has them. */
export const PARSE_ERROR: MiError = { kind: 'error', code: -32700, message: 'Parse error' };
const INVALID_REQUEST: MiError = { kind: 'error', code: -32600, message: 'Invalid Request' };

/** Reads one JSON-RPC 2.0 request. Batches are not supported, as in OpenSIPS: an array is an invalid request. */
export function parseRpcRequest(text: string): RpcRequest {
  const parsed = parseJson(text);
  if (parsed === undefined) return { kind: 'invalid', id: null, error: PARSE_ERROR };
  const body = parsed.value;
  if (!isObject(body)) return invalid(null);

  const id = readId(body['id']);
  if (id === 'invalid') return invalid(null);
  const method = body['method'];
  const params = readParams(body['params']);
  if (body['jsonrpc'] !== '2.0' || typeof method !== 'string' || params === undefined) return invalid(id.value ?? null);
  return { kind: 'call', id: id.value, method, params };
}

function invalid(id: RpcId): RpcRequest {
  return { kind: 'invalid', id, error: INVALID_REQUEST };
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function readId(id: unknown): { readonly value: RpcId | undefined } | 'invalid' {
  if (id === undefined || id === null || typeof id === 'string') return { value: id };
  // JSON-RPC says that an id should have no fraction; OpenSIPS cuts it.
  if (typeof id === 'number') return { value: Math.trunc(id) };
  return 'invalid';
}

function readParams(params: unknown): Params | undefined {
  if (params === undefined) return { kind: 'none' };
  if (Array.isArray(params)) return params.length === 0 ? { kind: 'none' } : { kind: 'positional', values: params };
  if (!isObject(params)) return undefined;
  const values = new Map(Object.entries(params));
  return values.size === 0 ? { kind: 'none' } : { kind: 'named', values };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
