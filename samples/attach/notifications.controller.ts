import { IsInt, Min } from 'class-validator';
import { Connection, CurrentUser, OnClose, OnMessage, OnOpen, UseGuards, WebSocketPath } from 'portal-ws';
import { Expiry } from '../guards/expiry';
import type { User } from '../guards/tokens';
import { Notifications, type Notification } from './notifications';
import { SessionGuard } from './sessions';

class ReadNotification {
  @IsInt()
  @Min(1)
  id!: number;
}

/** The path is that of the routes: a WebSocket comes here, any other request goes to the framework. */
@WebSocketPath('/notifications', { limits: { maxMessageBytes: 1024 } })
@UseGuards(SessionGuard)
export class NotificationsController {
  constructor(
    private readonly notifications: Notifications,
    private readonly expiry: Expiry,
  ) {}

  @OnOpen()
  enter(connection: Connection, @CurrentUser() user: User): void {
    this.expiry.watch(connection, user);
    connection.emit('notifications.unread', this.notifications.of(user.id));
  }

  @OnMessage('notifications.list')
  list(@CurrentUser() user: User): readonly Notification[] {
    return this.notifications.of(user.id);
  }

  @OnMessage('notifications.read')
  read({ id }: ReadNotification, @CurrentUser() user: User): void {
    this.notifications.read(user.id, id);
  }

  @OnClose()
  leave(connection: Connection): void {
    this.expiry.forget(connection);
  }
}
