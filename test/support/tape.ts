import type { Duplex } from 'node:stream';

/** A message as its opcode, size and first characters, such as `1 3 abc`, or `closed` with code and reason. */
type Line = string;

/**
 * Records what a server sends: a line for each message, whole or in fragments, and one for the Close frame. Pings and pongs
 * are left out.
 */
export class Tape {
  readonly lines: Line[] = [];
  private head = Buffer.alloc(0);
  private left = 0;
  private first = 0;
  private opcode = 0;
  private size = 0;
  private begin = '';
  private wake = (): void => {};

  constructor(readonly stream: Duplex) {
    stream.removeAllListeners('data');
    stream.on('data', (bytes: Buffer) => {
      this.push(bytes);
      this.wake();
    });
    stream.on('close', () => {
      this.lines.push('gone');
      this.wake();
    });
  }

  /** Resolves with the lines when there are `count`, or the server has closed. */
  async until(count: number): Promise<Line[]> {
    while (this.lines.length < count && !/^(closed|gone)/.test(this.lines.at(-1) ?? '')) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.lines;
  }

  private push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.left === 0) {
        this.head = Buffer.concat([this.head, bytes.subarray(at, ++at)]);
        this.readHeader();
        continue;
      }
      const part = bytes.subarray(at, Math.min(at + this.left, bytes.length));
      if (this.begin.length < 40) this.begin += part.toString('latin1', 0, 40);
      at += part.length;
      this.left -= part.length;
      if (this.left === 0) this.endFrame();
    }
  }

  private readHeader(): void {
    const { head } = this;
    const short = head[1] ?? 0;
    if (head.length < 2 + (short === 126 ? 2 : short === 127 ? 8 : 0)) return;
    this.left = short < 126 ? short : short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    this.first = head[0]!;
    if ((this.first & 15) !== 0) [this.opcode, this.size, this.begin] = [this.first & 15, 0, ''];
    this.size += this.left;
    this.head = Buffer.alloc(0);
    if (this.left === 0) this.endFrame();
  }

  private endFrame(): void {
    if ((this.first & 0x80) === 0) return;
    const { opcode, begin } = this;
    if (opcode === 8) this.lines.push(`closed ${(begin.charCodeAt(0) << 8) | begin.charCodeAt(1)} ${begin.slice(2)}`);
    else if (opcode < 8) this.lines.push(`${opcode} ${this.size} ${begin.slice(0, 3)}`);
  }
}
