import { injectable, UnauthorizedError, type Context, type Guard } from 'portal-ws';
import { Tokens, type User } from '../guards/tokens';
import { Accounts } from './accounts';

export const LIFETIME_MS = 8 * 3_600_000;

const COOKIE = 'session';
/** No script reads it, no other site's page sends it, and it leaves this machine by TLS only. */
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Strict';

/** A signed cookie says who it is, to routes and to WebSockets alike. */
@injectable()
export class Sessions {
  constructor(
    private readonly accounts: Accounts,
    private readonly tokens: Tokens,
  ) {}

  /** Resolves with a `Set-Cookie`. @throws UnauthorizedError */
  async begin(id: string, password: string): Promise<string> {
    const { role } = await this.accounts.check(id, password);
    return `${COOKIE}=${this.tokens.issue(id, role, LIFETIME_MS)}; Max-Age=${LIFETIME_MS / 1000}; ${ATTRIBUTES}`;
  }

  /** A `Set-Cookie` that makes the browser forget. */
  get end(): string {
    return `${COOKIE}=; Max-Age=0; ${ATTRIBUTES}`;
  }

  /** `cookies`: a request's `Cookie`. @throws UnauthorizedError */
  userOf(cookies: string | undefined): User {
    const pairs = (cookies ?? '').split(';').map((pair) => pair.trim());
    const cookie = pairs.find((pair) => pair.startsWith(`${COOKIE}=`));
    if (cookie === undefined) throw new UnauthorizedError('Log in first.');
    return this.tokens.verify(cookie.slice(COOKIE.length + 1));
  }
}

/** Asks at the upgrade for the cookie of a login. */
@injectable()
export class SessionGuard implements Guard {
  constructor(private readonly sessions: Sessions) {}

  canActivate({ connection }: Context): boolean {
    connection.user = this.sessions.userOf(connection.handshake.headers.cookie);
    return true;
  }
}
