const SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);

/** A PROXY header of version 2: `command` 0x21 is PROXY, 0x20 LOCAL; `family` 0x11 TCP over IPv4, 0x21 over IPv6, 0x31 a Unix socket. */
export function v2(command: number, family: number, block: Buffer, claimed = block.length): Buffer {
  const fixed = Buffer.from([...SIGNATURE, command, family, claimed >> 8, claimed & 0xff]);
  return Buffer.concat([fixed, block]);
}

const ports = Buffer.from([0x04, 0xd2, 0x01, 0xbb]);

/** Source, destination 192.0.2.250, ports 1234 and 443. */
export const ipv4Block = (source: string): Buffer =>
  Buffer.concat([Buffer.from([...source.split('.').map(Number), 192, 0, 2, 250]), ports]);

/** Source in hexadecimal, destination ::1, ports 1234 and 443. */
export const ipv6Block = (source: string): Buffer =>
  Buffer.concat([Buffer.from(source, 'hex'), Buffer.from([...Array<number>(15).fill(0), 1]), ports]);

/** A type-length-value of version 2 (2.2.1). */
export const tlv = (type: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value]);

export const v1 = (source: string): string =>
  `PROXY TCP${source.includes(':') ? `6 ${source} ::1` : `4 ${source} 192.0.2.250`} 1234 443\r\n`;
