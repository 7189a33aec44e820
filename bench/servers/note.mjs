import { IsBoolean, IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { decorateProperties } from './decorate.mjs';

/** The body of validated events: the same class for Nest and for Portal. */
export class Note {}

decorateProperties(Note, {
  room: [String, IsString(), MaxLength(64)],
  text: [String, IsString(), MaxLength(1000)],
  priority: [Number, IsInt(), Min(0), Max(9)],
  urgent: [Boolean, IsBoolean()],
});
