/** Frame opcodes of RFC 6455 section 5.2 (IANA "WebSocket Opcode Registry"). 3–7 and 11–15 are reserved. */
export const Opcode = {
  Continuation: 0x0,
  Text: 0x1,
  Binary: 0x2,
  Close: 0x8,
  Ping: 0x9,
  Pong: 0xa,
} as const;

export const FIN = 0x80;
export const RSV1 = 0x40;
export const RSV2_RSV3 = 0x30;
export const MASKED = 0x80;

/** RFC 6455 5.5: a control frame carries at most 125 bytes. */
export const MAX_CONTROL_PAYLOAD = 125;
