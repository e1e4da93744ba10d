import { miError, recipe, result, type MiAnswer, type MiCommand } from '../mi-command.ts';

/** The flag that says whether this node pings, and with it whether it is the active one. */
interface PingSwitch {
  readonly isOn: boolean;
  /**
   * Changes the flag at once. Resolves when it would survive a restart; rejects with an OperationalError that says what
   * a restart would lose.
   */
  turn(isOn: boolean): Promise<void>;
}

/**
 * `nh_enable_ping`: shows the flag, or sets it; what keepalived's notify script calls. Without `natping_interval` it is an
 * error, as in OpenSIPS, but the flag is set all the same: it is the node's role too, and the interval may come back.
 *
 * @param natPingIntervalS `natping_interval` as it is now.
 */
export function nhEnablePingCommand(flag: PingSwitch, natPingIntervalS: () => number): MiCommand {
  const unlessDisabled = (answer: MiAnswer): MiAnswer =>
    natPingIntervalS() === 0 ? miError(400, 'NATping disabled from script') : answer;
  return {
    name: 'nh_enable_ping',
    alias: 'nathelper:enable_ping',
    module: 'nathelper',
    help: 'shows whether contacts are pinged from here, or sets it: 1 on the active node, 0 on the passive one',
    recipes: [
      recipe([], () => unlessDisabled(result({ Status: flag.isOn ? 1 : 0 }))),
      recipe([{ name: 'status', type: 'int' }], async ({ status }) => {
        await flag.turn(status !== 0);
        return unlessDisabled(result('OK'));
      }),
    ],
  };
}
