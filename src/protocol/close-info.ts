/** The end of a connection (RFC 6455 sections 7.1.4 to 7.1.6). */
export class CloseInfo {
  constructor(
    /** The code of the peer's Close frame; 1005 when the frame had none, 1006 when no Close frame came. */
    readonly code: number,
    /** The reason of the peer's Close frame, at most 123 bytes of UTF-8; often empty. */
    readonly reason: string,
    /** True when both Close frames passed. */
    readonly clean: boolean,
  ) {}
}
