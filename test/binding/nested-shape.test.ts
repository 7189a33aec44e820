import { Type } from 'class-transformer';
import { IsArray, IsOptional, IsString, ValidateNested } from 'class-validator';
import { Module, OnMessage, WebSocketPath } from '../../src';
import { createTestApp } from '../../src/testing';

class Line {
  @IsString()
  article!: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => Line)
  instead?: Line;
}

class Order {
  @ValidateNested()
  @Type(() => Line)
  first!: Line;

  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Line)
  lines!: Line[];
}

@WebSocketPath('/')
class Orders {
  @OnMessage('place')
  place(order: Order): number {
    return order.lines.length;
  }
}

@Module({ controllers: [Orders] })
class AppModule {}

const line = { article: 'a' };

test.each([
  ['an array where one object is declared', { first: [line, line], lines: [] }, ['first', 'first must be an object']],
  [
    'an array inside an array',
    { first: line, lines: [line, [line]] },
    ['lines.1', 'each value in lines must be an object'],
  ],
  [
    'an array deeper down',
    { first: { ...line, instead: [line] }, lines: [] },
    ['first.instead', 'instead must be an object'],
  ],
])('%s is refused, where class-validator lets it pass', async (_what, order, [path, message]) => {
  const app = await createTestApp(AppModule);
  const client = await app.connect('/');
  await expect(client.request('place', order)).rejects.toMatchObject({
    code: 'validation_failed',
    details: [{ path, constraints: { nestedValidation: message } }],
  });
  expect(await client.request('place', { first: { ...line, instead: line }, lines: [line, line] })).toBe(2);
  await app.close();
});
