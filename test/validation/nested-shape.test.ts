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

class Catalogue {
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Line)
  set?: Set<Line>;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Line)
  map?: Map<string, Line>;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Line)
  list?: Line[];

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Line)
  either?: Line | Line[];
}

@WebSocketPath('/')
class Orders {
  @OnMessage('place')
  place(order: Order): number {
    return order.lines.length;
  }

  @OnMessage('print')
  print({ set, map, list }: Catalogue): unknown {
    const lines = [...(set ?? []), ...(map?.values() ?? []), ...(list ?? [])];
    return lines.every((each) => each instanceof Line) && lines.length;
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

test.each<[string, object, [string, string]]>([
  ['an object for an array', { list: line }, ['list', 'list must be an array']],
  ['an object for a Set', { set: line }, ['set', 'set must be an array']],
  ['an array for a Map', { map: [line] }, ['map', 'map must be an object']],
  ['an empty array for a Map', { map: [] }, ['map', 'map must be an object']],
  ['an array in a Set', { set: [line, [line]] }, ['set.1', 'each value in set must be an object']],
  ['an array in a Map', { map: { a: line, b: [] } }, ['map.b', 'each value in map must be an object']],
  ['an array deeper down', { set: [{ ...line, instead: [] }] }, ['set.0.instead', 'instead must be an object']],
  ['an array in one of either', { either: [[line]] }, ['either.0', 'each value in either must be an object']],
])('%s is refused', async (_what, catalogue, [path, message]) => {
  const app = await createTestApp(AppModule);
  const client = await app.connect('/');
  await expect(client.request('print', catalogue)).rejects.toMatchObject({
    code: 'validation_failed',
    details: [{ path, constraints: { nestedValidation: message } }],
  });
  await app.close();
});

test.each<[object, number]>([
  [{ set: [line, { ...line, instead: line }] }, 2],
  [{ map: { a: line } }, 1],
  [{ list: [line, line, line] }, 3],
  [{ set: [], map: {}, list: [] }, 0],
  [{ either: line }, 0],
  [{ either: [line] }, 0],
  [{ list: null }, 0],
])('%j is what is declared', async (catalogue, count) => {
  const app = await createTestApp(AppModule);
  const client = await app.connect('/');
  expect(await client.request('print', catalogue)).toBe(count);
  await app.close();
});
