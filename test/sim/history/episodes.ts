import { NODES, otherNode, type NodeName } from '../world/node-name.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import type { ContactName, PlannedEvent } from './planned-event.ts';

/** An event, so long after the one before it. */
export interface EpisodeStep {
  readonly afterMs: number;
  readonly event: PlannedEvent;
}

type Episode = (random: SeededRandom, contact: ContactName) => readonly EpisodeStep[];

const EPISODES: readonly Episode[] = [
  slowDisk,
  twoSpellings,
  pastH,
  wipedInTurn,
  cutWhileReconciling,
  bothTakeTheRole,
  lateCopy,
];

/**
 * Things that happen one after the other and would hardly do so by chance alone. Everything about them that may differ does, and
 * whatever else the history has happens in between.
 */
export function randomEpisode(random: SeededRandom, contact: ContactName): readonly EpisodeStep[] {
  return random.pick(EPISODES)(random, contact);
}

function put(random: SeededRandom, contact: ContactName, to: NodeName): PlannedEvent {
  const expiresS = random.pick([3600, 3600, 60, 86_400]);
  return {
    kind: 'register',
    phone: random.below(4),
    aor: 0,
    contacts: [{ contact, otherwise: random.chance(0.1), expiresS }],
    to,
  };
}

/** Something that ends the contact. */
function end(random: SeededRandom, contact: ContactName, to: NodeName): PlannedEvent {
  const phone = random.below(4);
  if (random.chance(0.3)) return { kind: 'star', phone, aor: 0, to };
  const wish = { contact, otherwise: random.chance(0.15), expiresS: 0 };
  return { kind: 'register', phone, aor: 0, contacts: [wish], to };
}

function crash(random: SeededRandom, node: NodeName): PlannedEvent {
  return {
    kind: 'crash',
    node,
    downMs: random.between(50, 2000),
    disk: random.pick(['kept', 'kept', 'kept', 'wiped']),
  };
}

/** A disk stalls while a binding is ended, and for long enough that who dares forgets it; or it stalls once more, right after a flush that came too early. */
function slowDisk(random: SeededRandom, contact: ContactName): readonly EpisodeStep[] {
  const node = random.pick(NODES);
  const twice = random.chance(0.5);
  const forMs = twice ? random.between(41_000, 46_000) : random.between(38_000, 60_000);
  const stall: PlannedEvent = { kind: 'disk-stall', node, forMs };
  const ended = {
    afterMs: random.between(0, 1000),
    event: end(random, contact, random.pick([node, node, otherNode(node)])),
  };
  const steps: EpisodeStep[] = [
    { afterMs: 0, event: put(random, contact, random.pick(NODES)) },
    { afterMs: random.between(1500, 3500), event: stall },
    ended,
  ];
  if (twice) {
    const againMs = forMs - ended.afterMs + random.between(0, 900);
    steps.push({ afterMs: againMs, event: { ...stall, forMs: 20_000 } });
    steps.push({
      afterMs: random.between(2000, 8000),
      event: crash(random, random.pick([node, node, otherNode(node)])),
    });
  } else steps.push({ afterMs: random.between(41_000, 49_000), event: crash(random, random.pick(NODES)) });
  if (random.chance(0.5)) steps.push({ afterMs: random.between(100, 4000), event: crash(random, random.pick(NODES)) });
  return steps;
}

/** A contact is bound under one spelling and ended under the other, by nodes that may not hear each other, and time passes. */
function twoSpellings(random: SeededRandom, contact: ContactName): readonly EpisodeStep[] {
  const first = random.pick(NODES);
  const otherwise = random.chance(0.5);
  const bound = { contact, otherwise, expiresS: random.pick([3600, 86_400]) };
  const ended = { contact, otherwise: !otherwise, expiresS: random.pick([0, 0, 2]) };
  const register = (wish: typeof bound, to: NodeName): PlannedEvent => ({
    kind: 'register',
    phone: random.below(4),
    aor: 0,
    contacts: [wish],
    to,
  });
  const cut: PlannedEvent = { kind: 'cut', forMs: random.between(1500, 6000), heardAfterMs: { A: 0, B: 0 } };
  return [
    { afterMs: 0, event: random.chance(0.8) ? cut : register(bound, first) },
    { afterMs: random.between(10, 500), event: register(bound, first) },
    { afterMs: random.between(500, 1500), event: register(ended, otherNode(first)) },
    {
      afterMs: random.between(43_000, 60_000),
      event: random.chance(0.5) ? crash(random, first) : { kind: 'query', aor: 0, to: first },
    },
  ];
}

/** Both nodes have their say beyond a cut that is longer than anything is remembered. */
function pastH(random: SeededRandom, contact: ContactName): readonly EpisodeStep[] {
  const node = random.pick(NODES);
  const permanent: PlannedEvent = { kind: 'mi-add', aor: 0, contact, expiresS: 0, node };
  const first = random.pick([permanent, put(random, contact, node)]);
  const second = random.pick([put(random, contact, otherNode(node)), end(random, contact, random.pick(NODES))]);
  return [
    { afterMs: 0, event: random.chance(0.5) ? first : { kind: 'cut', forMs: 20_000, heardAfterMs: { A: 0, B: 0 } } },
    { afterMs: random.between(10, 1000), event: first },
    { afterMs: random.between(0, 1000), event: random.chance(0.5) ? crash(random, random.pick(NODES)) : first },
    { afterMs: random.between(10, 2000), event: second },
    { afterMs: random.between(10, 1000), event: { kind: 'jump', byMs: 86_400_000 + random.between(60_000, 120_000) } },
  ];
}

/** One node after the other loses all that it had, as soon as it may have got it back. */
function wipedInTurn(random: SeededRandom, contact: ContactName): readonly EpisodeStep[] {
  const node = random.pick(NODES);
  const wiped = (which: NodeName): PlannedEvent => ({
    kind: 'crash',
    node: which,
    downMs: random.between(1, 300),
    disk: 'wiped',
  });
  return [
    { afterMs: 0, event: put(random, contact, node) },
    { afterMs: random.between(0, 1500), event: wiped(node) },
    { afterMs: random.between(0, 500), event: put(random, random.pick(['c0', 'c1']), random.pick(NODES)) },
    {
      afterMs: random.between(0, 200),
      event: random.chance(0.5) ? end(random, contact, node) : put(random, contact, node),
    },
    { afterMs: random.between(0, 600), event: wiped(otherNode(node)) },
  ];
}

/** The link comes and goes, and changes come in between. */
function cutWhileReconciling(random: SeededRandom, contact: ContactName): readonly EpisodeStep[] {
  const steps: EpisodeStep[] = [];
  for (let count = 0; count < 3; count++) {
    const [a, b] = [random.between(0, 60), random.between(0, 60)];
    steps.push({
      afterMs: random.between(0, 80),
      event: { kind: 'cut', forMs: random.between(1, 300), heardAfterMs: { A: a, B: b } },
    });
    steps.push({ afterMs: random.between(0, 300), event: put(random, contact, random.pick(NODES)) });
    steps.push({
      afterMs: random.between(0, 200),
      event: put(random, random.pick(['c0', 'c1', 'c2']), random.pick(NODES)),
    });
  }
  return steps;
}

/** The role is given to both, again and again, and pings are lost. */
function bothTakeTheRole(random: SeededRandom, contact: ContactName): readonly EpisodeStep[] {
  const steps: EpisodeStep[] = [{ afterMs: 0, event: put(random, contact, random.pick(NODES)) }];
  for (let count = 0; count < 4; count++) {
    const event: PlannedEvent = { kind: 'role', node: random.pick(NODES), active: random.chance(0.85) };
    steps.push({ afterMs: random.pick([0, random.between(0, 15_000)]), event });
    if (random.chance(0.3)) steps.push({ afterMs: random.between(0, 100), event: crash(random, random.pick(NODES)) });
  }
  const lost: PlannedEvent = {
    kind: 'pings-lost',
    node: random.pick(NODES),
    aor: 0,
    contact,
    judgedAfterMs: random.between(1, 4000),
  };
  steps.push({ afterMs: random.between(100, 8000), event: lost });
  return steps;
}

/** A contact goes while a copy of its registration is still on its way; the copy's place is found by the one who makes the plan. */
function lateCopy(random: SeededRandom, contact: ContactName): readonly EpisodeStep[] {
  const phone = random.below(4);
  const wish = { contact, otherwise: false, expiresS: random.pick([2, 20, 3600]) };
  const gone = { contact, otherwise: random.chance(0.2), expiresS: 0 };
  return [
    { afterMs: 0, event: { kind: 'register', phone, aor: 0, contacts: [wish], to: random.pick(NODES) } },
    {
      afterMs: random.between(1100, 4000),
      event: { kind: 'register', phone, aor: 0, contacts: [gone], to: random.pick(NODES) },
    },
    { afterMs: random.between(1000, 28_000), event: { kind: 'again', of: -2, to: random.pick(NODES) } },
  ];
}
