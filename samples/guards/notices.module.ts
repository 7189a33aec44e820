import { Module } from 'portal-ws';
import { AuditLog } from './audit';
import { Board } from './board';
import { Expiry } from './expiry';
import { NoticesController } from './notices.controller';
import { Time } from './time';
import { Tokens } from './tokens';

/** Needs a `TokenSecret` among the providers of the application. */
@Module({ controllers: [NoticesController], providers: [AuditLog, Board, Expiry, Time, Tokens] })
export class NoticesModule {}
