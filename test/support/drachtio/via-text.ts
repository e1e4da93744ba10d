/** A Via value as drachtio-server has read it. */
export interface ViaText {
  /** `SIP/2.0/UDP`, without spaces. */
  readonly protocol: string;
  readonly host: string;
  /** '' = none. */
  readonly port: string;
  /** `name` or `name=value`. */
  readonly params: readonly string[];
}

const TOKEN = String.raw`[\w.!%*+\x60'~-]+`;
const PARAM_VALUE = String.raw`"(?:[^"\\]|\\.)*"|[\w.!%*+\x60'~/:[\]-]+`;
const VIA = new RegExp(
  String.raw`^(SIP\s*/\s*2\.0\s*/\s*${TOKEN})\s+(\[[\da-f:.]*\]|${TOKEN})(?:\s*:\s*(\d+))?` +
    String.raw`((?:\s*;\s*${TOKEN}(?:\s*=\s*(?:${PARAM_VALUE}))?)*)\s*(?:,[,\s]*|$)`,
  'i',
);
const PARAM = new RegExp(String.raw`;\s*(${TOKEN})(?:\s*=\s*(${PARAM_VALUE}))?`, 'g');

/** The values of a Via row; undefined when it has one that the server cannot read. */
export function readVias(row: string): readonly ViaText[] | undefined {
  const vias: ViaText[] = [];
  let rest = row.trim();
  while (rest !== '') {
    const parts = VIA.exec(rest);
    if (parts === null) return undefined;
    const [value, protocol = '', host = '', port = '', params = ''] = parts;
    if (Number(port) > 65_535) return undefined;
    vias.push({
      protocol: protocol.replaceAll(/\s/g, ''),
      host,
      port,
      params: [...params.matchAll(PARAM)].map(([, name = '', set]) => (set === undefined ? name : `${name}=${set}`)),
    });
    rest = rest.slice(value.length);
  }
  return vias.length === 0 ? undefined : vias;
}

/** As the server writes it. */
export function viaText({ protocol, host, port, params }: ViaText): string {
  return `${protocol} ${host}${port === '' ? '' : `:${port}`}${params.map((param) => `;${param}`).join('')}`;
}
