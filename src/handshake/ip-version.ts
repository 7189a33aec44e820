import { isIP } from 'node:net';

/**
 * 4 or 6 for an IP address, 0 for any other text. An address with a zone (`fe80::1%eth0`) is 0: the zone is an interface of the
 * machine that wrote it (RFC 4007 6).
 */
export function ipVersion(text: string): number {
  return text.includes('%') ? 0 : isIP(text);
}
