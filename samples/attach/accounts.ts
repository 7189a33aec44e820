import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { UnauthorizedError } from 'portal-ws';
import type { Role } from '../guards/tokens';

const hash: (password: string, salt: Buffer, bytes: number) => Promise<Buffer> = promisify(scrypt);
const HASH_BYTES = 32;

export interface Account {
  readonly id: string;
  readonly role: Role;
}

interface Secret {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** The accounts, in memory; a real application has a database. */
export class Accounts {
  private readonly byId = new Map<string, Account & Secret>();
  /** A password hash of no account, as slow to check as any other. */
  private readonly nobody: Secret = { salt: randomBytes(16), hash: randomBytes(HASH_BYTES) };

  async add(id: string, role: Role, password: string): Promise<void> {
    const salt = randomBytes(16);
    this.byId.set(id, { id, role, salt, hash: await hash(password, salt, HASH_BYTES) });
  }

  has(id: string): boolean {
    return this.byId.has(id);
  }

  /** @throws UnauthorizedError after the same time, whether the name or the password is wrong */
  async check(id: string, password: string): Promise<Account> {
    const account = this.byId.get(id);
    const secret = account ?? this.nobody;
    const isRight = timingSafeEqual(await hash(password, secret.salt, HASH_BYTES), secret.hash);
    if (account === undefined || !isRight) throw new UnauthorizedError('The name or the password is wrong.');
    return { id: account.id, role: account.role };
  }
}
