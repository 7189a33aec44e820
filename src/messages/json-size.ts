import { hashOfText, MessageWeight } from './message-weight';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Looks through a text before it is parsed as JSON, in one pass that allocates nothing.
 * @throws RangeError for a text that would take the parser too long
 */
export function refuseHeavyJson(text: string): void {
  const weight = MessageWeight.of(text.length);
  if (weight === undefined) return;
  let start = 0;
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        start = at + 1;
        end = endOfString(text, start);
        at = end;
        break;
      case 0x5b: // [
      case 0x7b: // {
        weight.enter();
        break;
      case 0x5d: // ]
      case 0x7d: // }
        if (!weight.leave()) return;
        break;
      case 0x3a: // :
        weight.addName(hashOfText(text, start, end));
    }
  }
}

/** The index of the quote that ends a string, or an index beyond the end of the text. */
function endOfString(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) break;
    if (unit === BACKSLASH) at++;
  }
  return at;
}
