import { SharedMessage } from '../connection';

/** The way that the offset gets into a message: not at all, as its only property, or after others. */
export type Stamp = 'none' | 'only' | 'last';

/** An offset can be added to text that is a JSON object. */
export function stampFor({ isText, payload }: SharedMessage): Stamp {
  if (!isText || payload[0] !== 0x7b || payload[payload.length - 1] !== 0x7d) return 'none';
  try {
    const object = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString()) as object;
    return Object.keys(object).length === 0 ? 'only' : 'last';
  } catch {
    return 'none';
  }
}

/** Returns the message with its offset as the last property. */
export function stamped(message: SharedMessage, stamp: Stamp, offset: string): SharedMessage {
  if (stamp === 'none') return message;
  const property = `${stamp === 'only' ? '' : ','}"offset":${JSON.stringify(offset)}}`;
  const { payload } = message;
  return new SharedMessage(Buffer.concat([payload.subarray(0, payload.length - 1), Buffer.from(property)]), true);
}
