import type { Judgement, Order } from '../../location/change.ts';
import { METHODS_UNKNOWN, PERMANENT, type AorState, type Binding, type PutRecord } from '../../location/record.ts';
import { compareVersions } from '../../location/version.ts';
import { isAlive } from '../../location/view.ts';
import { bindingKey } from '../../registrar/binding-key.ts';
import { parseQ } from '../../registrar/q-value.ts';
import { Fault } from '../../sip/fault.ts';
import { sameUriText } from '../../sip/same-uri.ts';
import { parseUri, type SipUri } from '../../sip/uri.ts';
import { byteString } from '../display-text.ts';
import type { ContactSettings } from './bindings.ts';
import { MI_CALL_ID, MI_CSEQ, MI_USER_AGENT } from './mi-writer.ts';

/** What an operator says of a contact. */
export interface AddValues {
  readonly contact: string;
  readonly expires: number;
  readonly q: string;
  readonly flags: number;
  readonly cflags: string;
  readonly methods: number;
}

/** The same, checked. */
interface Addition {
  readonly uri: SipUri;
  /** 0 = permanent. */
  readonly expiresS: number;
  /** What of the binding the operator says. */
  readonly said: Pick<Binding, 'q' | 'flags' | 'cflags' | 'methods'>;
}

const U32_MAX = 0xffffffff;
const FLAG_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
/** OpenSIPS keeps branch flags in 32 bits. */
const FLAGS_MAX = 32;
const FLAG_NAME_LEN_MAX = 64;

/** Checks what the operator said; what is wrong comes back as a sentence that names it. */
export function readAddition(aor: string, values: AddValues, limits: ContactSettings): Addition | string {
  const problem = aorProblem(aor, limits) ?? numberProblem(values);
  if (problem !== undefined) return problem;
  const uri = readContact(byteString(values.contact), limits);
  if (typeof uri === 'string') return uri;
  const q = parseQ(values.q);
  if (q === undefined) return 'Bad parameter value: q must be a number from 0 to 1';
  const cflags = readCflags(values.cflags);
  if (cflags === undefined) return CFLAGS_EXPECTED;
  const methods = values.methods === -1 ? METHODS_UNKNOWN : values.methods;
  return { uri, expiresS: values.expires, said: { q, flags: values.flags, cflags, methods } };
}

function aorProblem(aor: string, { maxAorLen }: ContactSettings): string | undefined {
  if (aor.length > maxAorLen) return `Bad parameter value: aor has ${aor.length} octets, max_aor_len is ${maxAorLen}`;
  if (aor === '' || aor.startsWith('@')) return 'User missing in AOR';
  // A control character stands in no AoR that anybody could ask for again.
  const hasControl = [...aor].some((octet) => octet < ' ' || octet === '\x7f');
  return hasControl ? 'Bad parameter value: aor has a control character' : undefined;
}

function readContact(text: string, { maxContactLen }: ContactSettings): SipUri | string {
  if (text.length > maxContactLen) {
    return `Bad parameter value: contact has ${text.length} octets, max_contact_len is ${maxContactLen}`;
  }
  const uri = parseUri(text);
  if (uri instanceof Fault) return `Bad parameter value: contact is no SIP URI (${uri.reason})`;
  const isSip = uri.scheme === 'sip' || uri.scheme === 'sips';
  return isSip ? uri : 'Bad parameter value: contact must be a sip: or sips: URI';
}

function numberProblem({ expires, flags, methods }: AddValues): string | undefined {
  if (expires < 0 || expires > U32_MAX) {
    return 'Bad parameter value: expires must be seconds from now, at most 4294967295, or 0 for ever';
  }
  if (flags < 0 || flags > U32_MAX) return 'Bad parameter value: flags must be a bitmask of 32 bits';
  // -1 is how a signed number says that all bits are set.
  if (methods < -1 || methods > U32_MAX) return 'Bad parameter value: methods must be a bitmask of 32 bits';
  return undefined;
}

const CFLAGS_EXPECTED =
  'Bad parameter value: cflags must be names of branch flags separated by blanks, such as SIPPING_ENABLE, or 0 for none';

/** OpenSIPS's bitmask would need the order in which a script names its flags; only that of no flag means something here. */
function readCflags(text: string): string | undefined {
  if (text === '0') return '';
  const names = [...new Set(text.split(' '))].filter((name) => name !== '').sort();
  const isFine = names.every((name) => name.length <= FLAG_NAME_LEN_MAX && FLAG_NAME.test(name));
  return isFine && names.length <= FLAGS_MAX ? names.join(' ') : undefined;
}

/**
 * The changes that add the contact. One that is there already keeps its CSeq and how its phone is reached (received, Path,
 * socket), which OpenSIPS forgets; its Call-ID is replaced. A binding of the same contact under another key is replaced
 * by judgement, so that a refresh not seen here wins.
 */
export function addChanges(
  addition: Addition,
  state: AorState,
  nowMs: number,
  matchingMode: 0 | 1,
): readonly (Order | Judgement)[] {
  const { uri, expiresS } = addition;
  const key = bindingKey(uri, MI_CALL_ID, matchingMode);
  const same = state.records
    .filter((record) => isAlive(record, state.floor, nowMs))
    .filter((record) => record.key === key || sameUriText(record.contactUri, uri.text));
  same.sort((a, b) => compareVersions(b.version, a.version));
  const own = same.find((record) => record.key === key);
  const existing = matchingMode === 0 ? same[0] : (own ?? same[0]);
  // With matching_mode 1 the others are contacts of their own.
  const replaced = matchingMode === 0 ? same : same.filter((record) => record === existing);
  const put: Order = {
    kind: 'put',
    key,
    contactUri: uri.text,
    callId: MI_CALL_ID,
    cseq: existing?.cseq ?? MI_CSEQ,
    expiresAtMs: expiresS === 0 ? PERMANENT : nowMs + expiresS * 1000,
    binding: bindingOf(addition, existing),
  };
  const judgements = replaced
    .filter((record) => record.key !== key)
    .map((record): Judgement => ({ kind: 'judge', key: record.key, version: record.version, reason: 'replaced' }));
  return [put, ...judgements];
}

function bindingOf({ said }: Addition, existing: PutRecord | undefined): Binding {
  const { received = '', path = '', instance = '', socket = '', attr = '' } = existing?.binding ?? {};
  const { q, methods, flags, cflags } = said;
  return { q, received, path, instance, userAgent: MI_USER_AGENT, socket, methods, flags, cflags, attr };
}
