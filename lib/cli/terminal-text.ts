/**
 * Text from the network, fit for a terminal: control characters, which could move the cursor or change what is shown,
 * are written as `\x1b`.
 */
export function terminalText(text: string): string {
  let shown = '';
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!isControl(code)) continue;
    shown += `${text.slice(start, at)}\\x${code.toString(16).padStart(2, '0')}`;
    start = at + 1;
  }
  return start === 0 ? text : shown + text.slice(start);
}

/** C0, DEL, C1, and the marks that reverse the direction of what follows. */
function isControl(code: number): boolean {
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true;
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}
