/** The rooms of docs/architecture.md: an import that runs against the table there fails, of types too. */
const rooms = {
  copies: [],
  protocol: ['copies'],
  messages: ['copies'],
  handshake: ['copies', 'protocol'],
  transport: ['copies', 'protocol', 'messages'],
  connection: ['copies', 'protocol', 'messages', 'handshake', 'transport'],
  server: ['copies', 'protocol', 'messages', 'handshake', 'transport', 'connection'],
  channels: ['copies', 'protocol', 'messages', 'connection'],
  decorators: ['copies'],
  validation: ['copies', 'messages', 'decorators'],
  binding: ['copies', 'protocol', 'messages', 'handshake', 'connection', 'decorators', 'validation'],
  app: [
    'copies',
    'protocol',
    'messages',
    'handshake',
    'connection',
    'server',
    'channels',
    'decorators',
    'validation',
    'binding',
  ],
  testing: [
    'copies',
    'protocol',
    'messages',
    'handshake',
    'transport',
    'connection',
    'server',
    'decorators',
    'binding',
    'app',
  ],
  'adapters/shared': ['channels'],
  'adapters/redis': ['messages', 'connection', 'channels', 'adapters/shared'],
  'adapters/nats': ['messages', 'connection', 'channels', 'adapters/shared'],
  'adapters/prometheus': ['messages', 'connection', 'channels', 'adapters/shared'],
  'adapters/opentelemetry': ['messages', 'handshake', 'connection', 'decorators', 'binding', 'adapters/shared'],
};

/** What a decorator's options look like is said where they are read (docs/decisions/decorator-types.md). */
const TYPES_FOR_DECORATORS = ['handshake', 'connection', 'validation'];

const roomRule = ([room, mayImport]) => ({
  name: `${room}-imports`,
  severity: 'error',
  comment: `src/${room} may import ${mayImport.join(', ') || 'nothing of ours'}`,
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...mayImport].join('|')})/` },
});

module.exports = {
  forbidden: [
    ...Object.entries(rooms)
      .filter(([room]) => room !== 'decorators')
      .map(roomRule),
    roomRule(['decorators', [...rooms.decorators, ...TYPES_FOR_DECORATORS]]),
    {
      ...roomRule(['decorators', rooms.decorators]),
      name: 'decorators-import-types',
      to: { ...roomRule(['decorators', rooms.decorators]).to, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-way-past-an-index',
      comment: 'what another room needs is in the index of the room that has it',
      severity: 'error',
      from: { path: '^src/((?:adapters/)?[^/]+)/' },
      to: { path: '^src/(adapters/)?[^/]+/.', pathNot: '^src/($1)/|^src/(adapters/)?[^/]+/index[.]ts$' },
    },
    {
      name: 'optional-packages',
      comment: 'adapters are entry points of their own, with packages that are not installed with Portal',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/adapters/' },
      to: {
        path: '^src/adapters/|node_modules/(prom-client|@opentelemetry|redis|@redis|@nats-io)/',
      },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-foreign-engine',
      severity: 'error',
      from: {},
      to: { path: 'node_modules/(ws|undici|faye-websocket|uWebSockets)' },
    },
    {
      name: 'no-sockets-here',
      comment: 'sockets and servers are made in transport, server, adapters and testing',
      severity: 'error',
      // isIP and STATUS_CODES are no network
      from: {
        path: '^src/',
        pathNot: '^src/(transport|server|adapters|testing|handshake)/|^src/connection/refusals[.]ts$',
      },
      to: { path: '^(net|tls|http|https|http2)$', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
