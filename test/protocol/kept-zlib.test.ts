import { constants } from 'node:zlib';
import { KeptHandle, keptHandlesWork } from '../../src/protocol/kept-zlib';
import { deflateMessage, inflateMessage } from '../support/deflate';

const { Z_SYNC_FLUSH } = constants;

test('this Node has what it leans on', () => {
  expect(keptHandlesWork()).toBe(true);
});

test('a handle that is reset knows nothing of what was before', () => {
  const handle = KeptHandle.deflate(15);
  const output = Buffer.alloc(1000);
  const deflate = (text: string): Buffer => {
    handle.reset();
    expect(handle.run(Z_SYNC_FLUSH, Buffer.from(text), 0, text.length, output, 0)).toBe(true);
    return Buffer.from(output.subarray(0, output.length - handle.outputLeft - 4));
  };
  const first = deflate('portal portal portal');
  expect(deflate('portal portal portal')).toEqual(first);
  expect(inflateMessage(first).toString()).toBe('portal portal portal');
});

test('it goes as far as input and output allow, and tells how far', () => {
  const handle = KeptHandle.inflate();
  const input = deflateMessage('a'.repeat(1000));
  const output = Buffer.alloc(600);
  handle.reset();
  handle.run(Z_SYNC_FLUSH, input, 0, input.length, output, 0);
  expect(handle.outputLeft).toBe(0);
  handle.run(Z_SYNC_FLUSH, input, input.length - handle.inputLeft, input.length, output, 0);
  expect(600 - handle.outputLeft).toBe(400);
});

test('corrupt input fails, and a reset makes it good again', () => {
  const handle = KeptHandle.inflate();
  const output = Buffer.alloc(10);
  handle.reset();
  expect(handle.run(Z_SYNC_FLUSH, Buffer.from([0xff]), 0, 1, output, 0)).toBe(false);
  handle.reset();
  const input = deflateMessage('good');
  expect(handle.run(Z_SYNC_FLUSH, input, 0, input.length, output, 0)).toBe(true);
  expect(output.subarray(0, 4).toString()).toBe('good');
});
