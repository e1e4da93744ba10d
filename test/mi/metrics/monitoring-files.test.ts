import t from 'tap';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expositionOf, type Exposition } from './support/exposition.ts';
import { SomeNode } from './support/some-node.ts';

const FOLDER = join(import.meta.dirname, '../../../docs/monitoring');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly action: string };
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const alerts: { readonly groups: readonly { readonly rules: readonly Rule[] }[] } = parse(
  readFileSync(join(FOLDER, 'alerts.yaml'), 'utf8'),
);
const board: { readonly uid: string; readonly panels: readonly Panel[] } = JSON.parse(
  readFileSync(join(FOLDER, 'twinreg-board.json'), 'utf8'),
);
const rules = alerts.groups.flatMap((group) => group.rules);

async function everything(): Promise<Exposition> {
  const node = new SomeNode();
  node.world.register({ contact: '<mailto:x>' });
  return expositionOf(await node.metrics.text());
}

/** Labels that Prometheus itself adds. */
const TARGET_LABELS = ['job', 'instance'];

/** What of an expression does not exist on a real node: metrics, labels, and label values. */
function unknownIn(expr: string, { families }: Exposition): readonly string[] {
  const samples = [...families.values()].flatMap((family) => family.samples);
  const names = new Set([...samples.map(({ name }) => name), 'up']);
  const used = expr.matchAll(/\b((?:twinreg|process|nodejs)_\w+|up\b)(?:\{([^}]*)\})?/g);
  return [...used].flatMap(([, name = '', matchers = '']) => {
    if (!names.has(name)) return [name];
    return [...matchers.matchAll(/(\w+)(=~|!=|!~|=)"([^"]*)"/g)].flatMap(([text, label = '', operator, value = '']) => {
      if (TARGET_LABELS.includes(label)) return [];
      const values = samples.filter((sample) => sample.name === name).map(({ labels }) => labels[label]);
      const pattern = new RegExp(`^(?:${value})$`);
      const isMet = values.some((known) =>
        known === undefined ? false : operator?.endsWith('~') === true ? pattern.test(known) : known === value,
      );
      return isMet ? [] : [`${name}{${text}}`];
    });
  });
}

function isBalanced(expr: string): boolean {
  return ['()', '{}', '[]'].every((pair) => expr.split(pair[0]!).length === expr.split(pair[1]!).length);
}

t.test('each alert says what is wrong and what to do, and asks for what there is', async (t) => {
  const known = await everything();
  t.ok(rules.length >= 12);
  t.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length, 'no two have one name');
  for (const { alert, expr, for: duration, labels, annotations } of rules) {
    t.same(unknownIn(expr, known), [], `${alert} asks for what there is`);
    t.ok(isBalanced(expr), alert);
    t.match(alert, /^Twinreg[A-Z]\w+$/);
    t.match(duration, /^\d+[sm]$/);
    t.match(labels.severity, /^(critical|warning)$/);
    t.match(annotations.summary, /^.{20,100}$/);
    t.match(annotations.action, /^[A-Z].{40,}\.$/, `${alert} says what to do`);
  }
});

t.test('each panel of the board asks for what there is, and lies over no other', async (t) => {
  const known = await everything();
  const panels = board.panels.filter(({ type }) => type !== 'row');
  t.ok(panels.length >= 20);
  t.equal(new Set(board.panels.map(({ id }) => id)).size, board.panels.length);
  const taken = new Set<string>();
  for (const { title, targets = [], gridPos } of panels) {
    t.ok(targets.length > 0, title);
    for (const { expr } of targets) {
      t.same(unknownIn(expr, known), [], `${title} asks for what there is`);
      t.ok(isBalanced(expr), `${title}: ${expr}`);
    }
    t.ok(gridPos.x + gridPos.w <= 24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        if (taken.has(`${x},${y}`)) t.fail(`${title} lies over another panel`);
        taken.add(`${x},${y}`);
      }
    }
  }
});

t.test('a name that is wrong would be found', async (t) => {
  const known = await everything();
  t.same(unknownIn('rate(twinreg_contact[5m]) > up', known), ['twinreg_contact']);
  t.same(unknownIn('twinreg_degraded{reason="disc"}', known), ['twinreg_degraded{reason="disc"}']);
  t.same(unknownIn('twinreg_sip_drops_total{instance=~"$instance",reason=~"send_.*"}', known), []);
});
