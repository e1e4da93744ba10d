import { DIGIT, isAll } from '../sip/octets.ts';
import { Q_UNSPECIFIED } from '../location/record.ts';

const ONE = 1000;

/** A q-value (RFC 3261 §20.10) in thousandths; undefined when it is none. More than three decimals are cut off, `.5` is taken for 0.5. */
export function parseQ(text: string): number | undefined {
  const dot = text.indexOf('.');
  const whole = dot < 0 ? text : text.slice(0, dot);
  const decimals = dot < 0 ? '' : text.slice(dot + 1);
  if (!isWhole(whole, decimals) || (decimals !== '' && !isAll(decimals, DIGIT))) return undefined;
  const thousandths = Number(decimals.slice(0, 3).padEnd(3, '0'));
  if (whole !== '1') return thousandths;
  return thousandths === 0 ? ONE : undefined;
}

function isWhole(whole: string, decimals: string): boolean {
  return whole === '0' || whole === '1' || (whole === '' && decimals !== '');
}

/** As OpenSIPS prints it: `1`, `0`, `0.5`, `0.25`; '' for Q_UNSPECIFIED. */
export function printQ(q: number): string {
  if (q === Q_UNSPECIFIED) return '';
  return String(q / ONE);
}
