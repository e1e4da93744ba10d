/** Octets of a text that a trace shows. A REGISTER has some hundred; what floods a trace is cut. */
const SHOWN_MAX = 8192;

/** Header rows with credentials, their folded lines included. Names in any case; neither has a compact form. */
const CREDENTIALS = /^((?:proxy-)?authorization[ \t]*:)[^\n]*(?:\n[ \t][^\n]*)*/gim;

const SIP_SCHEME = /sips?:/i;
const OUTSIDE_OF_URIS = /[\s<>"]/;

/** Text for people's eyes, a message or a value of one: without the credentials in it, and of bounded length. Takes and gives a byte string. */
export function redactedText(message: string): string {
  const head = beginning(message);
  const text = withoutPasswords(head.replace(CREDENTIALS, '$1 [redacted]\r'));
  const cut = message.length - head.length;
  return cut === 0 ? text : `${text}\r\n[${String(cut)} more octets]`;
}

/** Cut before anything is looked for in it, and where a row ends: of a secret that is cut in two, half would be shown. */
function beginning(message: string): string {
  if (message.length <= SHOWN_MAX) return message;
  return message.slice(0, Math.max(0, message.lastIndexOf('\n', SHOWN_MAX)));
}

/** `sip:alice:secret@host`: RFC 3261 §19.1.1 advises against it, phones do it. One pass, whatever the text is. */
function withoutPasswords(text: string): string {
  let shown = '';
  let from = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const password = passwordStart(text, from, at);
    if (password < 0) continue;
    shown += `${text.slice(from, password)}[redacted]`;
    from = at;
  }
  return shown + text.slice(from);
}

/** Where the password of the URI begins whose `@` stands at `at`; -1 without. */
function passwordStart(text: string, from: number, at: number): number {
  let start = at;
  while (start > from && !OUTSIDE_OF_URIS.test(text.charAt(start - 1))) start--;
  const uri = text.slice(start, at);
  const scheme = SIP_SCHEME.exec(uri);
  if (scheme === null) return -1;
  const colon = uri.indexOf(':', scheme.index + scheme[0].length);
  return colon < 0 ? -1 : start + colon + 1;
}
