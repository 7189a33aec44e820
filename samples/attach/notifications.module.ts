import { Module } from 'portal-ws';
import { Expiry } from '../guards/expiry';
import { Time } from '../guards/time';
import { Tokens } from '../guards/tokens';
import { Notifications } from './notifications';
import { NotificationsController } from './notifications.controller';
import { Sessions } from './sessions';

/** Needs `Accounts` and a `TokenSecret` among the providers of the application. */
@Module({ controllers: [NotificationsController], providers: [Expiry, Notifications, Sessions, Time, Tokens] })
export class NotificationsModule {}
