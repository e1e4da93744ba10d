// What may import what inside lib/, as ARCHITECTURE.md draws it. A folder that is not in this table may import nothing,
// so a new folder starts with a line here.

const LOCATION_PORTS = 'lib/location/(ports|record|version|change|horizon)[.]ts$';
// app.ts and its parts in app/: together the composition root.
const APP = 'app([.]ts|/)';
const CLUSTER_PORTS = 'lib/cluster/ports[.]ts$';

const folder = (name) => `lib/${name}/`;
const BASE = ['core', 'sip', 'location', 'role'].map(folder);
const SERVICES = ['registrar', 'replication', 'pinger'].map(folder);
// Engines and storage are reached through ports; only app.ts knows which one there is.
const BELOW = [...BASE, ...SERVICES, ...['cluster', 'history', 'storage', 'trace'].map(folder)];

/** Folder or file of lib/ -> what it may import beside itself. */
const MAY_IMPORT = {
  'core/': [],
  'sip/': [folder('core')],
  'location/': [folder('core')],
  'role/': [folder('core')],
  'registrar/': BASE,
  'replication/': BASE,
  'pinger/': BASE,
  // Implements the observers of those it watches.
  'trace/': [...BASE, folder('registrar'), folder('pinger')],
  // Puts into words what those it hears of say.
  'history/': [...BASE, folder('replication')],
  'cluster/': [...BASE, ...SERVICES],
  'storage/': [folder('core'), LOCATION_PORTS, CLUSTER_PORTS],
  // Other folders receive typed settings as parameters and never see where they come from.
  'config/': [folder('core')],
  'mi/': BELOW,
  // Reads what others have written, and asks nobody but the system.
  'doctor/': [folder('core'), folder('config'), folder('cluster'), folder('role'), folder('storage')],
  'cli/': [...BELOW, folder('config'), folder('doctor')],
  [APP]: [...BELOW, folder('config'), folder('mi')],
  'main[.]ts$': [folder('core'), folder('config'), folder('cli'), `lib/${APP}`],
};

const layers = Object.entries(MAY_IMPORT).map(([from, to]) => ({
  name: `layer-${from.match(/^[a-z]+/)[0]}`,
  comment: `lib/${from} imports of lib/ only what the table in .dependency-cruiser.cjs gives it`,
  severity: 'error',
  from: { path: `^lib/${from}` },
  to: { path: '^lib/', pathNot: [`lib/${from}`, ...to].map((path) => `^${path}`) },
}));

module.exports = {
  forbidden: [
    ...layers,
    {
      name: 'known-folder',
      comment: 'a file of lib/ stands in a folder that the table in .dependency-cruiser.cjs knows',
      severity: 'error',
      from: { path: '^lib/', pathNot: Object.keys(MAY_IMPORT).map((path) => `^lib/${path}`) },
      to: {},
    },
    {
      name: 'engines-apart',
      comment: 'the embedded and the drachtio engine know nothing of each other, and sip/ itself knows neither',
      severity: 'error',
      from: { path: '^lib/sip/(embedded/|drachtio/|)' },
      to: { path: '^lib/sip/(embedded|drachtio)/', pathNot: '^lib/sip/$1.+' },
    },
    {
      name: 'engines-only-from-app',
      comment: 'the others take a SipEngine; app.ts says which',
      severity: 'error',
      from: { path: '^lib/', pathNot: `^lib/(${APP}|sip/)` },
      to: { path: '^lib/sip/(embedded|drachtio)/' },
    },
    {
      name: 'no-circular',
      comment: 'no circle anywhere, types included',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'lib-stands-alone',
      comment: 'what is delivered needs neither tests nor tools',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'no-development-package',
      comment: 'lib/ imports only packages of `dependencies`; types alone may come from elsewhere',
      severity: 'error',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'pure-location',
      comment: 'the table does no I/O: of Node it takes only what computes',
      severity: 'error',
      from: { path: '^lib/location/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(assert|buffer|crypto|util)$' },
    },
    {
      name: 'config-packages',
      comment: 'config/ needs a schema and a YAML reader',
      severity: 'error',
      from: { path: '^lib/config/' },
      to: { path: 'node_modules/', pathNot: 'node_modules/(zod|yaml)/' },
    },
    {
      name: 'sqlite-in-storage',
      comment: 'only storage/ knows what the database is made of',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/storage/' },
      to: { path: 'node_modules/(@types/)?better-sqlite3/' },
    },
    {
      name: 'drachtio-in-its-engine',
      comment: 'only sip/drachtio/ knows drachtio-srf',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/sip/drachtio/' },
      to: { path: 'node_modules/drachtio-srf/' },
    },
    {
      name: 'yaml-in-config',
      comment: 'only config/ knows what the configuration file is written in',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/config/' },
      to: { path: 'node_modules/yaml/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Type imports are imports: without this the rules would see almost none of the ports.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
