export { CloseCode, isCloseCodeOnWire } from './close-codes';
export { CloseInfo } from './close-info';
export { closePayload } from './close-payload';
export { answerCode, ClosingHandshake } from './closing';
export { FrameParser, type FrameRules, type FrameSink } from './frame-parser';
export { frame, serverHeaderSize, textFrameRoom, writeFrame, writeHeader, writeTextFrame } from './frame-writer';
export { MessageAssembler, type MessageReceiver } from './message-assembler';
export { FIN, MAX_CONTROL_PAYLOAD, Opcode } from './opcodes';
export { Violations, type Violation } from './violations';
