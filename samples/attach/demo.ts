import { randomBytes } from 'node:crypto';
import type { Role } from '../guards/tokens';
import { Accounts } from './accounts';

const DEMO: Record<string, Role> = { ann: 'editor', bob: 'reader' };

/** Two accounts with random passwords. */
export async function demoAccounts(): Promise<{ accounts: Accounts; passwords: Map<string, string> }> {
  const accounts = new Accounts();
  const passwords = new Map<string, string>();
  for (const [id, role] of Object.entries(DEMO)) {
    const password = randomBytes(9).toString('base64url');
    await accounts.add(id, role, password);
    passwords.set(id, password);
  }
  return { accounts, passwords };
}
