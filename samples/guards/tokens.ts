import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { injectable, UnauthorizedError } from 'portal-ws';
import { Time } from './time';

export const ROLES = ['reader', 'editor'] as const;
export type Role = (typeof ROLES)[number];

/** The user that a token names, which becomes `connection.user`. */
export interface User {
  readonly id: string;
  readonly role: Role;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

const MIN_SECRET_BYTES = 32;

/** The key that tokens are signed with. */
export class TokenSecret {
  readonly key: Buffer;

  /** @throws RangeError for a key that is too short */
  constructor(secret: string | Uint8Array) {
    this.key = Buffer.from(secret);
    if (this.key.length < MIN_SECRET_BYTES) {
      throw new RangeError(`the secret of tokens must have at least ${MIN_SECRET_BYTES} bytes, not ${this.key.length}`);
    }
  }

  /** A random key: tokens last as long as the process. */
  static random(): TokenSecret {
    return new TokenSecret(randomBytes(MIN_SECRET_BYTES));
  }
}

const USER_ID = /^[A-Za-z0-9_-]{1,32}$/;

/** Tokens such as `ann.editor.1764000000.<signature>`: letters that a header and a subprotocol may have. */
@injectable()
export class Tokens {
  constructor(
    private readonly secret: TokenSecret,
    private readonly time: Time,
  ) {}

  /** @throws RangeError for a user that no token can name */
  issue(id: string, role: Role, lifetimeMs: number): string {
    if (!USER_ID.test(id)) throw new RangeError(`${JSON.stringify(id)} is no id of a user`);
    const expires = Math.floor((this.time.now() + lifetimeMs) / 1000);
    const claims = `${id}.${role}.${expires}`;
    return `${claims}.${this.sign(claims)}`;
  }

  /** @throws UnauthorizedError for a forged or expired token */
  verify(token: string): User {
    const end = token.lastIndexOf('.');
    const claims = token.slice(0, Math.max(end, 0));
    if (!isSame(token.slice(end + 1), this.sign(claims))) throw new UnauthorizedError('The token is not valid.');
    // the signature proves the claims
    const [id, role, seconds] = claims.split('.') as [string, Role, string];
    const expires = Number(seconds) * 1000;
    if (expires <= this.time.now()) throw new UnauthorizedError('The token has expired.');
    return { id, role, expires };
  }

  private sign(claims: string): string {
    return createHmac('sha256', this.secret.key).update(claims).digest('base64url');
  }
}

/** Compares in constant time. */
function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
