import { isIP } from 'node:net';

/**
 * 4 or 6 for an IP address; 0 for anything else, and for one with a zone (`fe80::1%eth0`): it names an interface of the
 * machine that wrote it, and means nothing to another (RFC 4007 6).
 */
export function ipVersion(text: string): number {
  return text.includes('%') ? 0 : isIP(text);
}
