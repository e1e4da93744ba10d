import { miError, recipe, result, type MiAnswer, type MiCommand } from '../mi-command.ts';
import { AOR_PARAMS, findAor, isError } from './aor-of.ts';
import { addChanges, readAddition, type AddValues } from './addition.ts';
import type { AorSettings, BindingOrders, Bindings, ContactSettings } from './bindings.ts';

const CONTACT_PARAMS = [
  { name: 'contact', type: 'string' },
  { name: 'expires', type: 'int' },
  { name: 'q', type: 'text' },
] as const;

const FLAG_PARAMS = [
  { name: 'flags', type: 'int' },
  { name: 'cflags', type: 'text' },
  { name: 'methods', type: 'int' },
] as const;

/** OpenSIPS 2.4 has a parameter without a meaning in the middle. */
const UNUSED = { name: 'unused', type: 'text' } as const;

type Values = AddValues & { readonly table_name: string; readonly aor: string };

/** `ul_add`: adds a contact to an AoR, or updates it, as a REGISTER of somebody else would. */
export function ulAddCommand(
  bindings: Bindings,
  orders: BindingOrders,
  settings: AorSettings & ContactSettings,
): MiCommand {
  const add = async (values: Values): Promise<MiAnswer> => {
    const found = findAor(values, bindings, settings);
    if (isError(found)) return found;
    const { state, nowMs } = orders.read(found.aor);
    const addition = readAddition(found.aor, values, settings);
    if (typeof addition === 'string') return miError(400, addition);
    const refused = await orders.commit(found.aor, addChanges(addition, state, nowMs, settings.matchingMode));
    return refused === undefined ? result('OK') : miError(500, refused);
  };
  return {
    name: 'ul_add',
    alias: 'usrloc:add',
    module: 'usrloc',
    help: 'adds a contact to an AoR, or updates it; expires in seconds from now, 0 = permanent',
    recipes: [
      recipe([...AOR_PARAMS, ...CONTACT_PARAMS, ...FLAG_PARAMS], add),
      recipe([...AOR_PARAMS, ...CONTACT_PARAMS, UNUSED, ...FLAG_PARAMS], add),
    ],
  };
}
