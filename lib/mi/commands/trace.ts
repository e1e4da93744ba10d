import { redactedText } from '../../trace/redacted-text.ts';
import { WATCHERS_MAX, type Watchers } from '../../trace/watchers.ts';
import { displayText } from '../display-text.ts';
import type { Json, JsonObject } from '../json.ts';
import { miError, recipe, type MiAnswer, type MiCommand, type MiLive } from '../mi-command.ts';
import { findAor, isError } from './aor-of.ts';
import { TABLE_NAME, type AorSettings, type Bindings } from './bindings.ts';

/** `trace`: ours; what happens to one AoR, from now on until the client leaves. One that is not known yet is waited for. */
export function traceCommand(watchers: Watchers, bindings: Bindings, settings: AorSettings): MiCommand {
  return {
    name: 'trace',
    module: 'twinreg',
    help: 'shows live what happens to one AoR, until the client leaves (unix socket only)',
    recipes: [
      recipe([{ name: 'aor', type: 'text' }], ({ aor }): MiAnswer => {
        const found = findAor({ table_name: TABLE_NAME, aor }, bindings, settings);
        if (isError(found)) return found;
        return watchers.hasRoom ? traceOf(found.aor, watchers) : TOO_MANY;
      }),
    ],
  };
}

const TOO_MANY = miError(503, `Too many traces (at most ${WATCHERS_MAX})`);

function traceOf(aor: string, watchers: Watchers): MiLive {
  return {
    kind: 'live',
    method: 'trace',
    open(send) {
      const stop = watchers.watch(aor, (event) => send(eventJson(event)));
      send({ event: stop === undefined ? 'no-room' : 'watching', aor: displayText(aor) });
      return stop ?? (() => undefined);
    },
  };
}

/** Octets become text that people may read, and can. */
function eventJson(event: JsonObject): JsonObject {
  const members: [string, Json | undefined][] = Object.entries(event);
  return Object.fromEntries(members.map(([key, value]) => [key, value === undefined ? value : readable(value)]));
}

function readable(value: Json): Json {
  if (typeof value === 'string') return displayText(redactedText(value));
  if (typeof value !== 'object' || value === null) return value;
  return isList(value) ? value.map(readable) : eventJson(value);
}

/** Array.isArray forgets that a list may be readonly. */
function isList(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}
