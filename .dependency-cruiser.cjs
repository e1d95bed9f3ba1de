/** Stages depend on packages and never on each other; destination and sink meet only in packages/avro. */
const stages = [
  'source-ewallet',
  'destination-kafka',
  'sink-warehouse',
  'metabase',
  'sync',
  'audit',
  'pipeline',
  'mapping',
  'realtime',
  'deploy/airbyte',
  'tools/local-stack',
  'tools/demo',
  'tools/bench',
];

/** The floors of a part, from the top down: a folder imports only from folders below it. docs/code-map.md describes them. */
const floors = {
  'source-ewallet': ['capture', 'read', 'copy', 'server', 'position', 'tables', 'config'],
  'destination-kafka': ['write', 'encode', 'kafka', 'config'],
  'sink-warehouse': [
    'commands',
    'operate',
    'reconcile',
    'run',
    'deadletters',
    'load',
    'state',
    'config',
    'tables',
    'avro',
    'bytes',
  ],
  audit: ['repair', 'report', 'resume', 'settle', 'compare', 'standby', 'tables', 'server', 'config'],
  realtime: ['commands', 'deliver', 'rules', 'verify', 'engine', 'script', 'signals', 'products', 'inputs', 'config'],
  pipeline: ['serve', 'report', 'verdict', 'probe', 'config'],
  mapping: ['propose', 'check', 'explain', 'render', 'wallet', 'file', 'model', 'database', 'config'],
  metabase: ['commands', 'preview', 'sync', 'wire', 'api', 'warehouse', 'content'],
  'tools/bench': ['hops', 'report', 'session', 'measure'],
};

const floorRules = Object.entries(floors).flatMap(([part, folders]) =>
  folders.slice(1).map((folder, index) => ({
    name: `${part}-${folder}-imports-nothing-above-it`,
    severity: 'error',
    from: { path: `^${part}/src/${folder}/` },
    to: { path: `^${part}/src/(${folders.slice(0, index + 1).join('|')})/` },
  })),
);

/** What stands at the root of `src` is on top: the command line, the connector, the run. */
const rootRules = Object.keys(floors).map((part) => ({
  name: `${part}-folders-import-nothing-of-the-root`,
  severity: 'error',
  from: { path: `^${part}/src/[^/]+/` },
  to: { path: `^${part}/src/[^/]+\\.ts$` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    ...stages.map((stage) => ({
      name: `${stage.replace('/', '-')}-imports-no-other-stage`,
      severity: 'error',
      comment: 'A stage is installed alone; what two of them need belongs in packages/.',
      from: { path: `^${stage}/` },
      to: { path: `^(${stages.filter((other) => other !== stage).join('|')})/` },
    })),
    ...floorRules,
    ...rootRules,
    {
      name: 'packages-import-no-stage',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: `^(${stages.join('|')})/` },
    },
    {
      name: 'failure-imports-nothing',
      severity: 'error',
      from: { path: '^packages/failure/' },
      to: { pathNot: '^packages/failure/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-dev-dependency-in-production',
      severity: 'error',
      from: { path: '/src/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'declared-dependencies-only',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'dist'] },
    exclude: { path: ['(^|/)dist/', '(^|/)bin/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default'] },
  },
};
