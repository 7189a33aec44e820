import { CloseCode } from './close-codes';

/** A rule that a peer broke, and the close code for it (RFC 6455 7.1.7). */
export interface Violation {
  readonly name: string;
  readonly closeCode: number;
  /** The reason in our Close frame: at most 123 bytes. */
  readonly message: string;
  /** The limit that the peer exceeds, where the rule is ours. */
  readonly limit?: string;
}

const violation = (name: string, closeCode: number, message: string, limit?: string): Violation => ({
  name,
  closeCode,
  message,
  ...(limit !== undefined && { limit }),
});

const { ProtocolError, InvalidPayload, PolicyViolation, MessageTooBig } = CloseCode;

/** All violations that the protocol room finds. */
export const Violations = {
  ReservedBits: violation('ReservedBits', ProtocolError, 'reserved bit set'),
  ReservedOpcode: violation('ReservedOpcode', ProtocolError, 'reserved opcode'),
  NotMasked: violation('NotMasked', ProtocolError, 'frame is not masked'),
  FragmentedControl: violation('FragmentedControl', ProtocolError, 'fragmented control frame'),
  ControlTooLong: violation('ControlTooLong', ProtocolError, 'control frame longer than 125 bytes'),
  UnexpectedContinuation: violation('UnexpectedContinuation', ProtocolError, 'continuation without a message'),
  ExpectedContinuation: violation('ExpectedContinuation', ProtocolError, 'new message inside a fragmented one'),
  LengthNotMinimal: violation('LengthNotMinimal', ProtocolError, 'length not encoded minimally'),
  LengthTopBit: violation('LengthTopBit', ProtocolError, 'most significant bit of the length is set'),
  InvalidCloseLength: violation('InvalidCloseLength', ProtocolError, 'close frame of one byte'),
  InvalidCloseCode: violation('InvalidCloseCode', ProtocolError, 'invalid close code'),
  InvalidUtf8: violation('InvalidUtf8', InvalidPayload, 'invalid UTF-8'),
  MessageTooBig: violation('MessageTooBig', MessageTooBig, 'message too big', 'maxMessageBytes'),
  InvalidDeflate: violation('InvalidDeflate', InvalidPayload, 'invalid compressed data'),
  EmptyFragments: violation('EmptyFragments', PolicyViolation, 'too many empty fragments', 'maxEmptyFragments'),
} as const;

/** For messages that are handed over while they arrive, which have a limit of their own. */
export const STREAM_TOO_BIG: Violation = { ...Violations.MessageTooBig, limit: 'maxStreamBytes' };
