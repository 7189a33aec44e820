import { Module } from 'portal-ws';
import { Readings } from './readings';
import { ReadingsController } from './readings.controller';

@Module({ controllers: [ReadingsController], providers: [Readings] })
export class ReadingsModule {}
