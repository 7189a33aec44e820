import { Channels, CloseCode, ForbiddenError, injectable, PortalError } from 'portal-ws';
import { Time } from '../guards/time';
import type { User } from '../guards/tokens';
import { Accounts } from './accounts';

export interface Notification {
  readonly id: number;
  readonly from: string;
  readonly text: string;
  /** ISO 8601. */
  readonly time: string;
}

/** What its sender gets to know. */
export interface Receipt {
  readonly id: number;
  /** How many connections it went to at once. */
  readonly delivered: number;
}

/** Of one user; the oldest makes room. */
export const MAX_KEPT = 100;

/** What nobody has read yet, by user. Routes and controllers share it. */
@injectable()
export class Notifications {
  private readonly unread = new Map<string, Notification[]>();
  private count = 0;

  constructor(
    private readonly accounts: Accounts,
    private readonly time: Time,
    private readonly channels: Channels,
  ) {}

  /** @throws ForbiddenError for who is no editor, PortalError `no_such_user` */
  send(from: User, to: string, text: string): Receipt {
    if (from.role !== 'editor') throw new ForbiddenError('Editors may notify others.');
    if (!this.accounts.has(to)) throw new PortalError('no_such_user', `There is no user ${to}.`, { status: 404 });
    const time = new Date(this.time.now()).toISOString();
    const notification: Notification = { id: ++this.count, from: from.id, text, time };
    this.unread.set(to, [...this.of(to), notification].slice(-MAX_KEPT));
    const event = { event: 'notifications.new', data: notification };
    const { local } = this.channels.toUser(to).publish(JSON.stringify(event));
    return { id: notification.id, delivered: local };
  }

  of(user: string): readonly Notification[] {
    return this.unread.get(user) ?? [];
  }

  /** @throws PortalError `no_such_notification` */
  read(user: string, id: number): void {
    const left = this.of(user).filter((notification) => notification.id !== id);
    if (left.length === this.of(user).length) {
      throw new PortalError('no_such_notification', `There is no notification ${id}.`, { status: 404 });
    }
    this.unread.set(user, left);
  }

  /** Whoever logs out hears no more, wherever it is that they listen. */
  logOut(user: string): void {
    this.channels.toUser(user).disconnect(CloseCode.PolicyViolation, 'logged out');
  }
}
