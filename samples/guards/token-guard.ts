import { injectable, UnauthorizedError, type Context, type Guard, type Handshake } from 'portal-ws';
import { Tokens } from './tokens';

/** The subprotocol that the server chooses; the token beside it must not be chosen. */
export const PROTOCOL = 'notices.v1';
const TOKEN_PREFIX = 'bearer.';

/**
 * Identifies the user at the upgrade: by `Authorization: Bearer <token>`, or, since pages can set no header, by
 * `new WebSocket(url, ['notices.v1', 'bearer.<token>'])`.
 */
@injectable()
export class TokenGuard implements Guard {
  constructor(private readonly tokens: Tokens) {}

  canActivate({ connection }: Context): boolean {
    const token = tokenOf(connection.handshake);
    if (token === undefined) throw new UnauthorizedError('A token is needed.');
    connection.user = this.tokens.verify(token);
    return true;
  }
}

function tokenOf({ headers }: Handshake): string | undefined {
  const { authorization, 'sec-websocket-protocol': protocols = '' } = headers;
  if (authorization !== undefined) return /^Bearer +([^\s]+) *$/i.exec(authorization)?.[1];
  const offered = protocols.split(',').map((protocol) => protocol.trim());
  return offered.find((protocol) => protocol.startsWith(TOKEN_PREFIX))?.slice(TOKEN_PREFIX.length);
}
