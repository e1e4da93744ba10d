import { HANDOVER_LIMIT_S_MAX, type HandoverOutcome } from '../../role/handover.ts';
import { miError, recipe, result, type MiAnswer, type MiCommand } from '../mi-command.ts';

/** The planned switch of a node. */
interface HandoverPort {
  /** Why it would be refused now, a sentence. */
  obstacle(): string | undefined;
  run(limitMs: number): Promise<HandoverOutcome>;
}

const USUAL_LIMIT_S = 10;

/** What is asked does not go with how things are now. */
const CONFLICT = 409;

/** `handover`: ours; gives the address, and with it the role, to the twin. `handover_check` says whether it would be tried. */
export function handoverCommands(handover: HandoverPort): readonly MiCommand[] {
  const run = async (limitS: number): Promise<MiAnswer> => answer(await handover.run(limitS * 1000));
  return [
    {
      name: 'handover',
      module: 'twinreg',
      help: 'gives the address to the other node by way of keepalived, if that node is in sync and ready',
      recipes: [
        recipe([], () => run(USUAL_LIMIT_S)),
        recipe([{ name: 'timeout', type: 'int' }], ({ timeout }) =>
          timeout >= 1 && timeout <= HANDOVER_LIMIT_S_MAX ? run(timeout) : BAD_LIMIT,
        ),
      ],
    },
    {
      name: 'handover_check',
      module: 'twinreg',
      help: 'says whether handover would be tried now, and if not, why',
      recipes: [
        recipe([], () => {
          const reason = handover.obstacle();
          return reason === undefined ? result('OK') : miError(CONFLICT, reason);
        }),
      ],
    },
  ];
}

const BAD_LIMIT = miError(400, `timeout: expected 1 to ${String(HANDOVER_LIMIT_S_MAX)} seconds`);

function answer(outcome: HandoverOutcome): MiAnswer {
  switch (outcome.kind) {
    case 'done':
      return result({ address_left_ms: outcome.addressLeftMs, twin_active_ms: outcome.twinActiveMs });
    case 'refused':
      return miError(CONFLICT, outcome.reason);
    case 'failed':
      return miError(500, outcome.reason);
  }
}
