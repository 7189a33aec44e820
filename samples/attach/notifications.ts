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

/** The answer to the sender. */
export interface Receipt {
  readonly id: number;
  /** The number of connections that got the notification at once. */
  readonly delivered: number;
}

/** Limit for one user; the oldest is dropped. */
export const MAX_KEPT = 100;

/** Unread notifications, by user. Routes and controllers share them. */
@injectable()
export class Notifications {
  private readonly unread = new Map<string, Notification[]>();
  private count = 0;

  constructor(
    private readonly accounts: Accounts,
    private readonly time: Time,
    private readonly channels: Channels,
  ) {}

  /** @throws ForbiddenError for a sender who is no editor; PortalError `no_such_user` */
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

  /** Closes all connections of a user who logs out. */
  logOut(user: string): void {
    this.channels.toUser(user).disconnect(CloseCode.PolicyViolation, 'logged out');
  }
}
