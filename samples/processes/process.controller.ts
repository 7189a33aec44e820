import { IsInt, Max, Min } from 'class-validator';
import { OnMessage, WebSocketPath } from 'portal-ws';
import { Counter, type Count } from './counter';

class Add {
  @IsInt()
  @Min(1)
  @Max(1000)
  by!: number;
}

/** Tells a client its process. The number stays after a restart, the pid does not. */
export class Self {
  constructor(
    readonly pid: number,
    readonly worker: number,
  ) {}
}

@WebSocketPath('/process', { limits: { maxMessageBytes: 1024 } })
export class ProcessController {
  constructor(
    private readonly self: Self,
    private readonly counter: Counter,
  ) {}

  @OnMessage('process.who')
  who(): Self {
    return this.self;
  }

  @OnMessage('counter.add')
  add({ by }: Add): Promise<Count> {
    return this.counter.add(by);
  }

  @OnMessage('counter.read')
  read(): Promise<Count> {
    return this.counter.add(0);
  }
}
