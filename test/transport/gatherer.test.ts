import { Batch } from '../../src/transport/batch';
import { Flusher } from '../../src/transport/flusher';
import { Gatherer } from '../../src/transport/gatherer';
import type { Transport } from '../../src/transport/transport';

/** A transport that holds all that it is given. */
function gathererOf(batch = new Batch()) {
  const writes: Buffer[][] = [];
  const transport = {
    pending: 0,
    holds: false,
    write: (bytes: Uint8Array) => transport.writeAll([bytes]),
    writePiece: (piece: Uint8Array) => transport.writeAll([piece]),
    writeAll(chunks: readonly Uint8Array[]) {
      writes.push(chunks.map((chunk) => Buffer.from(chunk)));
      transport.pending += chunks.reduce((sum, { length }) => sum + length, 0);
      return transport.pending === 0;
    },
    end: () => writes.push([]),
  };
  const reports: string[] = [];
  const gatherer = new Gatherer(transport as unknown as Transport, batch, new Flusher(), {
    onHeld: (bytes) => reports.push(`${bytes} held`),
    onWritten: (bytes, holds) => reports.push(`${bytes} written${holds ? ', and held' : ''}`),
  });
  const flushed = (): void => {
    transport.pending = 0;
    gatherer.unblock();
    gatherer.flush();
  };
  return { gatherer, transport, writes, reports, flushed };
}

test('it says what is gathered in the batch, and -1 where that is not to be had', () => {
  const batch = new Batch();
  const { gatherer } = gathererOf(batch);
  expect(gatherer.addText('abc')).toBe(5);
  expect(gatherer.addBinary(Buffer.alloc(200))).toBe(209);
  expect(gatherer.waitingBytes).toBe(209);
  expect(gathererOf(batch).gatherer.addText('another')).toBe(-1);
  gatherer.flush();
  expect([gatherer.isBlocked, gatherer.waitingBytes, gatherer.leavingBytes]).toEqual([true, 0, 209]);
  expect(gatherer.addText('abc')).toBe(-1);
  expect(gathererOf(batch).gatherer.addText('another')).toBe(9);
});

test('a frame larger than the batch is not gathered there', () => {
  const { gatherer } = gathererOf();
  expect(gatherer.addBinary(Buffer.alloc(64 * 1024))).toBe(-1);
});

test('while the transport is busy, frames wait in their order, and leave in one write', () => {
  const { gatherer, writes, reports, flushed } = gathererOf();
  gatherer.append(Buffer.from('a'));
  gatherer.flush();
  gatherer.append(Buffer.from('b'), Buffer.from('c'));
  gatherer.append(Buffer.from('d'));
  gatherer.flush();
  expect(writes.map(String)).toEqual(['a']);
  expect([gatherer.leavingBytes, gatherer.waitingBytes]).toEqual([1, 3]);
  flushed();
  expect(writes.map(String)).toEqual(['a', 'b,c,d']);
  expect(reports).toEqual([
    ...['1 written, and held', '1 held'],
    ...['2 held', '1 held'],
    ...['3 written, and held', '3 held'],
  ]);
});

test('200,000 short frames that wait are not so many objects, and long ones are not copied', () => {
  const { gatherer, writes, flushed } = gathererOf();
  gatherer.append(Buffer.from('first'));
  gatherer.flush();
  const long = Buffer.alloc(100_000);
  for (let i = 0; i < 100_000; i++) gatherer.append(Buffer.from([i, i >> 8]), Buffer.from([i >> 16]));
  gatherer.append(long);
  expect(gatherer.waitingBytes).toBe(400_000);
  flushed();
  const [, chunks] = writes;
  expect(chunks!.length).toBeLessThan(200_000 / 60);
  expect(chunks!.at(-1)).toHaveLength(100_000);
  const all = Buffer.concat(chunks!);
  for (let i = 0; i < 100_000; i += 997) expect(all.readUIntLE(3 * i, 3)).toBe(i);
});

test('end writes what waits, whatever the transport holds, and nothing comes after it', () => {
  const { gatherer, writes } = gathererOf();
  gatherer.append(Buffer.from('a'));
  gatherer.flush();
  gatherer.append(Buffer.from('b'));
  gatherer.end();
  gatherer.append(Buffer.from('c'));
  expect(gatherer.addText('d')).toBe(-1);
  gatherer.flush();
  expect(writes.map(String)).toEqual(['a', 'b', '']);
  expect(gatherer.closed).toBe(true);
});
