import { isUtf8 } from 'node:buffer';
import { CloseCode, isCloseCodeOnWire } from './close-codes';
import { MAX_CONTROL_PAYLOAD } from './opcodes';
import { Violations, type Violation } from './violations';

/**
 * Reads the payload of a Close frame: two bytes of code, then a reason in UTF-8, or nothing at all (RFC 6455 5.5.1).
 */
export function parseClosePayload(payload: Buffer): { code: number; reason: string } | Violation {
  if (payload.length === 0) return { code: CloseCode.NoStatusReceived, reason: '' };
  if (payload.length === 1) return Violations.InvalidCloseLength;
  const code = payload.readUInt16BE(0);
  if (!isCloseCodeOnWire(code)) return Violations.InvalidCloseCode;
  const reason = payload.subarray(2);
  if (!isUtf8(reason)) return Violations.InvalidUtf8;
  return { code, reason: reason.toString('utf8') };
}

/**
 * The payload of our Close frame; empty when no code is given.
 * @throws RangeError when the code may not travel
 * @throws RangeError when the reason is longer than 123 bytes of UTF-8
 * @throws TypeError when either is of another type, or there is a reason without a code
 */
export function closePayload(code?: number, reason = ''): Buffer {
  if (typeof reason !== 'string') throw new TypeError('the reason of a close must be a string');
  if (code === undefined) {
    if (reason !== '') throw new TypeError('a close reason needs a close code');
    return Buffer.alloc(0);
  }
  if (typeof code !== 'number') throw new TypeError('a close code must be a number');
  if (!Number.isInteger(code) || !isCloseCodeOnWire(code)) {
    throw new RangeError(`${code} is no close code that may be sent: use 1000–1003, 1007–1014 or 3000–4999`);
  }
  const length = Buffer.byteLength(reason);
  if (length > MAX_CONTROL_PAYLOAD - 2) {
    throw new RangeError(
      `a close reason may have at most ${MAX_CONTROL_PAYLOAD - 2} bytes of UTF-8, this has ${length}`,
    );
  }
  const payload = Buffer.allocUnsafe(2 + length);
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2);
  return payload;
}
