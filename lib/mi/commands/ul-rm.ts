import { miError, recipe, result, type MiCommand } from '../mi-command.ts';
import { AOR_PARAMS, isError, knownAor } from './aor-of.ts';
import type { AorSettings, BindingOrders, Bindings } from './bindings.ts';
import { MI_CALL_ID, MI_CSEQ } from './mi-writer.ts';

/**
 * `ul_rm`: removes the AoR with all its contacts. Like the `*` of a REGISTER it leaves one mark for the AoR, below which
 * everything is dead, on whatever node it is. An AoR that shows nothing is an error, and nothing is written for it.
 */
export function ulRmCommand(bindings: Bindings, orders: BindingOrders, settings: AorSettings): MiCommand {
  return {
    name: 'ul_rm',
    alias: 'usrloc:rm',
    module: 'usrloc',
    help: 'removes an AoR with all its contacts',
    recipes: [
      recipe(AOR_PARAMS, async (values) => {
        const found = knownAor(values, bindings, settings);
        if (isError(found)) return found;
        const refused = await orders.commit(found.aor, [{ kind: 'floor', callId: MI_CALL_ID, cseq: MI_CSEQ }]);
        return refused === undefined ? result('OK') : miError(500, refused);
      }),
    ],
  };
}
