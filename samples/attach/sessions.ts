import { injectable, UnauthorizedError, type Context, type Guard } from 'portal-ws';
import { Tokens, type User } from '../guards/tokens';
import { Accounts } from './accounts';

export const LIFETIME_MS = 8 * 3_600_000;

const COOKIE = 'session';
/** Scripts cannot read the cookie, pages of other sites do not send it, and beyond this machine it needs TLS. */
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Strict';

/** A signed cookie names the user, for routes and WebSockets alike. */
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

  /** A `Set-Cookie` that deletes the cookie. */
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

/** Requires the cookie of a login at the upgrade. */
@injectable()
export class SessionGuard implements Guard {
  constructor(private readonly sessions: Sessions) {}

  canActivate({ connection }: Context): boolean {
    connection.user = this.sessions.userOf(connection.handshake.headers.cookie);
    return true;
  }
}
