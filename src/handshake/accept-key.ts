import { createHash } from 'node:crypto';

/** RFC 6455 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** RFC 6455 4.2.1: base64 that decodes to 16 bytes. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

export function isWebSocketKey(key: string): boolean {
  return KEY.test(key);
}

/** `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key` (RFC 6455 4.2.2). */
export function acceptFor(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64');
}
