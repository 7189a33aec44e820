import { clientFrame } from './frames.mjs';

/**
 * Protocols over WebSocket: the `path` of the upgrade; `greetings`, which the server sends and the client answers in
 * turn before the connection is open, each `{ ends, answer }`, where `ends` is a regular expression for all that has
 * come; `wrap`, which makes a message of a payload.
 */
export const dialects = {
  plain: { path: '/', greetings: [], wrap: (payload) => payload },
  // Engine.IO 4, Socket.IO 5: https://socket.io/docs/v4/socket-io-protocol/
  'socket.io': {
    path: '/socket.io/?EIO=4&transport=websocket',
    greetings: [{ ends: /0\{.*\}$/, answer: clientFrame('text', Buffer.from('40')) }, { ends: /40\{.*\}$/ }],
    wrap: (payload) => Buffer.from(`42${JSON.stringify(['message', payload.toString()])}`),
  },
};
