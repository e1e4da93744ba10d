import type { Order } from '../../location/change.ts';
import type { AorState } from '../../location/record.ts';
import { isAlive } from '../../location/view.ts';
import { sameUriText } from '../../sip/same-uri.ts';
import { byteString } from '../display-text.ts';
import { miError, recipe, result, type MiCommand } from '../mi-command.ts';
import { AOR_PARAMS, isError, knownAor } from './aor-of.ts';
import type { AorSettings, BindingOrders, Bindings } from './bindings.ts';

/** `ul_rm_contact`: removes a contact of an AoR; with matching_mode 1 all that have this URI, whatever their Call-ID. */
export function ulRmContactCommand(bindings: Bindings, orders: BindingOrders, settings: AorSettings): MiCommand {
  return {
    name: 'ul_rm_contact',
    alias: 'usrloc:rm_contact',
    module: 'usrloc',
    help: 'removes a contact of an AoR',
    recipes: [
      recipe([...AOR_PARAMS, { name: 'contact', type: 'string' }], async ({ contact, ...values }) => {
        const found = knownAor(values, bindings, settings);
        if (isError(found)) return found;
        const { state, nowMs } = orders.read(found.aor);
        const removals = removalsOf(state, byteString(contact), nowMs);
        if (removals.length === 0) return miError(404, 'Contact not found');
        const refused = await orders.commit(found.aor, removals);
        return refused === undefined ? result('OK') : miError(500, refused);
      }),
    ],
  };
}

/**
 * Each keeps the Call-ID and CSeq that it had: by them a late copy of the REGISTER that made it is known, and does not
 * bring it back.
 */
function removalsOf(state: AorState, contact: string, nowMs: number): readonly Order[] {
  return state.records
    .filter((record) => isAlive(record, state.floor, nowMs) && sameUriText(record.contactUri, contact))
    .map(({ key, contactUri, callId, cseq }) => ({ kind: 'remove', key, contactUri, callId, cseq }));
}
