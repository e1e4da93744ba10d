import Srf from 'drachtio-srf';

/** What a registrar costs that does nothing but answer: the drachtio-srf application that the engine is measured against. */
const [host = '', port = '', secret = ''] = process.argv.slice(2);
const contacts = new Map<string, string>();
// The package's types leave all methods but INVITE out.
const srf = new Srf() as Srf & { register: Srf['invite'] };

srf.on('error', console.error);
srf.register((req, res) => {
  const { uri } = req.getParsedHeader('to');
  const [contact] = req.has('contact') ? req.getParsedHeader('contact') : [];
  if (contact !== undefined) contacts.set(uri, `<${contact.uri}>;expires=3600`);
  const stored = contacts.get(uri);
  res.send(200, { headers: stored === undefined ? {} : { Contact: stored, Expires: '3600' } });
});
void srf.connect({ host, port: Number(port), secret });
