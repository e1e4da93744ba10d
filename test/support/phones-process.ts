// Phones in a process of their own, for another network namespace than the test's. It is told by messages what to do:
// see NamespacedPhones, which starts it.
import { RecordingPhones } from './recording-phones.ts';
import type { PhonesCall, PhonesReply, PhonesSettings } from './namespaced-phones.ts';

const { server, from, perSecond, phones, first } = JSON.parse(process.argv[2] ?? '{}') as PhonesSettings;

const untilTheEnd = { teardown() {} };
const half = { perSecond: perSecond / 2, phones: phones / 2, from };
const lasting = await RecordingPhones.start(untilTheEnd, server, { ...half, first });
const silent = await RecordingPhones.start(untilTheEnd, server, { ...half, first: first + half.phones });

const ACTIONS: Readonly<Record<PhonesCall['action'], (count: number) => unknown>> = {
  more: async (count) => {
    await lasting.answers(lasting.answeredCount + count);
  },
  silence: async () => {
    await silent.silence();
    return silent.records();
  },
  resume: () => {
    lasting.resume();
    silent.resume();
  },
  stop: async () => {
    await Promise.all([lasting.silence(), silent.silence()]);
  },
  records: () => [...lasting.records(), ...silent.records()],
  refusals: () => [...lasting.refusals, ...silent.refusals],
};

process.on('message', (message) => void answer(message as PhonesCall));
process.on('disconnect', () => process.exit());
process.send?.({ id: 0, result: null } satisfies PhonesReply);

async function answer({ id, action, count }: PhonesCall): Promise<void> {
  const result = await ACTIONS[action](count);
  process.send?.({ id, result: result ?? null } satisfies PhonesReply);
}
