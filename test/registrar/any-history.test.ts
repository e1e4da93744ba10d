import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { RegisterText } from './support/register-text.ts';
import { RegistrarWorld } from './support/registrar-world.ts';

/**
 * Any history of a few phones that share an AoR, with requests numbered rightly and wrongly, and copies of earlier ones.
 * Contacts are few and alike, so that they meet under one key, under two keys of one contact, and as different ones.
 */
const AOR = 'alice@example.com';
const URIS = [
  'sip:a@192.0.2.1',
  'sip:a@192.0.2.1;line=1',
  'sip:a@192.0.2.1;line=2',
  'sip:A@192.0.2.1',
  'sip:a@192.0.2.1:5060',
  'sip:b@192.0.2.2',
];

type Step =
  | { readonly kind: 'request'; readonly request: RegisterText; readonly waitS: number }
  /** The n-th last request comes again. */
  | { readonly kind: 'copy'; readonly back: number; readonly waitS: number };

const contact = fc
  .record({ uri: fc.constantFrom(...URIS), expires: fc.constantFrom('', ';expires=0', ';expires=60', ';expires=x') })
  .map(({ uri, expires }) => `<${uri}>${expires}`);

const contacts = fc.oneof(
  { weight: 8, arbitrary: fc.array(contact, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant(['*']) },
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.constant(['<sip:a@192.0.2.1>', '<tel:+1>']) },
);

const waitS = fc.constantFrom(0, 0, 0.4, 5, 39, 41, 61);

const requestStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('request'),
  waitS,
  request: fc
    .record({
      contact: contacts,
      callId: fc.constantFrom('x', 'y'),
      cseq: fc.integer({ min: 1, max: 12 }),
      expires: fc.constantFrom(0, 300),
    })
    .map((request): RegisterText => (request.contact[0] === '*' ? { ...request, expires: 0 } : request)),
});

const copyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('copy'),
  back: fc.integer({ min: 1, max: 3 }),
  waitS,
});

const history = fc.array(fc.oneof({ weight: 3, arbitrary: requestStep }, copyStep), { minLength: 1, maxLength: 14 });
const worlds = fc.constantFrom({ save: '' }, { save: 'c2' }, { save: 'c2f' }, { save: 'M1' }, {
  save: '',
  expiry: { minExpiresPolicy: 'reject', minExpiresS: 120 },
} as const);

/** Counts what the table's listeners hear, and gives what the AoR's records are. */
class Observed {
  readonly world: RegistrarWorld;
  changeSets = 0;

  constructor(world: RegistrarWorld) {
    this.world = world;
    world.table.addListener({ committed: () => void this.changeSets++ });
  }

  /** All that the table holds of the AoR, as text. */
  state(): string {
    return JSON.stringify(this.world.table.read(AOR));
  }
}

function run(observed: Observed, steps: readonly Step[], visit: (request: RegisterText) => void): void {
  const sent: RegisterText[] = [];
  for (const step of steps) {
    observed.world.advance(step.waitS);
    const request = step.kind === 'request' ? step.request : sent.at(-step.back);
    if (request === undefined) continue;
    sent.push(request);
    visit(request);
  }
}

const RUNS = { numRuns: 150 };

t.test('in any history a refusal leaves no trace, and what is granted is at most one change set', async (t) => {
  fc.assert(
    fc.property(worlds, history, (settings, steps) => {
      const observed = new Observed(new RegistrarWorld(settings));
      run(observed, steps, (request) => {
        const before = observed.state();
        const changeSetsBefore = observed.changeSets;
        const { status } = observed.world.register(request);
        const changeSets = observed.changeSets - changeSetsBefore;
        assert.ok(changeSets <= (status === 200 ? 1 : 0), `${String(status)} with ${String(changeSets)} change sets`);
        if (changeSets === 0) assert.equal(observed.state(), before);
      });
    }),
    RUNS,
  );
  t.pass();
});

t.test(
  'in any history what was just carried out is granted again when it comes again, and writes nothing',
  async (t) => {
    fc.assert(
      fc.property(worlds, history, fc.constantFrom(0, 0.5, 39.9), (settings, steps, laterS) => {
        const observed = new Observed(new RegistrarWorld(settings));
        run(observed, steps, (request) => {
          const changeSetsBefore = observed.changeSets;
          const first = observed.world.register(request);
          if (observed.changeSets === changeSetsBefore) return;
          const before = observed.state();
          observed.world.advance(laterS);
          const again = observed.world.register(request);
          assert.equal(again.status, 200);
          assert.equal(observed.state(), before);
          if (laterS === 0) assert.deepEqual(again.contactUris, first.contactUris);
        });
      }),
      RUNS,
    );
    t.pass();
  },
);

t.test('in any history no contact is listed twice, never more than max_contacts, and what was bound is', async (t) => {
  fc.assert(
    fc.property(history, (steps) => {
      const observed = new Observed(new RegistrarWorld({ save: 'c2f' }));
      run(observed, steps, (request) => {
        const changeSetsBefore = observed.changeSets;
        const { status, contactUris } = observed.world.register(request);
        if (status !== 200) return;
        assert.equal(new Set(contactUris).size, contactUris.length);
        assert.ok(contactUris.length <= 2);
        const bound = boundBy(request);
        if (observed.changeSets > changeSetsBefore && bound !== undefined) assert.ok(contactUris.includes(bound));
      });
    }),
    RUNS,
  );
  t.pass();
});

t.test(
  'of a phone that numbers its requests rightly no copy that is late by less than 40 s changes anything',
  async (t) => {
    const sent = fc.record({ contact: contacts, waitS: fc.constantFrom(0, 0.4, 5, 12) });
    const phones = fc.array(sent, { minLength: 2, maxLength: 10 });
    fc.assert(
      fc.property(worlds, phones, fc.infiniteStream(fc.nat()), (settings, requests, choices) => {
        const observed = new Observed(new RegistrarWorld(settings));
        const copies: { request: RegisterText; atMs: number }[] = [];
        requests.forEach(({ contact, waitS }, index) => {
          observed.world.advance(waitS);
          const request = { contact, callId: 'x', cseq: index + 1, expires: contact[0] === '*' ? 0 : 300 };
          const { status } = observed.world.register(request);
          if (status === 200) copies.push({ request, atMs: observed.world.nowMs });
          const copy = copies[Number(choices.next().value) % copies.length];
          if (copy === undefined || observed.world.nowMs - copy.atMs > 40_000 - 1) return;
          const before = observed.state();
          observed.world.register(copy.request);
          assert.equal(observed.state(), before);
        });
      }),
      RUNS,
    );
    t.pass();
  },
);

/** The URI that the request binds, if it is the only one that it names. */
function boundBy({ contact = [], expires }: RegisterText): string | undefined {
  const [only, ...others] = [contact].flat();
  if (only === undefined || others.length > 0 || only === '*' || only.endsWith('=0')) return undefined;
  return expires === 0 && !only.includes('expires') ? undefined : only.slice(1, only.indexOf('>'));
}
