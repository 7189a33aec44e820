/** Close codes by name (RFC 6455 section 7.4.1, IANA "WebSocket Close Code Number Registry"). */
export const CloseCode = {
  Normal: 1000,
  GoingAway: 1001,
  ProtocolError: 1002,
  UnsupportedData: 1003,
  /** Never sent. `CloseInfo.code` when the peer's Close frame had no code. */
  NoStatusReceived: 1005,
  /** Never sent. `CloseInfo.code` when the connection ended without a Close frame from the peer. */
  AbnormalClosure: 1006,
  InvalidPayload: 1007,
  PolicyViolation: 1008,
  MessageTooBig: 1009,
  MandatoryExtension: 1010,
  InternalError: 1011,
  ServiceRestart: 1012,
  TryAgainLater: 1013,
} as const;

/**
 * True for codes that a Close frame may carry, in either direction: 1000–1003, 1007–1014, 3000–4999. 1004, 1005, 1006
 * and 1015 never travel (RFC 6455 7.4.1); 0–999, 1016–2999 and 5000 up are undefined (7.4.2).
 */
export function isCloseCodeOnWire(code: number): boolean {
  if (code < 3000) return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
  return code <= 4999;
}
