import fc from 'fast-check';
import { clientFrame, ServerFrames } from '../../src/testing/client-frames';
import { BINARY, CLOSE, clientFrame as referenceFrame, PING, TEXT, type FrameParts } from '../support/frames';

const KEY = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

test('the example of RFC 6455 5.7: a masked "Hello"', () => {
  expect(clientFrame(TEXT, Buffer.from('Hello'), KEY).toString('hex')).toBe('818537fa213d7f9f4d5158');
});

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 100_000])('a payload of %i bytes has the shortest header', (length) => {
  const payload = Buffer.from(Array.from({ length }, (_, i) => i));
  const frame = clientFrame(BINARY, payload, KEY);
  expect(frame.equals(referenceFrame({ opcode: BINARY, payload, mask: KEY }))).toBe(true);
});

const serverFrame = (parts: Omit<FrameParts, 'mask'>): Buffer => referenceFrame({ ...parts, mask: null });

type Report = [number, string];

function readAll(chunks: Iterable<Buffer>): Report[] {
  const reports: Report[] = [];
  const frames = new ServerFrames((opcode, payload) => void reports.push([opcode, payload.toString('hex')]));
  for (const chunk of chunks) frames.push(chunk);
  return reports;
}

test('fragments are one message, and control frames between them come at their time', () => {
  const bytes = Buffer.concat([
    serverFrame({ opcode: TEXT, payload: 'a', fin: false }),
    serverFrame({ opcode: PING, payload: 'p' }),
    serverFrame({ opcode: 0, payload: '', fin: false }),
    serverFrame({ opcode: 0, payload: 'b' }),
    serverFrame({ opcode: BINARY, payload: 'c' }),
    serverFrame({ opcode: CLOSE, payload: '' }),
  ]);
  const expected: Report[] = [
    [PING, '70'],
    [TEXT, '6162'],
    [BINARY, '63'],
    [CLOSE, ''],
  ];
  expect(readAll([bytes])).toEqual(expected);
  expect(readAll([...bytes].map((octet) => Buffer.from([octet])))).toEqual(expected);
});

test('wherever the bytes are cut, the same is read', () => {
  const size = fc.oneof(fc.nat(200), fc.constantFrom(125, 126, 65_535, 65_536));
  const message = fc.tuple(fc.constantFrom(TEXT, BINARY, PING, CLOSE), size);
  fc.assert(
    fc.property(fc.array(message, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 8 }), (messages, cuts) => {
      const sent = messages.map(([opcode, length], i) => {
        return { opcode, payload: Buffer.alloc(opcode >= CLOSE ? length % 126 : length, i + 1) };
      });
      const bytes = Buffer.concat(sent.map((parts) => serverFrame(parts)));
      const places = [0, ...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
      expect(readAll(chunks)).toEqual(sent.map(({ opcode, payload }) => [opcode, payload.toString('hex')]));
    }),
    { numRuns: 200 },
  );
});

test('a payload is not changed when the chunk that brought it is used again', () => {
  const chunk = serverFrame({ opcode: TEXT, payload: 'kept' });
  const payloads: Buffer[] = [];
  new ServerFrames((_opcode, payload) => void payloads.push(payload)).push(chunk);
  chunk.fill(0);
  expect(payloads.map(String)).toEqual(['kept']);
});
