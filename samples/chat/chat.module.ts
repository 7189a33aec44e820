import { Module } from 'portal-ws';
import { ChatController } from './chat.controller';
import { Rooms } from './rooms';

@Module({ controllers: [ChatController], providers: [Rooms] })
export class ChatModule {}
