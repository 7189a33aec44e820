import ipaddr from 'ipaddr.js';
import { Refusal } from '../../../handshake';
import type { ConnectionLimit } from './connection-limit';

export const maxConnectionsPerAddress: ConnectionLimit = {
  name: 'maxConnectionsPerAddress',
  refusal: new Refusal(429, 'Too many connections from this address.', {}, 'maxConnectionsPerAddress'),
  groupOf: ({ remoteAddress }) => networkOf(remoteAddress),
};

/** The /64 network of an IPv6 address, all of which one client may have (RFC 6177). */
function networkOf(address: string): string {
  if (!address.includes(':') || !ipaddr.IPv6.isValid(address)) return address;
  const network = ipaddr.IPv6.parse(address).parts.slice(0, 4);
  return network.map((part) => part.toString(16)).join(':');
}
