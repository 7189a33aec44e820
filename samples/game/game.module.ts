import { Module } from 'portal-ws';
import { PlayerController } from './player.controller';
import { Chance, Metronome } from './surroundings';
import { World } from './world';

@Module({ controllers: [PlayerController], providers: [Chance, Metronome, World] })
export class GameModule {}
