// The import table of docs/architecture.md. A room lists what it may import; everything else is refused.
const core = (...rooms) => rooms.map((room) => `^services/core/${room}/`);
const packages = (...names) => names.map((name) => `^node_modules/${name}/`);

/** A room's own folder is always allowed; so are Node's modules, where `io` is true. */
const rooms = [
  { from: '^services/core/job/', to: packages('zod') },
  {
    from: '^services/core/display/',
    to: [...core('job'), ...packages('string-width', 'get-east-asian-width')],
  },
  { from: '^services/core/pipeline/', to: [...core('job'), ...packages('zod', 'yaml', 're2js')] },
  { from: '^services/core/queue/', to: [...core('job', 'runtime'), ...packages('zod', 'ioredis')] },
  { from: '^services/core/audit/', to: packages('zod') },
  {
    from: '^services/core/access/',
    to: [...core('job', 'runtime', 'audit'), ...packages('zod', 'ioredis', 'age-encryption', '@scure/base')],
  },
  { from: '^services/core/execute/', to: core('job', 'pipeline') },
  { from: '^services/core/forge/', to: [...core('job'), ...packages('zod')] },
  { from: '^services/core/client/', to: [...core('job', 'audit'), ...packages('zod', 'eventsource-parser')] },
  { from: '^services/core/runtime/', to: packages('zod', 'ioredis') },
  { from: '^services/core/log/', to: packages('pino') },
  { from: '^services/core/store/', to: packages('aws4fetch') },
  { from: '^services/core/cache/', to: [...core('pipeline', 'store'), ...packages('zod')] },
  { from: '^services/core/trace/', to: [] },
  { from: '^services/core/image/', to: [] },
  { from: '^services/core/command/', to: packages('commander') },
  { from: '^services/core/report/', to: packages('sax') },
  { from: '^services/core/mask/', to: core('execute') },
];

const programs = {
  agent: {
    core: [
      'job',
      'pipeline',
      'execute',
      'client',
      'runtime',
      'log',
      'mask',
      'trace',
      'report',
      'cache',
      'store',
      'display',
      'image',
    ],
    packages: ['zod'],
  },
  api: {
    core: ['.+'],
    packages: ['hono', '@hono/.+', 'zod', 'prom-client', 'pino', 'openid-client', 'croner'],
  },
  local: {
    core: ['command', 'job', 'client', 'access', 'audit', 'execute', 'forge', 'runtime', 'display'],
    packages: ['zod', 'esbuild', 'commander'],
  },
  backup: { core: ['store', 'runtime'], packages: ['zod'] },
  tui: { core: ['command', 'job', 'client', 'display', 'runtime'], packages: ['zod', 'neo-blessed'] },
  cli: {
    core: ['job', 'client', 'display', 'runtime', 'pipeline', 'execute', 'audit', 'mask', 'cache'],
    packages: ['zod', 'commander'],
  },
  platform: { core: ['command', 'image'], packages: ['zod', 'commander', 'yaml'] },
  demo: { core: ['command', 'job', 'client', 'display', 'forge', 'runtime'], packages: ['zod', 'commander'] },
};

const only = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { pathNot: [from, ...to], dependencyTypesNot: ['core'] },
});

export default {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...rooms.map(({ from, to }) => only(`room ${from.slice(1, -1)}`, from, to)),
    ...Object.entries(programs).map(([name, may]) =>
      only(`program ${name}`, `^services/${name}/`, [...core(...may.core), ...packages(...may.packages)]),
    ),
    only('review', '^charts/review/', [
      '^charts/',
      '^imports/',
      ...core('job', 'forge'),
      ...packages('zod', 'yaml', '@marcbachmann/cel-js'),
    ]),
    // app.mjs is a tool beside the charts: it bundles them.
    only('charts', '^(charts/(?!review/|app\\.mjs)|main\\.ts)', [
      '^charts/',
      '^imports/',
      '^services/[a-z]+/config\\.ts$',
      '^services/core/job/',
      '^services/core/forge/hook-events\\.ts$',
      '^services/core/queue/keys\\.ts$',
      '^services/core/runtime/durable-redis\\.ts$',
      ...packages('cdk8s', 'cdk8s-plus-28', 'constructs', 'zod', 'yaml'),
    ]),
    {
      name: 'review looks on',
      comment: 'What is said of objects has no say in making them.',
      severity: 'error',
      from: { path: '^(charts|main\\.ts)', pathNot: '^charts/review/' },
      to: { path: '^charts/review/' },
    },
    {
      name: 'door',
      comment: 'A room of core is entered by its index.ts.',
      severity: 'error',
      from: { path: '^(services|charts|main\\.ts)', pathNot: '^services/core/([^/]+)/' },
      to: {
        path: '^services/core/[^/]+/',
        pathNot: [
          '^services/core/[^/]+/index\\.ts$',
          '^services/core/forge/hook-events\\.ts$',
          '^services/core/queue/keys\\.ts$',
          '^services/core/runtime/durable-redis\\.ts$',
        ],
      },
    },
    {
      name: 'door between rooms',
      severity: 'error',
      from: { path: '^services/core/([^/]+)/' },
      to: {
        path: '^services/core/[^/]+/',
        pathNot: ['^services/core/$1/', '^services/core/[^/]+/index\\.ts$'],
      },
    },
    {
      name: 'pure',
      comment:
        'What a job is, what a pipeline file means, what is safe to show and how a chain is checked need no I/O.',
      severity: 'error',
      from: { path: '^services/core/(job|pipeline|display|audit|report)/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|path|util)$' },
    },
    {
      name: 'processes',
      comment: 'Only these start processes.',
      severity: 'error',
      from: {
        path: '^services/',
        pathNot: ['^services/core/execute/', '^services/(local|demo|platform)/', '/main\\.ts$'],
      },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'terminal library',
      severity: 'error',
      from: { pathNot: '^services/tui/screen\\.ts$' },
      to: { path: '^node_modules/neo-blessed/' },
    },
    {
      name: 'main is a root',
      severity: 'error',
      from: { path: '^services/' },
      to: { path: '^services/[a-z]+/main\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    includeOnly: undefined,
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
