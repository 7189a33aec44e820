/** The rooms of docs/architecture.md: an import that runs against the table there fails. */
const rooms = {
  copies: [],
  protocol: [],
  codecs: [],
  handshake: ['copies', 'protocol'],
  engine: ['copies', 'protocol', 'codecs', 'handshake'],
  channels: ['copies', 'engine'],
  decorators: ['copies'],
  binding: ['copies', 'decorators', 'engine', 'channels'],
  app: ['copies', 'protocol', 'codecs', 'handshake', 'engine', 'channels', 'decorators', 'binding'],
  testing: ['copies', 'protocol', 'engine', 'decorators', 'app'],
  packages: [],
  brokers: ['channels'],
  redis: ['channels', 'brokers', 'packages'],
  nats: ['channels', 'brokers', 'packages'],
  metrics: ['engine', 'packages'],
  opentelemetry: ['engine', 'binding', 'packages'],
};

/** Types are erased: what a decorator's options look like is the engine's to say (docs/decisions/decorator-types.md). */
const typesApart = { decorators: { dependencyTypesNot: ['type-only'] } };

const roomRule = ([room, mayImport]) => ({
  name: `${room}-imports`,
  severity: 'error',
  comment: `src/${room} may import ${mayImport.join(', ') || 'nothing of ours'}`,
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...mayImport].join('|')})/`, ...typesApart[room] },
});

module.exports = {
  forbidden: [
    ...Object.entries(rooms).map(roomRule),
    {
      name: 'only-by-whoever-asks',
      comment: 'entry points of their own, with packages that not everybody has installed',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(metrics|opentelemetry|redis|nats)/' },
      to: {
        path: '^src/(metrics|opentelemetry|redis|nats)/|node_modules/(prom-client|@opentelemetry|redis|@redis|@nats-io)/',
      },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-foreign-engine',
      severity: 'error',
      from: {},
      to: { path: 'node_modules/(ws|undici|faye-websocket|uWebSockets)' },
    },
    {
      name: 'no-sockets-or-timers-here',
      severity: 'error',
      from: { path: '^src/(protocol|channels|decorators|binding)/' },
      to: { path: '^(net|tls|http|https|http2|timers)$', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
