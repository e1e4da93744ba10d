/** What `drachtio.conf.xml` says, as far as it is looked at. */
export interface DrachtioConfig {
  /** Where the admin port is bound; undefined where the file does not say it. */
  readonly adminAddress: string | undefined;
  /** URIs: `sip:10.0.0.150:5060;transport=udp,tcp`. */
  readonly contacts: readonly string[];
  readonly logLevel: string | undefined;
}

/** Reads elements wherever they stand, which is enough for a file that the server itself accepts. */
export function readDrachtioConfig(text: string): DrachtioConfig {
  const plain = text.replace(/<!--[\s\S]*?-->/g, '');
  return {
    adminAddress: contents(plain, 'admin')[0],
    contacts: contents(plain, 'contact'),
    logLevel: contents(plain, 'loglevel')[0],
  };
}

function contents(text: string, name: string): readonly string[] {
  const elements = text.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`, 'g'));
  return [...elements].flatMap(([, content = '']) => content.trim() || []);
}
