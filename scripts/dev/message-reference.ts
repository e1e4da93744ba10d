import { logMessages } from './log-messages.ts';
import { REMEDIES } from './message-remedies.ts';

const INTRODUCTION = `# Warnings and errors

<!-- Generated from the log calls of lib/ and scripts/dev/message-remedies.ts by \`npm run docs\`; edits here are overwritten. -->

Every warning and error that the daemon can log, and what to do about it. Messages are constant: what is particular stands in the fields of the
line, and \`journalctl -u twinreg -o cat | grep MESSAGE\` finds them all. What is refused at the start, on the command line or by a management command says
itself what to do. Changes of state that are nobody's fault (a role that moves, a twin that comes and goes) are logged at level info, and
\`twinreg history\` shows them.

| message | level | what to do |
|---|---|---|
`;

/** docs/MESSAGES.md. Throws for a message that has no remedy, and for a remedy whose message nothing logs. */
export function renderMessageReference(): string {
  const messages = logMessages();
  const logged = new Set(messages.map(({ message }) => message));
  const idle = Object.keys(REMEDIES).filter((message) => !logged.has(message));
  const helpless = [...logged].filter((message) => REMEDIES[message] === undefined);
  if (idle.length > 0) throw new Error(`remedies for what nothing logs: ${idle.join('; ')}`);
  if (helpless.length > 0) throw new Error(`no remedy in message-remedies.ts for: ${helpless.join('; ')}`);
  return INTRODUCTION + messages.map(row).join('');
}

function row({ message, level }: ReturnType<typeof logMessages>[number]): string {
  return `| \`${message}\` | ${level === 'warn' ? 'warning' : 'error'} | ${REMEDIES[message] ?? ''} |\n`;
}
