import fc from 'fast-check';
import { FrameParser, type FrameRules, type FrameSink, MessageAssembler, type Violation } from '../../src/protocol';

/** Runs of each property; FC_RUNS sets another number for all of them. */
export function runs(usual: number): number {
  return Number(process.env.FC_RUNS ?? usual);
}

/** Once from a seed that stays the same, once from a new one, which fast-check prints when the property fails. */
export function holds<Arguments>(property: fc.IProperty<Arguments>, usual = 300): void {
  fc.assert(property, { numRuns: runs(usual), seed: 6455 });
  fc.assert(property, { numRuns: runs(usual) });
}

export const MAX_MESSAGE = 1024 * 1024;

export const RULES: FrameRules = { maxMessageBytes: MAX_MESSAGE, maxEmptyFragments: 128, allowRsv1: false };

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export const bytes = (inHex: string): Buffer => Buffer.from(inHex.replaceAll(' ', ''), 'hex');

export type Outcome =
  | readonly ['text', string]
  | readonly ['binary' | 'ping' | 'pong', string]
  | readonly ['close', number, string]
  | readonly ['violation', string, number];

/** A `MessageAssembler` and what it reported. */
export class Reader {
  readonly violations: Violation[] = [];
  private readonly reports: (() => Outcome)[] = [];
  readonly assembler: MessageAssembler;
  /** Called after each report. */
  afterReport: () => void = () => {};

  constructor(rules: Partial<FrameRules> = {}) {
    const note = (report: () => Outcome): void => {
      this.reports.push(report);
      this.afterReport();
    };
    this.assembler = new MessageAssembler(
      {
        onText: (message) => note(() => ['text', message]),
        onBinary: (message) => note(() => ['binary', hex(message)]),
        onPing: (payload) => note(() => ['ping', hex(payload)]),
        onPong: (payload) => note(() => ['pong', hex(payload)]),
        onClose: (code, reason) => note(() => ['close', code, reason]),
        onViolation: (violation) => {
          this.violations.push(violation);
          note(() => ['violation', violation.name, violation.closeCode]);
        },
      },
      { ...RULES, ...rules },
    );
  }

  /** Pushes a copy, and scribbles over it afterwards as the next read of a shared buffer would. */
  push(input: Uint8Array): number {
    const copy = Buffer.from(input);
    const stoppedAt = this.assembler.parser.push(copy, 0, copy.length);
    copy.fill(0xee);
    return stoppedAt;
  }

  /** Looked at now, so that a report that held on to the bytes pushed shows what was written over them. */
  get outcomes(): Outcome[] {
    return this.reports.map((report) => report());
  }
}

/** What comes of these bytes, pushed as they are cut here. */
export function read(chunks: Uint8Array | Uint8Array[], rules: Partial<FrameRules> = {}): Outcome[] {
  const reader = new Reader(rules);
  for (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) reader.push(chunk);
  return reader.outcomes;
}

/** Sizes of the buffers that are allocated meanwhile. */
export function allocatedBy(act: () => void): number[] {
  const sizes: number[] = [];
  const spies = (['alloc', 'allocUnsafe', 'allocUnsafeSlow'] as const).map((name) => {
    const allocate = Buffer[name];
    return jest.spyOn(Buffer, name as 'allocUnsafe').mockImplementation((size) => {
      sizes.push(size);
      return allocate(size);
    });
  });
  try {
    act();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return sizes;
}

export function cut(whole: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...[...at].sort((a, b) => a - b).filter((place) => place < whole.length), whole.length];
  return places.slice(1).map((end, i) => whole.subarray(places[i], end));
}

export function cutEvery(whole: Uint8Array, size: number): Uint8Array[] {
  const chunks = [];
  for (let at = 0; at < whole.length; at += size) chunks.push(whole.subarray(at, at + size));
  return chunks;
}

/** RFC 6455 5.3, as it is written there. */
export function naiveUnmask(masked: Uint8Array, key: Uint8Array): Buffer {
  return Buffer.from(masked.map((octet, i) => octet ^ key[i % 4]!));
}

export interface Frame {
  opcode: number;
  compressed: boolean;
  payload: string;
}

export type FrameReport = Frame | { control: number; payload: string } | { violation: string; closeCode: number };

/** A sink that takes down messages (whole, whichever way they came), control frames and violations. */
export class RecordingSink implements FrameSink {
  readonly reports: FrameReport[] = [];
  readonly partLengths: number[] = [];
  readonly declared: number[] = [];
  calls = 0;
  afterReport: () => void = () => {};
  private current: (Frame & { parts: Buffer[] }) | undefined;

  onMessage(opcode: number, compressed: boolean, source: Buffer, start: number, end: number, key: number): void {
    this.calls++;
    this.note({ opcode, compressed, payload: hex(unmasked(source, start, end, key)) });
  }

  onMessageStart(opcode: number, compressed: boolean): void {
    this.calls++;
    this.current = { opcode, compressed, payload: '', parts: [] };
  }

  onMessagePart(source: Buffer, start: number, end: number, key: number, declared: number): void {
    this.calls++;
    this.partLengths.push(end - start);
    this.declared.push(declared);
    this.current!.parts.push(unmasked(source, start, end, key));
  }

  onMessageEnd(): void {
    this.calls++;
    const { opcode, compressed, parts } = this.current!;
    this.current = undefined;
    this.note({ opcode, compressed, payload: hex(Buffer.concat(parts)) });
  }

  onControl(opcode: number, payload: Buffer): void {
    this.calls++;
    this.note({ control: opcode, payload: hex(payload) });
  }

  onViolation({ name, closeCode }: Violation): void {
    this.calls++;
    this.note({ violation: name, closeCode });
  }

  private note(report: FrameReport): void {
    this.reports.push(report);
    this.afterReport();
  }
}

function unmasked(source: Buffer, start: number, end: number, key: number): Buffer {
  const keyBytes = Buffer.alloc(4);
  keyBytes.writeInt32LE(key | 0);
  return naiveUnmask(source.subarray(start, end), keyBytes);
}

/** What a `FrameParser` reports of these bytes. */
export function parse(chunks: Uint8Array | Uint8Array[], rules: Partial<FrameRules> = {}): FrameReport[] {
  const sink = new RecordingSink();
  const parser = new FrameParser(sink, { ...RULES, ...rules });
  for (const chunk of chunks instanceof Uint8Array ? [chunks] : chunks) {
    parser.push(Buffer.from(chunk), 0, chunk.length);
  }
  return sink.reports;
}

export function parserOf(rules: Partial<FrameRules> = {}): { sink: RecordingSink; parser: FrameParser } {
  const sink = new RecordingSink();
  return { sink, parser: new FrameParser(sink, { ...RULES, ...rules }) };
}

export const push = (parser: FrameParser, input: Uint8Array): number =>
  parser.push(Buffer.from(input), 0, input.length);

export const broken = ({ name, closeCode }: { name: string; closeCode: number }): FrameReport => ({
  violation: name,
  closeCode,
});
