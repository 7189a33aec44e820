import { IsNumber, IsString, Length } from 'class-validator';
import { Connection, JsonCodec, MessagePackCodec, OnClose, OnMessage, WebSocketPath } from 'portal-ws';
import { LineCodec } from './line-codec';
import { Readings, type Reading } from './readings';

class Meter {
  @IsString()
  @Length(1, 40)
  meter!: string;
}

class AddReading extends Meter {
  @IsNumber()
  value!: number;
}

/** One controller for three subprotocols; clients without one use JSON. */
@WebSocketPath('/readings', {
  codec: {
    'lines.v1': new LineCodec(),
    'json.v1': new JsonCodec(),
    'msgpack.v1': new MessagePackCodec(),
    '': new JsonCodec(),
  },
  limits: { maxMessageBytes: 4 * 1024 },
})
export class ReadingsController {
  constructor(private readonly readings: Readings) {}

  @OnMessage('readings.add')
  add(reading: AddReading): Reading {
    return this.readings.add(reading);
  }

  @OnMessage('readings.last')
  last({ meter }: Meter): Reading {
    return this.readings.of(meter).at(-1)!;
  }

  /** One answer for each reading. */
  @OnMessage('readings.history')
  async *history({ meter }: Meter): AsyncGenerator<Reading, void, void> {
    yield* [...this.readings.of(meter)];
  }

  /** Emits `readings.added` from now on, in the client's own codec. */
  @OnMessage('readings.watch')
  watch(connection: Connection): void {
    this.readings.watch(connection);
  }

  @OnClose()
  forget(connection: Connection): void {
    this.readings.forget(connection);
  }
}
