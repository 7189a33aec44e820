import { Refusal } from '../../../handshake';
import type { ConnectionLimit } from './connection-limit';

export const maxConnections: ConnectionLimit = {
  name: 'maxConnections',
  refusal: new Refusal(503, 'The server has no room for more connections.', {}, 'maxConnections'),
  groupOf: () => '',
};
