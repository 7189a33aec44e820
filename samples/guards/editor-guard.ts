import type { Context, Guard } from 'portal-ws';
import type { User } from './tokens';

/** Lets editors pass. */
export class EditorGuard implements Guard {
  canActivate({ connection }: Context): boolean {
    return (connection.user as User).role === 'editor';
  }
}
